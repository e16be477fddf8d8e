"""What is done to a terminal, a broker and a carrier, drawn from a seed.

The first faults of every plan are one of each kind, so a short campaign has them all;
a longer plan with the same seed begins with the shorter one. Leaves to others: doing
them.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happens. In a pair the first one dies, and a moment later the second."""

    TERMINAL_KILLED = "terminal SIGKILL"
    BROKER_KILLED = "broker SIGKILL"
    CARRIER_KILLED = "carrier SIGKILL"
    BROKER_TERMINAL_KILLED = "broker and terminal SIGKILL"
    CARRIER_TERMINAL_KILLED = "carrier and terminal SIGKILL"
    CARRIER_BROKER_KILLED = "carrier and broker SIGKILL"
    BROKER_ENDED = "broker SIGTERM"
    TERMINAL_SILENT = "half-open line of a terminal"
    CARRIER_SILENT = "half-open line of the carrier"
    REFUSED = "broker refuses (0x87)"
    CARRIER_AWAY = "carrier away for 6 to 15 s"
    BROKER_FROZEN = "broker SIGSTOP, SIGCONT"
    CARRIER_FROZEN = "carrier SIGSTOP, SIGCONT"


@dataclass(frozen=True, slots=True)
class _Habit:
    weight: int
    from_s: float
    to_s: float


_SHORT = (0.0, 0.8)
_HABITS = {
    Kind.TERMINAL_KILLED: _Habit(22, *_SHORT),
    Kind.BROKER_KILLED: _Habit(14, *_SHORT),
    Kind.CARRIER_KILLED: _Habit(14, *_SHORT),
    Kind.BROKER_TERMINAL_KILLED: _Habit(8, *_SHORT),
    Kind.CARRIER_TERMINAL_KILLED: _Habit(6, *_SHORT),
    Kind.CARRIER_BROKER_KILLED: _Habit(6, *_SHORT),
    Kind.BROKER_ENDED: _Habit(8, *_SHORT),
    Kind.TERMINAL_SILENT: _Habit(5, 0.3, 6.0),
    Kind.CARRIER_SILENT: _Habit(4, 0.3, 6.0),
    Kind.REFUSED: _Habit(4, 1.0, 3.0),
    Kind.CARRIER_AWAY: _Habit(1, 6.0, 15.0),
    Kind.BROKER_FROZEN: _Habit(4, 0.2, 5.0),
    Kind.CARRIER_FROZEN: _Habit(4, 0.2, 4.0),
}
GAP_S = 1.0  # before a fault, at most


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens."""

    kind: Kind
    terminal: int  # whose turn it is; counted without end
    after_s: float  # since the last one was over
    between_s: float  # the two deaths of a pair
    lasts_s: float
    ends_well: bool  # a silent line goes on, or drops what it held


def plan(seed: int, count: int) -> list[Fault]:
    """Draw so many faults."""
    return list(itertools.islice(_endless(seed), count))


def _endless(seed: int) -> Iterator[Fault]:
    choose = random.Random(seed)  # noqa: S311 - no secret
    once_each = list(Kind)
    choose.shuffle(once_each)
    weights = [_HABITS[kind].weight for kind in Kind]
    for number in itertools.count():
        if number < len(once_each):
            kind = once_each[number]
        else:
            (kind,) = choose.choices(list(Kind), weights)
        habit = _HABITS[kind]
        yield Fault(
            kind=kind,
            terminal=choose.randrange(1_000),
            after_s=choose.uniform(0, GAP_S),
            between_s=choose.uniform(0.2, 0.6),
            lasts_s=choose.uniform(habit.from_s, habit.to_s),
            ends_well=choose.random() < 0.5,
        )
