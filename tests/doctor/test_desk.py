"""The doctor looks at a desk: token, certificate, and whether it answers."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import desks
from likeness import config
from likeness.doctor.desk import desk
from likeness.doctor.finding import State


def test_a_desk_that_answers_is_well(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        given = config.Desk(
            listen="127.0.0.1", port=shop.port, token_file=str(shop.token_file)
        )
        async with desks.running(shop):
            found = await asyncio.to_thread(desk, given, in_use=True)
            assert found.state is State.OK and "answers" in found.said
        found = desk(given, in_use=True)
        assert found.state is State.FAIL and found.todo
        assert desk(given, in_use=False).state is State.OK
        shop.token_file.chmod(0o644)
        assert desk(given, in_use=False).todo == "chmod 600 it"
        shop.token_file.unlink()
        found = desk(given, in_use=False)
        assert found.state is State.FAIL and "desk token --out" in found.todo

    asyncio.run(run())


def test_a_certificate_that_ends_is_told_in_time(tmp_path: Path) -> None:
    async def run() -> None:
        tls, cert_file = desks.certificate(tmp_path)
        shop = desks.shop(tmp_path, tls=tls)
        given = config.Desk(
            listen="127.0.0.1",
            port=shop.port,
            token_file=str(shop.token_file),
            cert_file=cert_file,
            key_file=str(tmp_path / "desk.key"),
        )
        async with desks.running(shop):
            found = await asyncio.to_thread(desk, given, in_use=True)
            assert found.state is State.OK
        now = datetime.now(UTC)
        for days, state in ((50, State.OK), (70, State.WARN), (91, State.FAIL)):
            later = now + timedelta(days=days)
            assert desk(given, in_use=False, now=later).state is state
        (tmp_path / "desk.key").chmod(0o644)
        assert desk(given, in_use=False).state is State.FAIL

    asyncio.run(run())


def test_two_persons_with_one_token_are_a_warning(tmp_path: Path) -> None:
    token_file = tmp_path / "token"
    token_file.write_text("t" * 40)
    token_file.chmod(0o600)
    given = config.Desk(
        listen="127.0.0.1", token_file=str(token_file), two_persons=True
    )
    found = desk(given, in_use=False)
    assert found.state is State.WARN and "--attendant" in found.todo
    token_file.write_text(f"a-1 {'t' * 40}\na-2 {'u' * 40}\n")
    assert desk(given, in_use=False).state is State.OK
