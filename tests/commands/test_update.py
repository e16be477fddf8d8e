"""What the installer types, and the one line for each way it can go wrong."""

import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from likeness.__main__ import main
from likeness.core import update
from terminals import changed, to_toml
from update_bench import UpdateBench, later


class Installer:
    """Types commands before a terminal whose clock is not set."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.bench = UpdateBench(folder)
        self.config = folder / "terminal.toml"
        self.config.write_text(
            changed(
                to_toml(self.bench.settings),
                {"camera.source": '"feed"', "camera.path": '"clip.mp4"'},
            )
        )
        self._capsys = capsys

    def types(self, what: str, *more: str, now: str = "") -> tuple[int, str]:
        given = ["--now", now] if now else []
        code = main(["update", what, "--config", str(self.config), *given, *more])
        said = self._capsys.readouterr()
        text = said.out + said.err
        assert "Traceback" not in text
        return code, text


def today(days: float = 0) -> str:
    return f"{datetime.fromtimestamp(later(days).utc_s, UTC):%Y-%m-%dT%H:%MZ}"


@pytest.fixture
def installer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Installer:
    return Installer(tmp_path, capsys)


def test_check_fetch_apply_status(installer: Installer) -> None:
    digest = installer.bench.publish(3)
    assert installer.types("status") == (
        0,
        "next start uses: the packaged models\nlast accepted: bundle none\n",
    )
    code, said = installer.types("check", now=today())
    assert code == 0
    assert said.startswith("offered: bundle 3, ")
    assert said.endswith(f" bytes, sha256 {digest}\n")
    code, said = installer.types("fetch", now=today())
    assert (code, said) == (0, f"here: bundle 3, sha256 {digest}\n")
    assert installer.bench.ledger.current == update.PACKAGED
    code, said = installer.types("apply", now=today())
    assert code == 0
    assert said.startswith("bundle 3 works here (")
    assert "systemctl restart likeness" in said
    code, said = installer.types("apply", now=today())
    assert (code, said) == (0, "bundle 3 is in use already\n")
    code, said = installer.types("status")
    assert said.startswith(
        f"next start uses: {digest}\nbefore: the packaged models\ntrial: goes on: "
    )
    sets = installer.bench.sets
    sets.change(lambda ledger: update.go_back(ledger, digest, "it saw no face"))
    _, said = installer.types("status")
    assert "last accepted: bundle 3\n" in said
    assert f"given back: bundle 3, {digest[:12]}: it saw no face\n" in said
    code, said = installer.types("apply", now=today())
    assert (code, said.count("\n")) == (1, 1)
    assert "was tried here and given back: it saw no face" in said


def test_each_refusal_is_one_line(installer: Installer, tmp_path: Path) -> None:
    bench = installer.bench
    bench.publish(3)
    for what, now, more, code, says in (
        ("check", today(), ("--from", str(tmp_path / "stick")), 1, "no such folder"),
        ("apply", today(40), (), 1, "frozen"),
        ("check", "soon", (), 2, "--now 'soon': write a time such as 20"),
        ("check", today(), ("--from", "http://shop"), 1, "no such folder"),
        ("check", today(), ("--from", "https://shop"), 1, "update.ca_file ''"),
    ):
        found, said = installer.types(what, *more, now=now)
        assert (found, said.count("\n")) == (code, 1), said
        assert says in said
    (bench.folder / "root.json").unlink()
    found, said = installer.types("check", now=today())
    assert (found, said.count("\n")) == (78, 1)
    assert "update.root_file" in said


def test_a_stick_in_place_of_the_configured_source(installer: Installer) -> None:
    installer.bench.publish(1)
    stick = installer.bench.folder / "stick"
    installer.bench.repository.folder.rename(stick)
    assert installer.types("apply", now=today())[0] == 1
    assert installer.types("apply", "--from", str(stick), now=today())[0] == 0
    assert installer.bench.ledger.accepted == 1


def test_no_state_yet(installer: Installer) -> None:
    installer.bench.state.rmdir()
    code, said = installer.types("status")
    assert (code, said.count("\n")) == (78, 1)
    assert "the daemon makes it when it first starts" in said


def test_without_the_extra_it_says_what_to_install(installer: Installer) -> None:
    """The daemon itself, and `status`, do without python-tuf."""
    program = (
        "import sys; sys.modules['tuf'] = None; from likeness.__main__ import main;"
        "sys.exit(main(sys.argv[1:]))"
    )

    def types(what: str) -> "subprocess.CompletedProcess[str]":
        words = ("update", what, "--config", installer.config)
        return subprocess.run(
            [sys.executable, "-c", program, *words],
            capture_output=True,
            text=True,
            check=False,
        )

    assert types("status").returncode == 0
    done = types("check")
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "updates need pip install 'likeness[update]'" in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_as_root_it_goes_on_as_who_owns_the_state(installer: Installer) -> None:
    """What it writes must be the daemon's; no stick is read with root's rights."""
    nobody = 65534
    with tempfile.TemporaryDirectory() as state:  # others may not enter a tmp_path
        os.chown(state, nobody, nobody)
        there = changed(installer.config.read_text(), {"state_dir": f'"{state}"'})
        installer.config.write_text(there)
        child = os.fork()
        if child == 0:
            code = main(["update", "status", "--config", str(installer.config)])
            mine = (*os.getresuid(), *os.getresgid())
            os._exit(code if mine == (nobody,) * 6 and not os.getgroups() else 9)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
