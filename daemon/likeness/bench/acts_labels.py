"""Reads labels of acts: CSV with the columns clip, frame_from … note.

    clip, frame_from, frame_peak, frame_to, act, sure, note

Frames count from 0; the peak is where lids are lowest or the head is farthest. `act` is
blink, turn_left, turn_right, close_eyes, raise_chin or lower_chin; or squint, glance,
look_down, wink: what could be taken for one and is none. `sure` 0 is a doubt: it counts
neither way. Leaves to others: the clips.
"""

import os.path
from dataclasses import dataclass
from pathlib import Path

from likeness.bench.csv_list import Row, read_list
from likeness.core.vocabulary import EYE_ACTS, NOD_ACTS, TURN_ACTS, Act
from likeness.errors import UsageError

NEEDED = ("clip", "frame_from", "frame_peak", "frame_to", "act", "sure")
NO_ACTS = ("squint", "glance", "look_down", "wink")
KNOWN = (*Act, *NO_ACTS)
HEAD_ACTS = TURN_ACTS | NOD_ACTS


@dataclass(frozen=True, slots=True)
class Label:
    """One movement of one clip, by the numbers of its frames."""

    first: int
    peak: int
    last: int
    act: str
    sure: bool

    def may_be(self, act: Act) -> bool:
        """Say whether an answer to this act is neither right nor wrong here."""
        if self.sure:  # a long blink is a short closure
            return self.act != act and {self.act, act} <= EYE_ACTS
        return self.act == act or (act in EYE_ACTS and self.act not in HEAD_ACTS)


def read_labels(path: Path) -> dict[str, list[Label]]:
    """Read the labels of each clip, in the order of the file.

    Raises:
        UsageError: in one line, with the number of the line that is wrong.
    """
    labels: dict[str, list[Label]] = {}
    nothing = f"has no labels; write lines of {','.join(NEEDED)}"
    for clip, label in read_list(path, NEEDED, _label, nothing=nothing):
        labels.setdefault(clip, []).append(label)
    return labels


def find_clips(labels: dict[str, list[Label]], root: Path) -> None:
    """Refuse labels of a clip that is not there: a rate without it is no rate."""
    # os.path: Path raises for a name too long.
    missing = [name for name in labels if not os.path.isfile(root / name)]  # noqa: PTH113
    if missing:
        count = f"{len(missing)} of {len(labels)} labelled clips are missing"
        raise UsageError(f"{root / missing[0]}: no such clip ({count})")


def _label(row: Row) -> tuple[str, Label]:
    if not row["clip"]:
        raise ValueError("clip must name a clip")
    try:
        first, peak, last = (
            int(row[f"frame_{name}"]) for name in ("from", "peak", "to")
        )
    except (TypeError, ValueError) as problem:
        raise ValueError("a frame is no whole number") from problem
    if not 0 <= first <= peak <= last:
        raise ValueError("frames must be from <= peak <= to, and not below 0")
    if row["act"] not in KNOWN:
        raise ValueError(f"act is '{row['act']}'; write one of {', '.join(KNOWN)}")
    if row["sure"] not in ("0", "1"):
        raise ValueError(f"sure is '{row['sure']}'; write 1 or 0")
    return row["clip"], Label(first, peak, last, row["act"], row["sure"] == "1")
