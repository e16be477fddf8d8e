"""Replaces what is personal in a visit's events so that the rules decide the same.

- A card keeps its kind, its doubts and whether it is valid today. Its number becomes a
  mark, the same for the same card; name, dates and pictures are dropped.
- An embedding becomes its coordinates along the visit's own embeddings, in the order in
  which they came (Gram-Schmidt): every product of two of them stays, and nothing else.
  The axes are forgotten with the visit.
- Colours of a skin become ratios to the first ones that could be used.
- A transaction and the nonces become the seeds that were drawn from.

What is left says how a visit went and how alike its pictures were; of whom, it cannot
say (decision 46). Leaves to others: keeping, writing.
"""

import hashlib
import hmac
import math
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from operator import mul
from typing import Final, assert_never

from likeness.core import challenge, light, light_signal
from likeness.core import visit_events as e
from likeness.core.light_answer import is_usable
from likeness.core.seen import Embedding, Face, FaceLight, Observation, Rgb
from likeness.core.vocabulary import Card

CARDS: Final = 100  # so many are told apart
# A vector that lies nearer to those before it has no direction of its own.
LEAST_REST: Final = 1e-9
# Between the darkest and the brightest colour that is judged, so that both are far.
REFERENCE: Final = 0.0436
DAY: Final = timedelta(days=1)
FACT: Final = re.compile("[a-z_]{1,40}(:[a-z_]{1,40})?")  # our own words
WORD: Final = re.compile("[!-~]{0,64}")  # a consent's: of ours, or the operator's


class Axes:
    """An orthonormal basis that grows with each vector that is not in it yet."""

    def __init__(self) -> None:
        self._axes: list[tuple[float, ...]] = []

    def place(self, vector: Embedding) -> Embedding:
        """Return the vector's coordinates, as many as there are axes with its own."""
        rest: Sequence[float] = vector
        found = []
        for axis in self._axes:
            along = sum(map(mul, rest, axis))
            found.append(along)
            rest = [one - along * other for one, other in zip(rest, axis, strict=True)]
        length = math.sqrt(sum(map(mul, rest, rest)))
        if not math.isfinite(length):
            return (math.nan,)
        if length > LEAST_REST:
            self._axes.append(tuple(one / length for one in rest))
            found.append(length)
        return tuple(found)


class Masks:
    """Those of one terminal; what tells one visit's people from others ends with it.

    Args:
        key: random bytes; without them a mark says nothing about a card.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._cards: dict[bytes, int] = {}
        self._marks = 0
        self._begin: e.Begin | None = None
        self.forget()

    def forget(self) -> None:
        """Drop what only the visit that is over needed."""
        self._begin = None
        self._axes = Axes()
        self._pictures: dict[int, int] = {}
        self._unlit: tuple[Rgb, ...] = ()

    def mask(self, event: e.Event) -> e.Event:
        """Return the event without what is personal."""
        match event:
            case e.Begin():
                return self._begun(event)
            case e.ConsentGiven(consent):
                text = consent.text if WORD.fullmatch(consent.text) else ""
                return replace(event, consent=replace(consent, text=text, at_s=0))
            case e.CardPresented(card):
                return e.CardPresented(self._card(card))
            case e.Enrolled(visit, embedding, _, reason):
                placed = None if embedding is None else self._axes.place(embedding)
                return e.Enrolled(visit, placed, reason=reason)
            case e.NonceGranted(visit, nonce, source):
                return e.NonceGranted(visit, self._seeds(nonce), source)
            case e.Observed(visit, observation):
                return e.Observed(visit, self._observation(observation))
            case (
                e.ConsentRefused()
                | e.CardFailed()
                | e.CardTaken()
                | e.PictureEnded()
                | e.PictureStalled()
                | e.PictureBack()
                | e.Cancelled()
                | e.AttendantAsked()
                | e.MoreTimeAsked()
                | e.AlternativeAsked()
                | e.LightAccepted()
                | e.LightSkipped()
                | e.LightBegun()
                | e.Lingered()
                | e.Left()
                | e.Committed()
                | e.TimePassed()
            ):
                return event
            case _:
                assert_never(event)

    def _begun(self, begin: e.Begin) -> e.Begin:
        self.forget()
        self._begin = begin
        return replace(
            begin,
            transaction=f"visit-{begin.visit}",
            device_nonce=b"",
            spare_nonce=self._seeds(begin.spare_nonce),
            nonces_are_seeds=True,
        )

    def _seeds(self, nonce: bytes) -> bytes:
        """Return both seeds of a nonce; nothing for one that is of no visit."""
        begin = self._begin
        if begin is None:
            return b""
        given = (nonce, begin.device_nonce, begin.transaction)
        return challenge.seed_of(*given) + light.seed_of(*given)

    def _card(self, card: Card) -> Card:
        today = self._begin.today if self._begin else date.max
        early = card.valid_from is not None and today < card.valid_from
        late = card.valid_to is not None and today > card.valid_to
        return Card(
            kind=card.kind,
            number=self._mark(card),
            name="",
            valid_from=today + DAY if early else None,
            valid_to=today - DAY if late else None,
            long_term=card.long_term,
            doubts=card.doubts,
            checked=tuple(filter(FACT.fullmatch, card.checked)),
            unchecked=tuple(filter(FACT.fullmatch, card.unchecked)),
            concerns=card.concerns,
        )

    def _mark(self, card: Card) -> str:
        if not card.number:
            return ""
        said = f"{card.kind}\0{card.number}".encode()
        digest = hmac.digest(self._key, said, hashlib.sha256)
        if digest not in self._cards:
            self._marks += 1
            if len(self._cards) >= CARDS:
                del self._cards[next(iter(self._cards))]
        return f"card-{self._cards.setdefault(digest, self._marks)}"

    def _observation(self, seen: Observation) -> Observation:
        digest = seen.digest
        if digest:
            digest = self._pictures.setdefault(digest, len(self._pictures) + 1)
        face = None if seen.face is None else self._face(seen.face)
        return replace(seen, digest=digest, face=face)

    def _face(self, face: Face) -> Face:
        embedding, lit = face.embedding, face.light
        return replace(
            face,
            landmarks=None,
            embedding=None if embedding is None else self._axes.place(embedding),
            light=None if lit is None else self._lit(lit),
        )

    def _lit(self, lit: FaceLight) -> FaceLight:
        """Return ratios, of which only the changes are judged; black: of no use."""
        colours = (*lit.regions, lit.surround)
        if not is_usable(lit):
            black = (0.0, 0.0, 0.0)
            return FaceLight((black,) * len(lit.regions), black)
        if not self._unlit:
            self._unlit = colours
        *regions, surround = map(_ratio, colours, self._unlit)
        return FaceLight(tuple(regions), surround)


def _ratio(lit: Rgb, unlit: Rgb) -> Rgb:
    red, green, blue = (
        REFERENCE * max(one, light_signal.DARKEST) / max(other, light_signal.DARKEST)
        for one, other in zip(lit, unlit, strict=True)
    )
    return red, green, blue
