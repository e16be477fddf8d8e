"""Decides which signed statements to send now, and what to do with each answer.

A statement waits on the disk until the carrier has said, signed, that it keeps it or
never will. A few go out at once, the oldest first; those without an answer after a
while go to the end, so that one that the carrier cannot judge yet (its result is still
on the way) holds up no other. Each silent wait is longer, each answer starts over.
Leaves to others: disk, signatures, sending.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, assert_never

from likeness.core.backoff import Backoff

AT_ONCE = 3  # the line's window belongs to the results
ANSWER_FROM_S = 2.0
ANSWER_TO_S = 300.0

Outcome = Literal["kept", "refused"]


@dataclass(frozen=True, slots=True)
class Signed:
    """One statement as it is kept and sent."""

    jti: str
    hash: str  # of its signing input
    token: str = field(repr=False)


# --- events -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Kept:
    """A statement is safe on the disk."""

    statement: Signed


@dataclass(frozen=True, slots=True)
class Online:
    """The line is up, anew."""


@dataclass(frozen=True, slots=True)
class Answered:
    """The carrier has signed what becomes of the statement with this hash."""

    jti: str
    hash: str
    outcome: Outcome
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Event = Kept | Online | Answered | TimePassed


# --- effects ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Send:
    """Publish this one, if there is a line."""

    statement: Signed


@dataclass(frozen=True, slots=True)
class Forget:
    """The carrier keeps it."""

    jti: str


@dataclass(frozen=True, slots=True)
class SetAside:
    """The carrier never will: keep it, send it no more, tell an operator."""

    jti: str
    reason: str


@dataclass(frozen=True, slots=True)
class Stray:
    """An answer to nothing that waits here; nothing has changed."""

    jti: str


Effect = Send | Forget | SetAside | Stray


class StatementQueue:
    """In order, a few at once, nothing forgotten without an answer."""

    def __init__(self, waiting: Sequence[Signed], choose: Callable[[], float]) -> None:
        """Take what waits, oldest first; `choose` gives 0 … 1, for the jitter."""
        self._waiting = list(waiting)
        self._sent: list[str] = []  # jti of those that were sent since the last wait
        self._patience = Backoff(ANSWER_FROM_S, ANSWER_TO_S, choose)
        self.deadline: float | None = None

    @property
    def waiting(self) -> int:
        """How many have no answer."""
        return len(self._waiting)

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in one event; return what must now be done, in order."""
        done: list[Effect] = []
        match event:
            case Kept(statement):
                if any(one.jti == statement.jti for one in self._waiting):
                    return []  # it was on the disk when we began
                self._waiting.append(statement)
                self._sent.append(statement.jti)  # a person waits for it: at once
                done.append(Send(statement))
            case Online():
                self._patience.reset()
                self._begin_anew()
            case Answered():
                done.append(self._answered(event))
            case TimePassed():
                if self.deadline is not None and now >= self.deadline:
                    self._waiting.sort(key=lambda one: one.jti in self._sent)
                    self._begin_anew()
            case _:
                assert_never(event)
        return done + self._send_more(now)

    def _answered(self, answer: Answered) -> Effect:
        for place, one in enumerate(self._waiting):
            if (one.jti, one.hash) == (answer.jti, answer.hash):
                del self._waiting[place]
                if one.jti in self._sent:
                    self._sent.remove(one.jti)
                self._patience.reset()
                if not self._sent:
                    self.deadline = None
                if answer.outcome == "kept":
                    return Forget(one.jti)
                return SetAside(one.jti, answer.reason)
        return Stray(answer.jti)

    def _begin_anew(self) -> None:
        self._sent.clear()
        self.deadline = None

    def _send_more(self, now: float) -> list[Effect]:
        done: list[Effect] = []
        for one in self._waiting:
            if len(self._sent) >= AT_ONCE:
                break
            if one.jti not in self._sent:
                self._sent.append(one.jti)
                done.append(Send(one))
        if self._sent and self.deadline is None:
            self.deadline = now + self._patience.next_s()
        return done
