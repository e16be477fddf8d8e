"""Plays a transcript again to the rules of today, and says where they decide otherwise.

What stands before its first whole visit is context and is not played. Former visits of
a card that are not in the transcript are known by what came of them: that its tries
were used up. Leaves to others: reading the file, showing.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import msgspec

from likeness.core import visit_events as e
from likeness.core.session import Session
from likeness.core.transcript_words import (
    VERSION,
    Given,
    Head,
    Line,
    effect,
    profile_of,
    read,
)
from likeness.core.tries import Tries
from likeness.core.vocabulary import Card, Reason
from likeness.errors import UsageError

Kind = TypeVar("Kind", Head, Line)

SAME: Final = 1e-6  # scores travel as millionths


@dataclass(frozen=True, slots=True)
class Step:
    """One line, played."""

    number: int  # of the line in its file, from 1
    line: Line
    did: list[Given]  # what the rules of today make of it
    raised: str = ""
    played: bool = True  # False: a note, or what stands before the first visit

    @property
    def differs(self) -> bool:
        """Say whether the rules did otherwise then."""
        if not self.played:
            return False
        same = self.raised == self.line.raised and _same(self.did, self.line.did)
        return not same


def parse(text: bytes) -> tuple[Head, list[Line]]:
    """Take a transcript apart.

    Raises:
        UsageError: it is none, or of another version.
    """
    head, *rest = text.splitlines() or [b""]
    first = _decoded(head, 1, Head)
    lines = [_decoded(one, at, Line) for at, one in enumerate(rest, start=2)]
    if first.transcript != VERSION:
        raise UsageError(
            "it is a transcript of another version;"
            f" this program reads version {VERSION}"
        )
    return first, lines


def _decoded(text: bytes, number: int, kind: type[Kind]) -> Kind:
    try:
        return msgspec.json.decode(text, type=kind)
    except (msgspec.DecodeError, RecursionError) as wrong:
        raise UsageError(f"line {number} is none of a transcript: {wrong}") from wrong


def replay(head: Head, lines: Sequence[Line]) -> Iterator[Step]:
    """Give every line as it goes today.

    Raises:
        UsageError: a line, or the policy, cannot be read.
    """
    profile = profile_of(head.policy)
    tries = Tries(most=profile.tries, within_s=profile.tries_within_s, key=b"replay")
    session = Session(profile, tries_key=b"replay", tries=tries)
    begun = False
    card: Card | None = None
    for number, line in enumerate(lines, start=2):
        begun = begun or line.event == e.Begin.__name__
        if not line.event or not begun:
            yield Step(number, line, [], played=False)
            continue
        event = read(line.event, line.given)
        if isinstance(event, e.CardPresented):
            card = event.card
        if card is not None and _used_up(line):
            tries.use_up(card, line.at)
        try:
            effects = session.handle(event, line.at)
        except Exception as fault:  # noqa: BLE001 - as the transcript says which one
            yield Step(number, line, [], raised=type(fault).__name__)
            return
        yield Step(number, line, [effect(one) for one in effects])


def _used_up(line: Line) -> bool:
    ends = (one.get("reasons") for one in line.did)
    return any(Reason.TRIES_USED_UP in end for end in ends if isinstance(end, list))


def _same(one: Any, other: Any) -> bool:
    """Compare JSON values; numbers may differ by what no score can show."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=0, abs_tol=SAME)
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(
            _same(one[name], other[name]) for name in one
        )
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
