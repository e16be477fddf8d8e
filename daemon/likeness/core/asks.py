"""What a terminal states or asks beside its results, and what the carrier answers.

A statement (an attendant's decision, a visitor's dispute) must not be lost; a question
(`check_numbers`) is good for a moment only. Each has a `typ` of its own (RFC 8725,
3.11), so that none can be taken for another. Leaves to others: signatures, sealing,
who may say what, keeping.
"""

from typing import Annotated, Literal

import msgspec

from likeness.core.messages import (
    Digest,
    Epoch,
    FromCarrier,
    Message,
    Name,
    PublicKey,
    Seq,
    Short,
    Time,
)

DECISION = "likeness-decision+jws"
DISPUTE = "likeness-dispute+jws"
QUESTION = "likeness-question+jws"
ANSWER = "likeness-answer+jws"  # says nothing of anybody, so it is not sealed
NUMBERS = "likeness-numbers+jws"  # always sealed to the visit's key

# 32 lines of the longest kind still fit into a message, sealed (jws.MAX_TOKEN_BYTES).
NUMBERS_AT_MOST = 32
REASON_CHARS = 400  # of two attendants, each with a code and a note of 160
# Eavesdroppers at the broker learn a sealed answer's size: up to eight numbers alike.
PAD_TO_BYTES = 2048

Reference = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{22}$(?!\n)")]
Masked = Annotated[str, msgspec.Meta(min_length=1, max_length=24)]
Attendants = Annotated[list[Name], msgspec.Meta(min_length=1, max_length=4)]


class At(Message, frozen=True, kw_only=True):
    """Which result this is about: its place in the chain, and its hash."""

    epoch: Epoch
    seq: Seq
    hash: Digest


class _Asked(Message, frozen=True, kw_only=True):
    """What each of them says: who, when, about which result."""

    iss: Name
    jti: Name
    iat: Time
    transaction: Name
    result: At
    boot: Short
    mono_ms: int  # since boot, sleep included
    time_quality: Short


class Decision(_Asked, frozen=True, kw_only=True):
    """What attendants decided on a visit that was referred to them."""

    ask: Literal["decision"]
    decision: Literal["accept", "refuse"]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=REASON_CHARS)]
    attendants: Attendants  # names that the shop gives them


class Dispute(_Asked, frozen=True, kw_only=True):
    """A visitor says of numbers under the own name that they are somebody else's."""

    ask: Literal["dispute"]
    answer: Name  # jti of the carrier's, whose references these are
    numbers: Annotated[
        list[Reference], msgspec.Meta(min_length=1, max_length=NUMBERS_AT_MOST)
    ]


class Question(_Asked, frozen=True, kw_only=True):
    """Which numbers stand under the name of the visitor who was just accepted?"""

    ask: Literal["check_numbers"]
    key: PublicKey  # made for this visit alone: the answer is sealed to it


Statement = Decision | Dispute
Asked = Statement | Question
KINDS: dict[str, type[Asked]] = {
    DECISION: Decision,
    DISPUTE: Dispute,
    QUESTION: Question,
}


class Answer(FromCarrier, frozen=True, kw_only=True):
    """What became of a statement, or why a question is not answered."""

    ask: Name  # its jti
    of: Digest  # SHA-256 of its signing input
    outcome: Literal["kept", "refused"]
    reason: Short = ""


class Number(Message, frozen=True, kw_only=True):
    """One number under a name: never a whole one."""

    number: Masked
    place: Annotated[str, msgspec.Meta(max_length=32)] = ""
    since: Annotated[str, msgspec.Meta(max_length=10)] = ""  # ISO 8601
    ref: Reference  # what the carrier calls it, for a dispute

    def __repr__(self) -> str:
        """Show nothing of anybody."""
        return "Number(…)"


class Numbers(FromCarrier, frozen=True, kw_only=True):
    """The answer to a question; bound to it, to its visit and to the visit's key."""

    ask: Name
    of: Digest
    transaction: Name
    key: Digest  # thumbprint (RFC 7638) of the key that it is sealed to
    numbers: Annotated[list[Number], msgspec.Meta(max_length=NUMBERS_AT_MOST)]
    pad: str = ""
