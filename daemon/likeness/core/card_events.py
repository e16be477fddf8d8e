"""What happens to the talk with a reader, and what must be done about it.

Leaves to others: which follows from which (card_dialogue).
"""

from dataclasses import dataclass, field

from likeness.core.card_moments import CardMoment
from likeness.core.card_trouble import Trouble


@dataclass(frozen=True, slots=True)
class Opened:
    """The line is open and empty."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes arrived; they may be personal data."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """The line is gone, e.g. unplugged."""

    why: str


@dataclass(frozen=True, slots=True)
class Seek:
    """A visit waits for a card."""


@dataclass(frozen=True, slots=True)
class Rest:
    """No card is wanted."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Event = Opened | Bytes | Lost | Seek | Rest | TimePassed


@dataclass(frozen=True, slots=True)
class Write:
    """Send one command."""

    command: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReaderReady:
    """The reader works; its id belongs into every result."""

    reader_id: str


@dataclass(frozen=True, slots=True)
class ReaderTrouble:
    """The reader does not work; the detail is for the installer."""

    kind: Trouble
    detail: str


@dataclass(frozen=True, slots=True)
class SetBaud:
    """Go on at another rate, on the line that is open."""

    baud: int


@dataclass(frozen=True, slots=True)
class Reopen:
    """Close the line, wait a little longer each time, open it again."""


Effect = Write | SetBaud | ReaderReady | ReaderTrouble | Reopen | CardMoment
