"""What happens to the talk with a PN532, and what must be done about it.

Leaves to others: which follows from which (pn532_dialogue).
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Opened:
    """The line is open: wake the reader."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Something came over the line; may be personal data."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Find:
    """Order: look for a card once."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Order: give one command to the card; personal data in its answer."""

    apdu: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rest:
    """Order: let go of the card and switch the field off."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Order = Find | Exchange | Rest
Event = Opened | Bytes | Order | TimePassed


@dataclass(frozen=True, slots=True)
class Write:
    """Send these bytes; may be personal data."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ready:
    """The reader is awake; which chip and firmware it has."""

    name: str


@dataclass(frozen=True, slots=True)
class CardThere:
    """A card takes APDUs now; how it answered, for the report."""

    answer_to_select: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoCard:
    """There is none."""


@dataclass(frozen=True, slots=True)
class OtherCard:
    """A card is there that takes no APDUs: a ticket, a door's key."""


@dataclass(frozen=True, slots=True)
class Answered:
    """What the card said, with its status word; personal data."""

    response: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CardFault:
    """The card did not answer as it should; it may be gone."""

    why: str


@dataclass(frozen=True, slots=True)
class Resting:
    """The field is off."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The reader itself does not answer: open it anew."""

    why: str


Outcome = Ready | CardThere | NoCard | OtherCard | Answered | CardFault | Resting
Effect = Write | Outcome | Broken
