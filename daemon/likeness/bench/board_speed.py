"""What a frame should take on each board, and what it took on this one.

An estimate is counted instructions over the clock and an assumed number of them per
cycle, so it is a range and no measurement (daemon/BOARDS.md). Leaves to others:
counting (tests/instructions), measuring (`speed`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeness import board_values
from likeness.core.boards import BOARDS, Kind
from likeness.edges import heat

Figures = dict[str, Any]  # a JSON report: mixed values, hence Any

GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
MEGA = 1e6
SMALL_MS = 10  # below this a tenth is shown


@dataclass(frozen=True, slots=True)
class Clock:
    """How quick a core is: the clock is published, the rest is assumed.

    A core retires at least `slow` and at most `fast` instructions in a cycle of such
    work: mostly multiply-adds on vectors, which an A53 takes two cycles for and an A76
    does two of in one; the rest is Python's.
    """

    mhz: int
    slow: float
    fast: float

    def ms(self, instructions: float) -> tuple[float, float]:
        """Return the least and the most milliseconds for so many instructions."""
        cycles_per_ms = self.mhz * 1000
        return (
            instructions / (cycles_per_ms * self.fast),
            instructions / (cycles_per_ms * self.slow),
        )


CLOCKS: Mapping[Kind, Clock] = {
    Kind.ZERO2: Clock(1000, 0.5, 0.9),
    Kind.PI4: Clock(1800, 1.0, 1.6),
    Kind.PI5: Clock(2400, 1.8, 2.8),
}
# Millions for one frame of 640x480: an A72's kernels, w8, tflite-runtime, one thread.
INSTRUCTIONS: Mapping[str, float] = {
    "model detect_near": 20.3,
    "model detect_far": 65.7,
    "model mesh": 25.8,
    "model eyelids": 24.8,
    "model embed": 228.6,
    "model passive": 24.3,
    "tracked frame": 33.4,
    "tracked frame, eyes": 40.9,
    "tracked frame as in a visit": 45.3,
    "tracked frame, eyes, embedding": 272.1,
    "detection frame": 60.1,
    "comparison 640x480": 291.3,
    "enrolment 640x480": 546.9,
}


def here(tree: Path = board_values.DEVICE_TREE) -> Figures:
    """Name the machine: which board, how it sets its clock, how warm it is."""
    found = board_values.machine(tree)
    try:
        governor = GOVERNOR.read_text(encoding="ascii").strip()
    except OSError:
        governor = ""
    return {
        "model": found.model,
        "kind": str(found.kind),
        "governor": governor,
        "before": _warmth(),
    }


def after(board: Figures) -> Figures:
    """Add how warm it is now that all was measured."""
    return board | {"after": _warmth()}


def _warmth() -> Figures:
    """What is not known is null: a report says that it was asked."""
    return {"temperature_c": None, "throttled": None} | heat.facts()


def rows(figures: Figures | None = None) -> list[tuple[str, ...]]:
    """Return a line for each part: its name, a range for each board, what it took.

    Args:
        figures: a report of `speed.measure`; its first set of w8 counts.
    """
    measured = _measured(figures)
    return [
        (
            name,
            *(_range(CLOCKS[kind].ms(millions * MEGA)) for kind in CLOCKS),
            f"{measured[name]:.1f}" if name in measured else "-",
        )
        for name, millions in INSTRUCTIONS.items()
    ]


def heads(figures: Figures | None = None) -> tuple[str, ...]:
    """Return the names of the columns of `rows`."""
    board = (figures or {}).get("board", {})
    who = board.get("model") or (figures or {}).get("processor") or "this machine"
    return (
        "ms for one frame",
        *(f"{kind}: {BOARDS[kind].what.split(',')[0]}, estimated" for kind in CLOCKS),
        f"{who}, measured",
    )


def _measured(figures: Figures | None) -> dict[str, float]:
    for one in (figures or {}).get("sets", []):
        if one["variant"] == "w8":
            costs = {f"model {name}": cost for name, cost in one["models"].items()}
            costs |= one["frames"]
            return {name: cost["median"] for name, cost in costs.items()}
    return {}


def _range(ms: tuple[float, float]) -> str:
    low, high = ms
    digits = 1 if high < SMALL_MS else 0
    return f"{low:.{digits}f}-{high:.{digits}f}"
