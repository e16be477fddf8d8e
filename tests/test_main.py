"""The one place where faults become lines and exit codes."""

import pytest

from likeness.__main__ import main
from likeness.commands import COMMANDS


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    shown = capsys.readouterr().out
    assert all(name in shown for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([name, "--help"]) == 0
    assert "Usage: likeness" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["nonsense"], 2, "No such command"),
        (["run"], 2, "--config"),
        (["run", "--config", "/nowhere.toml"], 78, "cannot be read"),
        (["replay", "x" * 5000, "--out", "/tmp/x"], 2, "no such visit file or folder"),
        (["replay", "/a\nb\x1b[31m", "--out", "/tmp/x"], 2, r"/a\nb\x1b[31m: no such"),
        (["replay", "/nowhere", "--out", "/tmp/x"], 2, "no such visit file or folder"),
    ],
)
def test_wrong_use_is_one_clear_line(
    arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == code
    error = capsys.readouterr().err
    assert says in error and "Traceback" not in error
