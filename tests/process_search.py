"""Looks for bytes in all that a running process holds: memory, maps, open files.

Leaves to others: what must not be found.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

PART = 1 << 24
SPECIAL = {"[vvar]", "[vsyscall]", "[vvar_vclock]"}


def found_in_memory(pid: int, marks: Mapping[str, bytes]) -> dict[str, int]:
    """Count each mark in the process's own memory; needs to be root.

    What it can only read is a file's, and searched as such.
    """
    counts = dict.fromkeys(marks, 0)
    longest = max(map(len, marks.values()))
    for part in _memory(pid, longest):
        for name, mark in marks.items():
            counts[name] += part.count(mark)
    return {name: count for name, count in counts.items() if count}


def _memory(pid: int, overlap: int) -> Iterator[bytes]:
    maps = Path(f"/proc/{pid}/maps").read_text()
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        for line in maps.splitlines():
            low, high, rights = re.match(r"(\w+)-(\w+) (\S+)", line).groups()  # type: ignore[union-attr]
            if not rights.startswith("rw") or line.split()[-1] in SPECIAL:
                continue
            at, end = int(low, 16), int(high, 16)
            while at < end:
                memory.seek(at)
                try:
                    part = memory.read(min(PART, end - at))
                except OSError:  # a device's, or gone since
                    break
                yield part
                if at + len(part) >= end or len(part) <= overlap:
                    break
                at += len(part) - overlap


def mapped_and_open_files(pid: int) -> set[Path]:
    """Return the files that the process has mapped or holds open, if they are there."""
    names = {
        line.split(maxsplit=5)[5]
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines()
        if len(line.split(maxsplit=5)) > 5
    }
    for handle in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing's own handle
            names.add(str(handle.readlink()))
    return {Path(name) for name in names if Path(name).is_file()}


def found_in_files(paths: set[Path], marks: Mapping[str, bytes]) -> set[str]:
    """Return "mark in file" for each that was found."""
    found = set()
    for path in paths:
        data = path.read_bytes()
        found |= {f"{name} in {path}" for name, mark in marks.items() if mark in data}
    return found
