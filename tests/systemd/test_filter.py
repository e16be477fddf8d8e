"""The real daemon serves a visit under the walls of its own unit."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import under_unit
from processes import LIKENESS, Program
from programs import Shop


@pytest.fixture(autouse=True)
def analyze(request: pytest.FixtureRequest) -> None:
    if shutil.which("systemd-analyze"):
        return
    what = "systemd-analyze is missing: apt-get install systemd"
    (pytest.fail if request.config.getoption("--nothing-missing") else pytest.skip)(
        what
    )


def under(root: Path, *program: object) -> list[object]:
    unit = root / "systemd" / "likeness.service"
    return [sys.executable, under_unit.__file__, unit, *program]


@pytest.mark.broker
@pytest.mark.slow
def test_a_visit_under_the_units_filter(
    tmp_path: Path, pictures: Path, root: Path
) -> None:
    """With its decoders, which confine themselves further, and with XNNPACK."""
    with Shop(tmp_path, pictures, "shop-1") as shop:
        shop.broker.start()
        shop.carrier.start()
        home = tmp_path / "shop-1"
        config = home / "terminal.toml"
        run = under(root, *LIKENESS, "run", "--config", config)
        daemon = Program(home / "filtered.log", *run)
        daemon.start()
        try:
            assert daemon.says("Welcome", 30), daemon.said()
            shop.terminals[0].reader.lay(shop.cards[0])
            assert daemon.says("event=visit_done", 60), daemon.said()
            assert daemon.says("event=receipted", 30), daemon.said()
        finally:
            code = daemon.stop()
        assert code == 0
        assert "verdict=accepted" in daemon.said()
        assert "vision_slow" not in daemon.said()
        assert "not confined" not in daemon.said()


@pytest.mark.parametrize(
    ("deed", "allowed"),
    [
        ("os.getpid()", True),
        ("socket.socket()", True),
        ("os.fork() or os._exit(0)", True),
        ("os.chroot('/')", False),
        ("os.nice(1)", False),
        ("os.sched_setaffinity(0, {0})", False),
        ("mmap.mmap(-1, 4096, prot=7)", False),
        ("resource.setrlimit(resource.RLIMIT_CORE, (0, 0))", True),
    ],
)
def test_the_walls_are_there(root: Path, deed: str, *, allowed: bool) -> None:
    """Without them the visit above would say nothing."""
    code = f"import mmap, os, resource, socket; {deed}"
    command = [str(word) for word in under(root, sys.executable, "-c", code)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == allowed, done.stderr
    assert allowed or "PermissionError" in done.stderr
