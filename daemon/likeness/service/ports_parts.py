"""What one part of the service needs of another that it must not know.

One Protocol per need, no implementation; see `ports`.
"""

from collections.abc import Callable, Sequence
from typing import Literal, Protocol

from likeness.core.chain import Link, Stored
from likeness.core.scene import NumberLine
from likeness.core.visit_events import Effect, Event
from likeness.core.vocabulary import (
    Conclusion,
    Purpose,
)


class VisitWatch(Protocol):
    """Hears what becomes of each visit; has no say in it and must not raise."""

    def begun(self, visit: int, purpose: Purpose, transaction: str) -> None:
        """A visit begins."""
        ...

    def concluded(self, conclusion: Conclusion, stored: Stored | None) -> None:
        """It came to an end; `stored` None: the result could not be made safe."""
        ...

    def over(self, visit: int) -> None:
        """Nothing of it is kept any more; the next one may begin."""
        ...


class Visits(Protocol):
    """What an order must know of the visits: it waits for their end."""

    @property
    def idle(self) -> bool:
        """Whether no visit goes on."""
        ...

    async def at_rest(self) -> None:
        """Return as soon as no visit goes on."""
        ...

    def close(self, why: str) -> None:
        """Begin no visit any more; the screen says so."""
        ...


class Statements(Protocol):
    """What attendants and visitors state, signed, and kept until the carrier has it."""

    async def decision(
        self,
        *,
        transaction: str,
        result: Link,
        decision: Literal["accept", "refuse"],
        reason: str,
        attendants: tuple[str, ...],
    ) -> str:
        """State what attendants decided on a referred visit; return the `jti`.

        Returns when it is safe on the disk; it is sent whenever the line is up.

        Raises:
            UsageError: reason or attendants are empty, too long or too many.
            StoreFull: there is no room for it; nothing was stated.
            KeyLost: nothing can be signed; the same.
        """
        ...

    async def dispute(
        self, *, transaction: str, result: Link, answer: str, numbers: Sequence[str]
    ) -> str:
        """State which of the carrier's numbers are not the visitor's, in the same way.

        Args:
            transaction: the visit's.
            result: what the visit came to.
            answer: `jti` of the carrier's answer.
            numbers: the carrier's references, out of that answer.
        """
        ...


Answered = Callable[[int, tuple[NumberLine, ...] | None], None]


class Inquiry(Protocol):
    """Asks the carrier which numbers stand under an accepted visitor's name."""

    def ask(self, conclusion: Conclusion, stored: Stored, answered: Answered) -> None:
        """Ask once; `answered` is told the visit and the lines, on the loop.

        None for the lines: it cannot be asked now, the visitor asks an attendant. It is
        told at most once, and after some 10 s at the latest.
        """
        ...

    async def dispute(self, visit: int, places: Sequence[int]) -> str:
        """State that these lines, by their place from 0, are not the visitor's.

        Returns its `jti` when it is safe on the disk.

        Raises:
            UsageError: no such lines, or that visit's answer is not known any more.
            StoreFull, KeyLost: it could not be made safe.
        """
        ...

    def forget(self, visit: int) -> None:
        """Drop what was answered to this visit; harmless if there is nothing."""
        ...


class Scribe(Protocol):
    """Writes down what the rules are given and what they make of it; no say in it."""

    def took(self, event: Event, now: float) -> None:
        """An event is about to be given to the rules."""
        ...

    def gave(self, effects: Sequence[Effect]) -> None:
        """This follows from it."""
        ...
