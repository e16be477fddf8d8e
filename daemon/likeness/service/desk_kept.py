"""The visits that the desk can still speak of: of the last 24 hours, and bounded.

Leaves to others: what is said of them (desk.py).
"""

import asyncio
from dataclasses import dataclass, field

from likeness.core.desk_words import VisitLine, VisitState
from likeness.service.desk_decisions import Deciding

KEEP_S = 24 * 3600.0
MOST_VISITS = 500


@dataclass(slots=True)
class Kept:
    """One visit, with what is not said of it."""

    visit: int  # the terminal's number; 0: of a former run
    born_s: float
    line: VisitLine
    changed: int = 0
    deciding: Deciding | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)


class KeptVisits:
    """By transaction, in the order in which they began."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    @property
    def all(self) -> list[Kept]:
        """All of them, the oldest first."""
        return list(self._kept.values())

    def get(self, transaction: str) -> Kept | None:
        """Return the visit of a transaction."""
        return self._kept.get(transaction)

    def by_number(self, visit: int) -> Kept | None:
        """Return the visit that the terminal calls so."""
        found = (one for one in reversed(self._kept.values()) if one.visit == visit)
        return next(found, None)

    def put(self, kept: Kept, now: float) -> None:
        """Take one more, and let go of what is too old or too many."""
        self._kept.pop(kept.line.transaction, None)
        self._kept[kept.line.transaction] = kept
        self.forget_old(now)

    def forget_old(self, now: float) -> None:
        """Let go of what is too old or too many, and of no visit that goes on."""
        too_many = len(self._kept) - MOST_VISITS
        for name, one in list(self._kept.items()):
            if one.line.state is not VisitState.ENDED:
                continue
            if one.born_s < now - KEEP_S or too_many > 0:
                del self._kept[name]
                too_many -= 1
