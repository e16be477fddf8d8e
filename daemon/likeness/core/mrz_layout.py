"""Where the fields of a machine readable zone stand (ICAO 9303-4, -5 and -6).

Leaves to others: reading them (`mrz`).
"""

from dataclasses import dataclass
from enum import StrEnum


class MrzFormat(StrEnum):
    """Form of the document: card, larger card, passport."""

    TD1 = "TD1"
    TD2 = "TD2"
    TD3 = "TD3"


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the fields stand, in all lines one behind the other."""

    lines: int
    width: int
    name: slice
    number: slice  # its check digit follows, as with birth and expiry
    birth: slice
    sex: int
    expiry: slice
    nationality: slice
    optional: slice
    more: slice  # the second optional data, of TD1
    composite: int
    composed: tuple[slice, ...]
    optional_check: int = 0


LAYOUTS = {
    MrzFormat.TD1: Layout(
        lines=3,
        width=30,
        number=slice(5, 14),
        optional=slice(15, 30),
        birth=slice(30, 36),
        sex=37,
        expiry=slice(38, 44),
        nationality=slice(45, 48),
        more=slice(48, 59),
        composite=59,
        composed=(slice(5, 37), slice(38, 45), slice(48, 59)),
        name=slice(60, 90),
    ),
    MrzFormat.TD2: Layout(
        lines=2,
        width=36,
        name=slice(5, 36),
        number=slice(36, 45),
        nationality=slice(46, 49),
        birth=slice(49, 55),
        sex=56,
        expiry=slice(57, 63),
        optional=slice(64, 71),
        more=slice(0),
        composite=71,
        composed=(slice(36, 46), slice(49, 56), slice(57, 71)),
    ),
    MrzFormat.TD3: Layout(
        lines=2,
        width=44,
        name=slice(5, 44),
        number=slice(44, 53),
        nationality=slice(54, 57),
        birth=slice(57, 63),
        sex=64,
        expiry=slice(65, 71),
        optional=slice(72, 86),
        more=slice(0),
        optional_check=86,
        composite=87,
        composed=(slice(44, 54), slice(57, 64), slice(65, 87)),
    ),
}
BY_SIZE = {layout.lines * layout.width: form for form, layout in LAYOUTS.items()}
# What holds a key without the lines of names: size → (form, fillers before, behind).
KEY_LINES = {
    60: (MrzFormat.TD1, 0, 30),
    44: (MrzFormat.TD3, 44, 0),
    36: (MrzFormat.TD2, 36, 0),
}
