"""Plays a transcript through a machine of `core` and writes what really happened.

A transcript is a text file. `#` begins a comment, `>` an event that came in, `<` an
effect that went out, each with its time in seconds. `play` keeps comments, blank lines
and events, and writes the effects anew; a test compares the whole text. An event that
comes later than the machine's deadline fails: the real shell would have called before
with TimePassed (a little late, at most), so a transcript also pins the deadlines.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

LATE_S = 0.25  # a shell's timer may be so late


class Machine(Protocol):
    """What every machine in `core` looks like from outside."""

    @property
    def deadline(self) -> float | None: ...

    # Each machine has its own union of events, hence Any.
    def handle(self, event: Any, now: float) -> Any: ...


def play(text: str, machine: Machine, names: Mapping[str, Any]) -> str:
    """Run the `>` lines; `names` gives the events (usually `vars` of the module)."""
    happened: list[str] = []
    for line in text.splitlines():
        when, _, rest = line.partition(" ")
        mark, _, what = rest.strip().partition(" ")
        if not line.strip() or line.startswith("#"):
            happened.append(line)
        elif mark == ">":
            now = float(when)
            event = eval(what, dict(names))  # transcripts are our own files
            _refuse_missed_deadline(machine, event, now, line)
            happened.append(line)
            happened += [
                f"{when:<6} < {effect!r}" for effect in machine.handle(event, now)
            ]
    return "\n".join(happened) + "\n"


def _refuse_missed_deadline(
    machine: Machine, event: object, now: float, line: str
) -> None:
    due = machine.deadline
    late_s = LATE_S if type(event).__name__ == "TimePassed" else 0.0
    if due is not None and now > due + late_s:
        raise AssertionError(f"the machine wanted a call at {due:g}, before: {line}")


def transcripts(folder: Path, machine: str) -> list[Path]:
    """Find the transcripts of one machine; none at all is a mistake in the test."""
    found = sorted(folder.glob(f"{machine}_*.txt"))
    if not found:
        raise AssertionError(f"no transcript {machine}_*.txt in {folder.name}/")
    return found
