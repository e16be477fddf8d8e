"""An estimate is a range for each board, and what was measured stands beside it."""

from itertools import pairwise
from pathlib import Path

import pytest

from likeness.bench import board_speed
from likeness.core.boards import Kind


def test_a_clock_makes_milliseconds_of_instructions() -> None:
    clock = board_speed.Clock(mhz=1000, slow=0.5, fast=1.0)
    assert clock.ms(10e6) == (10.0, 20.0)


def test_a_slower_board_takes_longer_at_worst_and_at_best() -> None:
    ranges = [board_speed.CLOCKS[k].ms(1e6) for k in (Kind.ZERO2, Kind.PI4, Kind.PI5)]
    for slower, quicker in pairwise(ranges):
        assert slower > quicker
        assert slower[0] > quicker[1]  # the ranges do not even overlap


def test_what_was_measured_stands_in_its_own_column() -> None:
    cost = {"median": 12.34, "p95": 20.0, "ratio": 1.0}
    figures = {
        "processor": "Cortex-A72",
        "board": {"model": "Raspberry Pi 4 Model B Rev 1.4"},
        "sets": [
            {"variant": "f32", "models": {}, "frames": {}},
            {"variant": "w8", "models": {"mesh": cost}, "frames": {}},
        ],
    }
    heads, rows = board_speed.heads(figures), board_speed.rows(figures)
    assert heads[-1] == "Raspberry Pi 4 Model B Rev 1.4, measured"
    measured = {row[0]: row[-1] for row in rows}
    assert measured["model mesh"] == "12.3"
    assert measured["detection frame"] == "-"
    assert all(len(row) == len(heads) for row in rows)


def test_a_board_says_who_and_how_warm_it_is(tmp_path: Path) -> None:
    (tmp_path / "model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    (tmp_path / "compatible").write_bytes(b"raspberrypi,5-model-b\0brcm,bcm2712\0")
    found = board_speed.after(board_speed.here(tmp_path))
    assert (found["kind"], found["model"]) == ("pi5", "Raspberry Pi 5 Model B Rev 1.0")
    for when in ("before", "after"):
        assert {"temperature_c", "throttled"} <= found[when].keys()


@pytest.mark.parametrize("kind", board_speed.CLOCKS)
def test_every_part_has_a_range(kind: Kind) -> None:
    assert board_speed.INSTRUCTIONS
    for row in board_speed.rows():
        low, _, high = row[1 + list(board_speed.CLOCKS).index(kind)].partition("-")
        assert 0 < float(low) <= float(high)
