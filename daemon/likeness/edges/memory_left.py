"""How much memory the machine can still give.

Leaves to others: how much a visit needs (`core.boards`).
"""

from pathlib import Path

MEMINFO = Path("/proc/meminfo")


def available_kib(meminfo: Path = MEMINFO) -> int | None:
    """Return what can be had without swapping (proc(5), MemAvailable); None: unknown.

    On a board this is what ends a daemon; under its own MemoryMax= the kernel frees the
    daemon's file pages first, so that the limit is no measure of room.
    """
    try:
        lines = meminfo.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            number = value.split()[0] if value.split() else ""
            return int(number) if number.isdecimal() else None
    return None
