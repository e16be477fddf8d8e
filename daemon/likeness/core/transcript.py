"""Keeps the last events of the terminal, with their times and effects, in memory.

The last 500; the visit that goes on is kept whole, so that it can be played again, as
long as it has room. What is personal never comes in. Leaves to others: what is personal
(transcript_masks.py), the words (transcript_words.py), when it is wanted.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final

import msgspec

from likeness.core import visit_events as e
from likeness.core.profile import Profile
from likeness.core.transcript_masks import Masks
from likeness.core.transcript_words import (
    VERSION,
    Given,
    Head,
    Line,
    effect,
    policy_of,
    write,
)

EVENTS: Final = 500
# Of the visit that goes on: a minute at 30 frames/s, some 2 MB in memory.
VISIT_EVENTS: Final = 2000
NOTE_CHARS: Final = 200


@dataclass(slots=True)
class _Taken:
    """One event, masked. It becomes a line when it is wanted, which is seldom."""

    at: float
    event: e.Event
    did: list[Given] = field(default_factory=list)
    raised: str = ""

    @property
    def line(self) -> Line:
        return Line(
            at=self.at,
            event=type(self.event).__name__,
            given=write(self.event),
            did=self.did,
            raised=self.raised,
        )


class Transcript:
    """That of one terminal.

    Args:
        profile: the policy in force.
        software: its version.
        key: random bytes, for the marks of cards.
    """

    def __init__(self, profile: Profile, *, software: str, key: bytes) -> None:
        self._policy = policy_of(profile)
        self._software = software
        self._masks = Masks(key)
        self._kept: deque[_Taken | Line] = deque()
        self._open: _Taken | None = None  # what the rules have not answered yet
        self._of_visit = 0  # so many of the last belong to the visit that goes on
        self._whole = False  # it is kept whole

    def took(self, event: e.Event, now: float) -> None:
        """Note an event that the rules are about to be given."""
        if isinstance(event, e.Begin):
            self._of_visit, self._whole = 0, True
        self._open = _Taken(now, self._masks.mask(event))
        self._keep(self._open)

    def gave(self, effects: Sequence[e.Effect]) -> None:
        """Note what the rules made of it."""
        taken, self._open = self._open, None
        if taken is None or not effects:
            return
        taken.did = [effect(one) for one in effects]
        if any(isinstance(one, e.VisitOver) for one in effects):
            self._masks.forget()
            self._of_visit, self._whole = 0, False
            self._trim()

    def fell(self, what: str) -> None:
        """Note that in place of an answer this was raised; else nothing happens."""
        taken, self._open = self._open, None
        if taken is not None:
            taken.raised = what

    def note(self, part: str, said: str, now: float) -> None:
        """Note what a part beside the visit said; nothing personal may be in it."""
        self._keep(Line(at=now, note=part, said=said[:NOTE_CHARS]))

    def lines(self, why: str, facts: Mapping[str, Any]) -> Iterator[bytes]:
        """Give all of it as it is now, the head first, each line without its end.

        A line is made when it is asked for, on whatever thread: a visit may go on.

        Args:
            why: it is wanted, in a word.
            facts: what else is known of the terminal, nothing personal.
        """
        head = Head(
            transcript=VERSION,
            software=self._software,
            policy=self._policy,
            why=why,
            facts=dict(facts),
        )
        kept = tuple(self._kept)
        lines = (one if isinstance(one, Line) else one.line for one in kept)
        return map(msgspec.json.encode, chain((head,), lines))

    def _keep(self, one: _Taken | Line) -> None:
        self._kept.append(one)
        if self._whole:
            self._of_visit += 1
            if self._of_visit > VISIT_EVENTS:
                self._of_visit, self._whole = 0, False
        self._trim()

    def _trim(self) -> None:
        while len(self._kept) > max(EVENTS, self._of_visit):
            self._kept.popleft()
