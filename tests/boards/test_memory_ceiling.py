"""The real daemon under the limit that a Pi Zero 2 gives it: it starts and serves."""

import re
import time
from pathlib import Path

import pytest

from boards import measure
from boards.memory_group import limited
from processes import happens
from programs import Shop, Terminal

pytestmark = pytest.mark.broker


def limit_of(root: Path) -> int:
    """Return what the drop-in gives, in MiB."""
    text = (root / "systemd/likeness.service.d/board.conf.example").read_text()
    (found,) = re.findall(r"^MemoryMax=(\d+)M$", text, flags=re.M)
    return int(found)


def ready(terminal: Terminal) -> bool:
    terminal.start()
    return terminal.says("event=ready", 60.0)


def test_it_is_ready_and_serves_a_visit_under_the_limit(
    root: Path, pictures: Path, tmp_path: Path
) -> None:
    mib = limit_of(root)
    try:
        with limited(mib) as before:
            with Shop(tmp_path, pictures, "shop-1", before=before) as shop:
                (terminal,) = shop.terminals
                shop.broker.start()
                assert ready(terminal)
                assert measure.visit(terminal, tmp_path, 1) != "none"
                held = measure.memory_kib(terminal.pid)
                assert held["peak"] < mib * 1024
                assert terminal.stop() == 0
            time.sleep(0.1)
    except OSError as problem:
        pytest.skip(str(problem))


def test_a_limit_that_is_too_low_ends_it(pictures: Path, tmp_path: Path) -> None:
    """So the group does hold the daemon: this is no idle test."""
    try:
        with (
            limited(40) as before,
            Shop(tmp_path, pictures, "shop-1", before=before) as shop,
        ):
            (terminal,) = shop.terminals
            terminal.start()
            assert happens(lambda: terminal.fell, 60.0)
            assert "event=ready" not in terminal.said()
    except OSError as problem:
        pytest.skip(str(problem))
