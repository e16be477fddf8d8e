"""What is told of a card, whatever reader it lies on.

Leaves to others: when each is told (card_cycle, the service).
"""

from dataclasses import dataclass, field

from likeness.core.card_trouble import Trouble


@dataclass(frozen=True, slots=True)
class CardFound:
    """A card is in the field: it must not move now."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was read whole: personal data, as the chip holds it."""

    text: bytes = field(repr=False)
    portrait_record: bytes = field(repr=False)
    reader_id: str
    appended: bytes = field(default=b"", repr=False)  # see Wishes.addresses
    fingerprint: bytes = field(default=b"", repr=False)  # see Wishes.fingerprint


@dataclass(frozen=True, slots=True)
class CardTrouble:
    """A card could not be read; the status word is for the report."""

    kind: Trouble
    status: str


@dataclass(frozen=True, slots=True)
class CardStillThere:
    """A card is sought, but the one before must be taken away first."""


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The card that was found, read or refused is gone."""


CardMoment = CardFound | CardRead | CardTrouble | CardStillThere | CardRemoved
