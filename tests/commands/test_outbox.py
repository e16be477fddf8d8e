from pathlib import Path

import pytest

from likeness.__main__ import main
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
    ):
        assert main(["outbox", *arguments]) == code
        said = capsys.readouterr().err
        assert says in said
        assert said.count("\n") == 1
