"""Reads a list of presentations: CSV with the columns file, label, species.

Other columns are ignored. Leaves to others: the pictures and clips themselves.
"""

import os.path
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from likeness.bench.csv_list import Row, read_list
from likeness.errors import UsageError

NEEDED = ("file", "label", "species")
Label = Literal["live", "attack"]
# Words of other data sets. 1 and 0 are not among them: some write 1 for live, some for
# attack. Nor is "impostor": with us it is a living person with another's card.
LABELS: dict[str, Label] = {
    "live": "live",
    "genuine": "live",
    "bonafide": "live",
    "real": "live",
    "attack": "attack",
    "spoof": "attack",
    "fake": "attack",
}


@dataclass(frozen=True, slots=True)
class Presentation:
    """One picture or clip, its path as written."""

    file: str
    label: Label
    species: str


def read_presentations(path: Path) -> list[Presentation]:
    """Read the list.

    Raises:
        UsageError: in one line, with the number of the line that is wrong.
    """
    return read_list(
        path,
        NEEDED,
        _presentation,
        nothing="names no file; write lines of file,label,species",
    )


def find_recordings(listed: Sequence[Presentation], root: Path) -> None:
    """Refuse a list that names what is not there: a rate without it is no rate.

    Raises:
        UsageError: names the first one and counts the rest.
    """
    names = [one.file for one in listed]
    # os.path: Path raises for a name too long.
    missing = [name for name in names if not os.path.exists(root / name)]  # noqa: PTH110
    if missing:
        raise UsageError(
            f"{root / missing[0]!s}: no such picture, video or folder"
            f" ({len(missing)} of {len(names)} are missing); check --root"
        )


def _presentation(row: Row) -> Presentation:
    file, label, species = (row[name] or "" for name in NEEDED)
    if not file:
        raise ValueError("file must name a picture, a video or a folder of pictures")
    known = LABELS.get(label.strip().lower().replace("-", "").replace("_", ""))
    if known is None:
        words = ", ".join(word for word in LABELS if word not in ("live", "attack"))
        raise ValueError(f"label is '{label}'; write live or attack (or {words})")
    return Presentation(file, known, species.strip())
