"""What each Raspberry Pi is good for: a profile fills what nobody has set.

Memory, cores and clocks are from the Raspberry Pi documentation ("Processors",
"Computer hardware"), as are 80–85 °C, where the processor is slowed, and the 60 °C from
which a Pi 3 B+ alone is. Threads, sizes and marks are ours, reckoned from counted
instructions (daemon/BOARDS.md): nothing here was measured on a board. Leaves to others:
reading which board it is (`likeness.board_values`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A board we know; `other` leaves every value as it is."""

    ZERO2 = "zero2"
    PI4 = "pi4"
    PI5 = "pi5"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What suits one kind of board.

    Attributes:
        what: processor, clock and memory, for a person.
        values: what `part.key` of the configuration is, where the file has none.
    """

    what: str
    values: Mapping[str, int | float | tuple[int, ...]]


BOARDS: Mapping[Kind, Board] = {
    # 512 MB shared with the camera's buffers: small pictures, and no browser beside us.
    # Mostly without a cooler, so that less is done earlier.
    Kind.ZERO2: Board(
        what="4 x Cortex-A53, 1.0 GHz, 512 MB",
        values={
            "camera.width_px": 640,
            "camera.height_px": 480,
            "camera.fps": 25.0,
            "models.threads": 3,
            "board.vision_cpus": (1, 2, 3),
            "board.least_free_mib": 48,
            "board.warm_c": 65.0,
            "board.hot_c": 72.0,
            "board.too_hot_c": 80.0,
        },
    ),
    Kind.PI4: Board(
        what="4 x Cortex-A72, 1.8 GHz (1.5 before 2021), 1-8 GB",
        values={
            "models.threads": 2,
            "board.vision_cpus": (2, 3),
            "board.least_free_mib": 64,
        },
    ),
    Kind.PI5: Board(
        what="4 x Cortex-A76, 2.4 GHz, 1-16 GB",
        values={"board.vision_cpus": (3,), "board.least_free_mib": 64},
    ),
    Kind.OTHER: Board(what="not a board we know", values={}),
}

# Which processor is in it, as the device tree's `compatible` names it: all models with
# one processor count as one kind (a Pi 3 has four Cortex-A53 as well, and 1 GB).
_BY_CHIP = {
    "brcm,bcm2837": Kind.ZERO2,
    "brcm,bcm2711": Kind.PI4,
    "brcm,bcm2712": Kind.PI5,
}


def kind_of(compatible: tuple[str, ...]) -> Kind:
    """Tell the kind from the device tree's `compatible` (its root node)."""
    return next((_BY_CHIP[one] for one in compatible if one in _BY_CHIP), Kind.OTHER)
