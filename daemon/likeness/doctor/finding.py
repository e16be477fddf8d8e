"""What one check has found, in one line and without anything personal."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How it is; only `fail` keeps a terminal from serving."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact, and what to do about it; `todo` is empty when all is well."""

    state: State
    said: str
    todo: str = ""


def ok(said: str) -> Finding:
    """All is well."""
    return Finding(State.OK, said)


def warn(said: str, todo: str) -> Finding:
    """The terminal serves, but not as it should."""
    return Finding(State.WARN, said, todo)


def fail_by(fault: str, todo: str) -> Finding:
    """It does not serve; `todo` is for a fault that does not say, after "; ", what."""
    said, _, own = fault.partition("; ")
    return fail(said, own or todo)


def fail(said: str, todo: str) -> Finding:
    """The terminal does not serve, or its results are not taken."""
    return Finding(State.FAIL, said, todo)
