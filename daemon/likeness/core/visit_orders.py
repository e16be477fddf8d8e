"""What the carrier may order of visits, start and cancel, and what speaks against it.

A start opens the same consent step as a visitor's own tap or the clerk's desk. It names
no nonce and no acts: the order of acts still comes from the terminal's commitment and
the carrier's answer to it (design, section 2). Leaves to others: signatures, keeping
the counter, the visit.
"""

from likeness.core import command_doubts, orders
from likeness.core.command_doubts import Why
from likeness.core.messages import FromCarrier, Reference
from likeness.core.vocabulary import Purpose

START = "likeness-start+jws"
CANCEL = "likeness-cancel+jws"
LIFE_AT_MOST_S = 600  # somebody stands before the terminal now


class Start(FromCarrier, frozen=True, kw_only=True):
    """Open a visit."""

    counter: orders.Counter  # greater than that of each start or cancel before
    transaction: Reference
    purpose: Purpose


class Cancel(FromCarrier, frozen=True, kw_only=True):
    """End the visit of this transaction, and no other."""

    counter: orders.Counter
    transaction: Reference


VisitOrder = Start | Cancel
KINDS: dict[str, type[VisitOrder]] = {START: Start, CANCEL: Cancel}


def doubt(
    claims: VisitOrder,
    *,
    device: str,
    counter: int,
    earliest_s: int,
    believed_s: int | None,
) -> Why | None:
    """Return why it may not be obeyed; None: nothing speaks against it.

    Args:
        claims: what the carrier has signed.
        device: our name.
        counter: the last one that was accepted.
        earliest_s: the least that the time can be.
        believed_s: what a believed clock says; None: there is none.
    """
    why = command_doubts.of_place_and_time(
        claims,
        device=device,
        life_at_most_s=LIFE_AT_MOST_S,
        earliest_s=earliest_s,
        believed_s=believed_s,
    )
    return why or command_doubts.of_counter(claims.counter, counter)
