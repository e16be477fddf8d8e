"""What a process and its children cost: processor time and memory, from proc(5).

Leaves to others: which processes are meant.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds so far, and memory now."""

    cpu_s: float = 0.0
    memory_kib: int = 0  # proportional: what several share is counted once (Pss)


def of(pid: int) -> Cost:
    """Return the cost of a process with its children, ended ones too."""
    total = _one(pid)
    for child in _children(pid):
        one = of(child)
        total = Cost(total.cpu_s + one.cpu_s, total.memory_kib + one.memory_kib)
    return total


def _one(pid: int) -> Cost:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        memory = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return Cost()  # it ended while we looked
    # utime, stime, cutime, cstime: fields 14 to 17 of proc(5).
    cpu_s = sum(int(word) for word in stat[11:15]) / TICKS
    pss = next(line for line in memory.splitlines() if line.startswith("Pss:"))
    return Cost(cpu_s, int(pss.split()[1]))


def _children(pid: int) -> Iterator[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        said = " ".join((task / "children").read_text() for task in tasks)
    except OSError:
        return
    yield from map(int, said.split())
