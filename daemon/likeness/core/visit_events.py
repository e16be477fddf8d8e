"""What can happen in a visit (events) and what must then be done (effects).

Events are in the past tense, effects in the imperative. The rules that turn one into
the other stand in session.py.
"""

from dataclasses import dataclass, field
from datetime import date

from likeness.core.seen import Embedding, Observation
from likeness.core.vocabulary import (
    Act,
    Alternative,
    Card,
    Conclusion,
    Consent,
    NonceSource,
    Purpose,
    Reason,
)


# --- events -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Begin:
    """A visit is wanted. The nonces are random; `acts` scripts a recording's acts."""

    visit: int
    purpose: Purpose
    transaction: str
    device_nonce: bytes = field(repr=False)
    spare_nonce: bytes = field(repr=False)  # in the carrier's place if it is silent
    today: date
    acts: tuple[Act, ...] | None = None
    today_is_known: bool = True  # else it is the earliest day that today can be
    # In a transcript: each nonce is the two seeds that came of it, for acts and light.
    nonces_are_seeds: bool = False


@dataclass(frozen=True, slots=True)
class ConsentGiven:
    """The visitor agreed, by a gesture that is named; None: to whatever visit is."""

    consent: Consent
    visit: int | None = None


@dataclass(frozen=True, slots=True)
class ConsentRefused:
    """The visitor did not agree, or no longer; None: to whatever visit there is."""

    visit: int | None = None


@dataclass(frozen=True, slots=True)
class CardPresented:
    """A card was read whole."""

    card: Card


@dataclass(frozen=True, slots=True)
class CardFailed:
    """The card cannot be used, and why."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class CardTaken:
    """The card left the reader."""


@dataclass(frozen=True, slots=True)
class Enrolled:
    """The card's portrait was prepared; without an embedding there is a reason."""

    visit: int
    embedding: Embedding | None = field(repr=False)
    portrait_sha256: str = field(default="", repr=False)
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class NonceGranted:
    """The carrier opened the visit with its nonce."""

    visit: int
    nonce: bytes = field(repr=False)
    source: NonceSource = NonceSource.CARRIER


@dataclass(frozen=True, slots=True)
class Observed:
    """One frame was understood."""

    visit: int
    observation: Observation


@dataclass(frozen=True, slots=True)
class PictureEnded:
    """There will be no more frames: lost camera, or the end of a recording."""

    reason: Reason


@dataclass(frozen=True, slots=True)
class PictureStalled:
    """The camera gives no frames; it is being started anew."""

    visit: int


@dataclass(frozen=True, slots=True)
class PictureBack:
    """The camera gives frames again, from the next one on."""

    visit: int


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Somebody with the right to do so ends the visit; None: whichever there is."""

    visit: int | None = None


@dataclass(frozen=True, slots=True)
class AttendantAsked:
    """The visitor wants a person instead of this machine."""

    visit: int


@dataclass(frozen=True, slots=True)
class MoreTimeAsked:
    """The visitor wants longer windows; heard once a visit."""

    visit: int


@dataclass(frozen=True, slots=True)
class AlternativeAsked:
    """The visitor wants another act in the place of those that are hard."""

    visit: int
    instead: Alternative


@dataclass(frozen=True, slots=True)
class LightAccepted:
    """The visitor has read the warning and goes on with the colours."""

    visit: int


@dataclass(frozen=True, slots=True)
class LightSkipped:
    """The visitor wants no colours, or there is no screen that could show them."""

    visit: int


@dataclass(frozen=True, slots=True)
class LightBegun:
    """The first colour stands on the screen since then, on the capture clock."""

    visit: int
    shown_s: float


@dataclass(frozen=True, slots=True)
class Lingered:
    """The visitor still reads after the verdict: stay for at least so long."""

    visit: int
    for_s: float


@dataclass(frozen=True, slots=True)
class Left:
    """The visitor has seen the verdict and is done."""

    visit: int


@dataclass(frozen=True, slots=True)
class Committed:
    """The signed result is safe on disk."""

    visit: int


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


ByVisitor = ConsentGiven | ConsentRefused | Cancelled | AttendantAsked | Lingered | Left
Wish = MoreTimeAsked | AlternativeAsked
OfLight = LightAccepted | LightSkipped | LightBegun
ByReader = CardPresented | CardFailed | CardTaken
OfPicture = PictureEnded | PictureStalled | PictureBack
Answer = Enrolled | NonceGranted | Committed
Event = (
    Begin
    | ByVisitor
    | Wish
    | OfLight
    | ByReader
    | Answer
    | Observed
    | OfPicture
    | TimePassed
)


# --- effects ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Show:
    """Tell the visitor; one sentence at a time."""

    state: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SeekCard:
    """Poll the reader for a card."""


@dataclass(frozen=True, slots=True)
class Enrol:
    """Decode the card's portrait and embed it."""

    visit: int
    card: Card


@dataclass(frozen=True, slots=True)
class AskNonce:
    """Ask the carrier to open the visit, committed to our own nonce."""

    visit: int
    transaction: str
    purpose: Purpose
    commitment: bytes


@dataclass(frozen=True, slots=True)
class StartLooking:
    """Give every frame to vision from now on."""

    visit: int


@dataclass(frozen=True, slots=True)
class StopLooking:
    """No more frames; forget the face."""


@dataclass(frozen=True, slots=True)
class Conclude:
    """Sign this, commit it, then show it."""

    conclusion: Conclusion


@dataclass(frozen=True, slots=True)
class VisitOver:
    """Everything about this visit may be forgotten."""

    visit: int


Effect = (
    Show
    | SeekCard
    | Enrol
    | AskNonce
    | StartLooking
    | StopLooking
    | Conclude
    | VisitOver
)
