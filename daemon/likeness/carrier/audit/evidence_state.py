"""What one check of a result came to, in a word and a line.

Leaves to others: the checks (`evidence_record`, `evidence_visit`).
"""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """What an inspector may conclude."""

    OK = "ok"
    DOUBTFUL = "doubtful"
    WRONG = "wrong"
    NOT_MEASURED = "not measured"


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the evidence."""

    name: str
    state: State
    said: str


def ok(name: str, said: str) -> Check:
    """It holds."""
    return Check(name, State.OK, said)


def doubtful(name: str, said: str) -> Check:
    """It may hold; a person must judge."""
    return Check(name, State.DOUBTFUL, said)


def wrong(name: str, said: str) -> Check:
    """It does not hold."""
    return Check(name, State.WRONG, said)


def not_measured(name: str, said: str) -> Check:
    """Nothing is claimed, so nothing was checked."""
    return Check(name, State.NOT_MEASURED, said)
