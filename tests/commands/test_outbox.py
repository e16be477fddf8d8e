import contextlib
import sqlite3
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.core.statement_queue import Signed
from likeness.edges.store_statements import SqliteStatements
from results import ACCEPTED, NAME, NUMBER, bench
from stories import story


@story
async def test_what_waits_is_listed_without_anybodys_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    for _ in range(3):
        await near.record(ACCEPTED)
    await near.store.mark_receipted(near.store.epoch, 0)
    folder = str(tmp_path / "state")
    assert main(["outbox", "--state-dir", folder]) == 0  # beside the running daemon
    said = capsys.readouterr().out
    assert "waiting: 3\n" in said
    assert "set aside: 0\n" in said
    await near.store.set_aside(near.store.epoch, 2, "wrong_environment")
    assert main(["outbox", "--state-dir", folder]) == 1
    said += capsys.readouterr().out
    assert f"  seq 2 of epoch {near.store.epoch}: wrong_environment\n" in said
    assert NAME not in said
    assert NUMBER not in said
    await near.store.close()


@story
async def test_what_attendants_decided_waits_as_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    statements = SqliteStatements(near.store)
    for name in ("first", "second", "third"):
        await statements.keep_statement(Signed(name, "hash", "token"))
    await statements.set_statement_aside("second", "not_referred")
    folder = str(tmp_path / "state")
    for left in (2, 1):
        assert main(["outbox", "--state-dir", folder]) == 0
        assert f"\nstatements waiting: {left}\n" in capsys.readouterr().out
        await statements.forget_statement("third")
    await near.store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "state/results.db")) as db, db:
        db.execute("DROP TABLE statement")  # as an earlier release left it
    assert main(["outbox", "--state-dir", folder]) == 0
    assert "\nstatements waiting: 0\n" in capsys.readouterr().out


@story
async def test_what_was_set_aside_is_sent_again_if_no_daemon_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    for _ in range(3):
        await near.record(ACCEPTED)
    epoch = near.store.epoch
    for seq in (1, 2):
        await near.store.set_aside(epoch, seq, "wrong_environment")
    await near.store.mark_receipted(epoch, 3)
    arguments = ["outbox", "--state-dir", str(tmp_path / "state"), "--send-again"]
    assert main(arguments) == 2
    assert "another likeness daemon works here; stop it" in capsys.readouterr().err
    assert await near.store.waiting() == []
    await near.store.close()
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "waiting again: 2\n" in said
    assert "waiting: 2\n" in said
    assert "set aside: 0\n" in said
    again = bench(tmp_path)
    await again.store.open()
    assert [row.link.seq for row in await again.store.waiting()] == [1, 2]
    await again.store.close()


def test_wrong_use_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "results.db").write_text("this is no database, but it is long enough")
    for arguments, code, says in (
        ([], 2, "either --config FILE or --state-dir DIR"),
        (["--state-dir", str(tmp_path / "nowhere")], 2, "no outbox here"),
        (["--state-dir", str(tmp_path)], 1, "cannot be read"),
        (["--state-dir", str(tmp_path), "--send-again"], 1, "cannot be read"),
        (["--state-dir", str(tmp_path), "--after", "1"], 2, "go together"),
        (["--state-dir", str(tmp_path), "--epoch", "e", "--after", "1"], 2, "go tog"),
        (["--state-dir", str(tmp_path), "--send-again", "--epoch", "e"], 2, "go tog"),
    ):
        assert main(["outbox", *arguments]) == code
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1


@story
async def test_what_the_carrier_has_lost_waits_again_as_far_as_it_is_still_here(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    for _ in range(5):
        await near.record(ACCEPTED)
    epoch = near.store.epoch
    await near.store.mark_receipted(epoch, 4)
    await near.store.close()
    with contextlib.closing(sqlite3.connect(tmp_path / "state/results.db")) as db, db:
        db.execute("UPDATE record SET receipted_utc_s = 1 WHERE seq < 5")
        db.execute("DELETE FROM record WHERE seq < 3")  # they were old
    arguments = ["outbox", "--state-dir", str(tmp_path / "state"), "--send-again"]
    for place, after, says in (
        (epoch, "3", "waiting again: 2\nepoch"),
        (epoch, "1", "waiting again: 3\nno more here: seq 2 to 2\n"),
        ("e" * 32, "-1", "waiting again: 0\nno more here: seq 0 and beyond\n"),
    ):
        assert main([*arguments, "--epoch", place, "--after", after]) == 0
        assert says in capsys.readouterr().out
    again = bench(tmp_path)
    await again.store.open()
    assert [row.link.seq for row in await again.store.waiting()] == [3, 4, 5]
    await again.store.mark_receipted(epoch, 5)
    await again.store.prune(31 * 86_400)
    assert await again.store.token(epoch, 3) is not None, "its days begin anew"
    await again.store.close()
