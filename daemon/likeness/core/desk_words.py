"""What is said between the desk and who stands at it: the words of its API.

Nothing here tells who a visitor is: a visit is known by the shop's own reference, which
is opaque to us. Leaves to others: the rules (service/desk.py), HTTP (edges/desk_*.py).
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from likeness.core.messages import Reference
from likeness.core.next_step import NextStep
from likeness.core.vocabulary import Purpose, Reason, Verdict

Transaction = Reference
Attendant = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9._-]{1,32}$(?!\n)",
        description="The staff number of who decides; it is signed with the decision.",
    ),
]
_DIGIT = "[0-9\u0660-\u0669\u06f0-\u06f9\uff10-\uff19]"  # Latin, Arabic, full width
Note = Annotated[
    str,
    msgspec.Meta(
        # A long number is most likely that of a document or a telephone, also in
        # groups, and in the digits of other scripts.
        pattern=rf"^(?!.*{_DIGIT}(?:[ ./()-]*{_DIGIT}){{4}})"
        r"[^\x00-\x1f\x7f]{0,160}$(?!\n)",
        max_length=160,
        description="In few words, and nothing that tells who the visitor is.",
    ),
]
Utc = Annotated[int, msgspec.Meta(ge=0, description="Seconds since 1970.")]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


class VisitState(StrEnum):
    """Where a visit stands; `ended` has a verdict, or says that none is safe."""

    OPENING = "opening"
    CONSENT = "consent"
    CARD = "card"
    LOOK = "look"
    ACTS = "acts"
    LIGHT = "light"
    VERDICT = "verdict"
    ENDED = "ended"


class DecisionReason(StrEnum):
    """Why an attendant decides so; the list that the page offers."""

    COMPARED_IN_PERSON = "compared_in_person"  # face and card, by the own eyes
    OTHER_DOCUMENT = "other_document"  # a second document was seen
    CANNOT_DO_ACTS = "cannot_do_acts"  # the visitor cannot, e.g. by a disability
    NOT_THE_HOLDER = "not_the_holder"
    DOCUMENT_IN_DOUBT = "document_in_doubt"
    VISITOR_LEFT = "visitor_left"
    OTHER = "other"  # say in the note which


class _Word(msgspec.Struct, frozen=True, kw_only=True):
    """What we say."""


class _Given(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client says: a member that we do not know is an error."""


# --- what a client says -------------------------------------------------------------
class OpenVisit(_Given, frozen=True, kw_only=True):
    """Open a visit for a transaction of the shop."""

    transaction: Transaction
    purpose: Purpose


class Decide(_Given, frozen=True, kw_only=True):
    """An attendant's own decision about a visit that was referred."""

    decision: Literal["accept", "refuse"]
    reason: DecisionReason
    attendant: Attendant
    note: Note = ""


# --- what we say --------------------------------------------------------------------
class ResultPlace(_Word, frozen=True, kw_only=True):
    """Where the signed result stands in this device's chain; its `jti` is both."""

    epoch: str
    seq: Count


class Decision(_Word, frozen=True, kw_only=True):
    """What was decided by attendants, and by which."""

    decision: Literal["accept", "refuse"]
    reason: DecisionReason
    attendants: tuple[str, ...]
    jti: str = ""  # of the signed statement; empty: a second attendant must confirm


class VisitLine(_Word, frozen=True, kw_only=True):
    """One visit, without anything about whose."""

    transaction: str
    purpose: Purpose
    state: VisitState
    begun_at: Utc
    next_step: NextStep
    verdict: Verdict | None = None
    reasons: tuple[Reason, ...] = ()
    asked: Count = 0  # acts, and how many of them were answered
    done: Count = 0
    result: ResultPlace | None = None
    has_person: bool = False  # the result says, sealed, whose card it was
    decision: Decision | None = None


class VisitList(_Word, frozen=True, kw_only=True):
    """The visits of the last 24 hours, the newest first."""

    visits: tuple[VisitLine, ...]
    obstacle: str  # why none can be opened now: "busy", "disk_full", …; empty: one can


class Call(_Word, frozen=True, kw_only=True):
    """Somebody at the terminal asks for an attendant."""

    id: Count
    since: Utc
    transaction: str = ""  # empty: nobody's visit


class CallList(_Word, frozen=True, kw_only=True):
    """The calls that nobody has answered, the oldest first."""

    calls: tuple[Call, ...]


class Part(_Word, frozen=True, kw_only=True):
    """How one part of the terminal is."""

    state: Literal["well", "starting", "lost", "unknown"]
    detail: str = ""


class HealthReport(_Word, frozen=True, kw_only=True):
    """How the terminal is."""

    reader: Part
    camera: Part
    broker: Part
    screen: Part
    clock: Part
    disk: Part
    outbox_waiting: Count  # results that the carrier has not signed for yet
    obstacle: str  # as in `VisitList`
    software: str
    decides: bool = True  # attendants' decisions are taken here
    two_persons: bool = False  # a decision needs two attendants


class DeskEvent(_Word, frozen=True, kw_only=True):
    """What has changed; the first one after connecting says all there is."""

    visits: tuple[VisitLine, ...] = ()
    calls: tuple[Call, ...] | None = None
    obstacle: str = ""


class Problem(_Word, frozen=True, kw_only=True):
    """Why not, and what to do (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str


class Refused(StrEnum):
    """Why the desk did not do what it was asked; edges/desk_problems.py has words."""

    BUSY = "busy"
    OUT_OF_SERVICE = "out_of_service"
    OTHER_PURPOSE = "other_purpose"
    UNKNOWN_VISIT = "unknown_visit"
    NO_RESULT_YET = "no_result_yet"
    NO_RESULT = "no_result"
    ALREADY_ENDED = "already_ended"
    NOT_REFERRED = "not_referred"
    NO_PERSON = "no_person"
    ALREADY_DECIDED = "already_decided"
    SAME_ATTENDANT = "same_attendant"
    ATTENDANTS_DISAGREE = "attendants_disagree"
    NO_DECISIONS = "no_decisions"
    NOT_KEPT = "not_kept"
    UNKNOWN_CALL = "unknown_call"


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """A decision that stands signed on the disk, as `Statements` gives it back."""

    transaction: str
    epoch: str
    seq: int
    decision: Literal["accept", "refuse"]
    reason: str  # a `DecisionReason`, perhaps with more behind it
    attendants: tuple[str, ...]
    jti: str
