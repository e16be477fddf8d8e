"""Keeps a few transcripts of faults in the state directory, the newest.

    STATE/faults/20261123T014500Z-camera_lost.jsonl

At most five, two of one kind, 8 MiB together: a fault that comes again all day neither
fills the disk nor pushes the others out. Leaves to others: what stands in them.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from likeness.edges import new_file

FOLDER: Final = "faults"
FILES: Final = 5
OF_ONE_KIND: Final = 2
BYTES: Final = 8 << 20  # five of the longest visits, of 1.1 MB each
SUFFIX: Final = ".jsonl"


def folder_of(state_dir: Path) -> Path:
    """Return where they are."""
    return state_dir / FOLDER


def kept(state_dir: Path) -> list[Path]:
    """Return those that are there, the oldest first; none where there is no folder."""
    try:
        return sorted(folder_of(state_dir).glob(f"*{SUFFIX}"))
    except OSError:
        return []


class FaultFolder:
    """`FaultFiles` of `service.ports_keeping`; `now_s` gives seconds since 1970."""

    def __init__(self, state_dir: Path, now_s: Callable[[], int]) -> None:
        self._state_dir = state_dir
        self._now_s = now_s

    def keep(self, why: str, lines: Iterable[bytes]) -> str:
        """Write one file, and delete older ones for which there is no room then."""
        data = b"\n".join(lines) + b"\n"
        folder = folder_of(self._state_dir)
        folder.mkdir(mode=0o700, exist_ok=True)
        when = datetime.fromtimestamp(self._now_s(), UTC)
        path = folder / f"{when:%Y%m%dT%H%M%SZ}-{why}{SUFFIX}"
        new_file.replace(path, data)
        self._make_room(path)
        return path.name

    def _make_room(self, newest: Path) -> None:
        """A clock may have been set back: by name the newest need not be the last."""
        others = [one for one in kept(self._state_dir) if one != newest]
        left, of_kind = BYTES - newest.stat().st_size, {_kind(newest): 1}
        count = 1
        for path in reversed(others):
            kind, size = _kind(path), path.stat().st_size
            of_kind[kind] = of_kind.get(kind, 0) + 1
            if count < FILES and of_kind[kind] <= OF_ONE_KIND and size <= left:
                count, left = count + 1, left - size
            else:
                path.unlink(missing_ok=True)


def _kind(path: Path) -> str:
    return path.stem.partition("-")[2]
