"""Says what stands in a transcript that should not: each value has its place and form.

For whoever is about to hand one on: a transcript that was written by another program,
or changed by hand, is not believed to be free of what is personal. Leaves to others:
reading it (transcript_replay.py).
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from likeness.core import visit_events as e
from likeness.core.challenge import SEED_BYTES
from likeness.core.seen import Embedding, Face
from likeness.core.transcript_masks import FACT, WORD
from likeness.core.transcript_words import EMBEDDING, Given, Line, read, write
from likeness.core.vocabulary import Card, Consent
from likeness.errors import UsageError

MARK: Final = re.compile("card-[0-9]{1,9}|")
TRANSACTION: Final = re.compile("visit-[0-9]{1,9}")
SEEDS: Final = (0, 2 * SEED_BYTES)  # none, or those of acts and light
RAISED: Final = re.compile("[A-Za-z_]{0,60}")
# The space is of a colour and its time: "green 310".
OUR_WORD: Final = re.compile("[a-z0-9_:.-]{0,40}|[a-z]{1,10} [0-9]{1,5}")
# What an effect has that is written (transcript_words.py).
DONE: Final = frozenset(
    {
        *("do", "state", "detail", "purpose", "verdict", "reasons", "profile"),
        *("nonce_source", "score", "threshold", "acts", "passive", "light"),
        "light_shown",
    }
)
SAID: Final = re.compile(r"[A-Za-z0-9_ .:=-]{0,200}")


def doubts(lines: Sequence[Line]) -> Iterator[str]:
    """Give a sentence for each line with something that no transcript of ours has."""
    # No embedding of a visit has more coordinates than there were embeddings before it,
    # and one of its own; of a visit whose beginning is not here, nobody knows how many.
    axes: int | None = None
    for number, line in enumerate(lines, start=2):
        if not SAID.fullmatch(line.said) or not SAID.fullmatch(line.note):
            yield f"line {number}: a note with other than plain words"
        if not RAISED.fullmatch(line.raised) or not all(map(_is_ours, line.did)):
            yield f"line {number}: what followed is in other than our words"
        if not line.event:
            if line.given:
                yield f"line {number}: more than a note"
            continue
        try:
            event = read(line.event, line.given)
        except UsageError:  # what it says may quote what stands there
            yield f"line {number}: no event of ours"
            continue
        if not is_within(line.given, write(event)):
            yield f"line {number}: more than such an event has"
        if isinstance(event, e.Begin):
            axes = 0
        if (given := _embedding(event)) is not None:
            size = max((at for at, one in enumerate(given, start=1) if one), default=0)
            most = EMBEDDING - 1 if axes is None else axes + 1
            axes = size if axes is None else most
            if size > most:
                yield f"line {number}: an embedding as it was, not its place"
        if (why := _doubt(event)) is not None:
            yield f"line {number}: {why}"


def is_within(given: Given, whole: Given) -> bool:
    """Whether no member is there that the whole has not, at any depth."""
    return given.keys() <= whole.keys() and all(
        is_within(one, whole[name])
        for name, one in given.items()
        if isinstance(one, dict)
    )


def _is_ours(done: Given) -> bool:
    return DONE.issuperset(done) and all(map(_is_plain, done.values()))


def _is_plain(value: object) -> bool:
    """Whether it is our own words and numbers, in no more than two lists."""
    match value:
        case str():
            return OUR_WORD.fullmatch(value) is not None
        case list():
            inner = (deep for one in value for deep in _inside(one))
            return all(not isinstance(one, list) and _is_plain(one) for one in inner)
        case int() | float() | None:
            return True
        case _:
            return False


def _inside(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _embedding(event: e.Event) -> Embedding | None:
    match event:
        case e.Enrolled(_, embedding):
            return embedding
        case e.Observed(_, observation):
            return observation.face.embedding if observation.face else None
        case _:
            return None


def _doubt(event: e.Event) -> str | None:
    match event:
        case e.Begin():
            plain = event.nonces_are_seeds and not event.device_nonce
            plain = plain and len(event.spare_nonce) in SEEDS
            if not plain or not TRANSACTION.fullmatch(event.transaction):
                return "a transaction or nonce as it was"
        case e.ConsentGiven(consent):
            return _of_consent(consent)
        case e.NonceGranted(_, nonce):
            return None if len(nonce) in SEEDS else "a nonce as it was"
        case e.CardPresented(card):
            return _of_card(card)
        case e.Enrolled(portrait_sha256=digest):
            return "a portrait's digest" if digest else None
        case e.Observed(_, observation):
            face = observation.face
            return None if face is None else _of_face(face)
        case _:
            pass
    return None


def _of_consent(consent: Consent) -> str | None:
    words = (consent.text, consent.given, consent.language, consent.digest)
    plain = all(map(WORD.fullmatch, words)) and not consent.at_s
    return None if plain else "a consent in other than our words, or its time"


def _of_card(card: Card) -> str | None:
    plain = Card(
        kind=card.kind,
        number=card.number,
        name="",
        valid_from=card.valid_from,
        valid_to=card.valid_to,
        long_term=card.long_term,
        doubts=card.doubts,
        checked=card.checked,
        unchecked=card.unchecked,
        concerns=card.concerns,
    )
    facts = all(map(FACT.fullmatch, (*card.checked, *card.unchecked)))
    if card != plain or not facts or not MARK.fullmatch(card.number):
        return "what stood on a card"
    return None


def _of_face(face: Face) -> str | None:
    return "a face's landmarks" if face.landmarks is not None else None
