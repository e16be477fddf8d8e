"""What the carrier's own systems and the register say to each other, as types.

Where a person's numbers stand in them they show nothing of themselves. Leaves to
others: what follows from it (`api`).
"""

from typing import Annotated, Literal

import msgspec

from likeness.core.messages import Reference
from likeness.core.numbering import Kind
from likeness.core.vocabulary import Purpose

# What may be a number at all; `numbering.normal_number` knows more.
Number = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9+@._() -]{1,32}$(?!\n)",
        description=(
            "A telephone number in digits, or the name of a line. Spaces, hyphens and"
            " brackets in a telephone number are left out."
        ),
    ),
]
Place = Annotated[
    str,
    msgspec.Meta(
        max_length=32, description="Where it is given out; its holder is shown it."
    ),
]
Device = Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9._-]{0,64}$(?!\n)")]
Id = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{16}$(?!\n)")]
Wait = Annotated[int, msgspec.Meta(ge=0, le=30)]
Which = Literal["open", "upheld", "rejected", "all"]


class Silent(msgspec.Struct, frozen=True, kw_only=True):
    """Shows nothing of anybody."""

    def __repr__(self) -> str:
        """Name the type only."""
        return f"{type(self).__name__}(…)"


class Asked(Silent, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked for; a member that we do not know is no slip, but refused."""


class NumberAt(Asked, frozen=True, kw_only=True):
    """A number."""

    number: Number
    kind: Kind


class OpenTransaction(Asked, frozen=True, kw_only=True):
    """Open a transaction: its result must be for this purpose, and made after this."""

    purpose: Purpose
    # A name of the asker's own; without it one is made.
    transaction: Reference | None = None
    device: Device = ""  # its terminal; empty: any
    start: bool = True  # with a terminal: ask it to begin the visit
    for_number: NumberAt | None = None  # it is good for this one alone; none: any


class Transaction(Silent, frozen=True, kw_only=True):
    """How a transaction stands."""

    transaction: str
    purpose: Purpose
    device: str
    # open: no result yet; result: there is one; used, ended; expired: none came
    state: Literal["open", "result", "used", "ended", "expired"]
    opened_utc_s: int
    expires_utc_s: int
    verdict: str = ""
    reasons: list[str] = []
    usable: bool = False  # its result may be used now
    why_not: str = ""  # as in a problem's `reason`
    visit: Literal["", "started", "not_started"] = ""
    visit_reason: str = ""  # why the terminal has not begun it


class BindNumber(Asked, frozen=True, kw_only=True):
    """Bind a number by a transaction's result, or confirm who holds it."""

    number: Number
    kind: Kind
    place: Place = ""


class TransferNumber(Asked, frozen=True, kw_only=True):
    """Give a number to another person, by a result of each of the two."""

    number: Number
    kind: Kind
    holder_transaction: Reference  # for reverify_owner
    new_transaction: Reference  # for new_number or new_internet
    place: Place = ""


class About(Asked, frozen=True, kw_only=True):
    """Something about a number, by the asker's own reference."""

    number: Number
    kind: Kind
    reference: Reference


class LookUpPerson(Asked, frozen=True, kw_only=True):
    """Whoever was verified for this transaction, which was for check_numbers."""

    transaction: Reference


class SettleDispute(Asked, frozen=True, kw_only=True):
    """Upheld: the registration ends; rejected: it stands."""

    outcome: Literal["upheld", "rejected"]


class Registration(Silent, frozen=True, kw_only=True):
    """A number that is bound, and the result by which it is; never to whom."""

    registration: Id
    number: str
    kind: Kind
    place: str
    state: Literal["active", "ended"]
    since_utc_s: int
    transaction: str
    device: str
    epoch: str
    seq: int
    result: str  # hash of the result, as receipts name it


class Registrations(Silent, frozen=True, kw_only=True):
    """All that one person holds."""

    registrations: list[Registration]


class Event(Silent, frozen=True, kw_only=True):
    """Something that happened to a number."""

    registration: Id
    what: str
    at_utc_s: int
    by: str
    about: str
    result: str


class NumberState(Silent, frozen=True, kw_only=True):
    """What is known of a number."""

    state: Literal["free", "active"]
    disputed: bool
    registration: Registration | None
    history: list[Event]


class Ended(Silent, frozen=True, kw_only=True):
    """A registration that ended."""

    registration: Id


class Dispute(Silent, frozen=True, kw_only=True):
    """A number that somebody says is not under the right name."""

    dispute: Id
    registration: str  # empty: the number is not in the register
    number: str
    kind: str
    device: str  # empty: not from a terminal
    about: str  # the statement's name there, or the carrier's reference
    opened_utc_s: int
    state: Literal["open", "upheld", "rejected"]
    settled_utc_s: int | None


class Disputes(Silent, frozen=True, kw_only=True):
    """The oldest first, 500 at most."""

    disputes: list[Dispute]
