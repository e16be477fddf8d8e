"""Which parts hang, and so whether the watchdog is fed.

    WELL ── owes an answer for longer than its limit ──→ HUNG ── answers ──→ WELL

A part that hangs holds a thread or the loop for ever: only a new process helps, so the
watchdog starves and systemd starts one. A part that is lost (an unplugged reader, a
camera that is gone, a full disk) is not hung: a new process would find it lost as well,
so the visitor and the carrier are told, and the watchdog is fed. Leaves to others: what
each part owes, the clock, the word to systemd.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum, auto


class Part(StrEnum):
    """What the loop depends on; the loop itself is watched by systemd."""

    CAMERA = "camera"  # owes its end after it was asked to let go
    READER = "reader"  # owes a sign of life: open, or tried again
    STORE = "store"  # owes the answer to a probe that reaches the disk
    VISION = "vision"  # owes the answer to a look


# Seconds; each far above what a part that is well was seen to need, on a slow card too.
LIMITS_S: Mapping[Part, float] = {
    Part.CAMERA: 15.0,
    Part.READER: 60.0,
    Part.STORE: 30.0,
    Part.VISION: 20.0,
}
EVERY_S = 5.0  # WatchdogSec of the unit is six times that


class State(Enum):
    """How one part is, as far as a restart is concerned."""

    WELL = auto()
    HUNG = auto()


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found: since when each part owes an answer; None: it owes none."""

    owes_since: Mapping[Part, float | None]


@dataclass(frozen=True, slots=True)
class Feed:
    """Tell the watchdog that all is well."""


@dataclass(frozen=True, slots=True)
class TellHung:
    """Say that a part hangs, and for how many seconds it has."""

    part: Part
    for_s: float


@dataclass(frozen=True, slots=True)
class TellWell:
    """Say that a part answers again."""

    part: Part


Effect = Feed | TellHung | TellWell


class Wellness:
    """Judges all parts at once, every few seconds."""

    def __init__(
        self, limits_s: Mapping[Part, float] = LIMITS_S, every_s: float = EVERY_S
    ) -> None:
        self._limits_s = limits_s
        self._every_s = every_s
        self._states = dict.fromkeys(Part, State.WELL)
        self._deadline = float("-inf")

    @property
    def deadline(self) -> float:
        """When to look again."""
        return self._deadline

    @property
    def hung(self) -> tuple[Part, ...]:
        """The parts that hang."""
        return tuple(part for part in Part if self._states[part] is State.HUNG)

    def handle(self, event: Looked, now: float) -> list[Effect]:
        """Take what was found; return what must follow."""
        self._deadline = now + self._every_s
        effects: list[Effect] = []
        for part in Part:
            since = event.owes_since.get(part)
            owes_s = 0.0 if since is None else now - since
            state = State.HUNG if owes_s > self._limits_s[part] else State.WELL
            if state is not self._states[part]:
                is_hung = state is State.HUNG
                effects.append(TellHung(part, owes_s) if is_hung else TellWell(part))
            self._states[part] = state
        return effects if self.hung else [*effects, Feed()]
