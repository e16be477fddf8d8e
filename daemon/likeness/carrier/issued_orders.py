"""Every order has a number of its own, greater than all before for this terminal.

A lost database must not lock the carrier out of its terminals, so numbers begin at the
clock: seconds since 1970, and one more wherever that is used. Leaves to others: what is
ordered, signing, sending.
"""

from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier import tables

COMMAND = "command"
DESIRED = "desired"
VISIT = "visit"  # start, cancel


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What is to be signed as soon as its number is known."""

    device: str
    kind: str
    name: str
    make: Callable[[int], str]


def issue(db: sa.Connection, order: NewOrder, now_s: int) -> str:
    """Number, sign and keep an order; return its token."""
    place = (
        tables.orders.c.device == order.device,
        tables.orders.c.kind == order.kind,
    )
    last = db.execute(
        sa.select(sa.func.max(tables.orders.c.number)).where(*place)
    ).scalar()
    number = max((last or 0) + 1, now_s)
    token = order.make(number)
    db.execute(
        tables.orders.insert().values(
            device=order.device,
            kind=order.kind,
            number=number,
            name=order.name,
            made_utc_s=now_s,
            token=token,
            answer="",
        )
    )
    return token


def keep_answer(db: sa.Connection, token: str, answer: str) -> None:
    """Keep the answer beside its order."""
    db.execute(
        tables.orders.update()
        .where(tables.orders.c.token == token)
        .values(answer=answer)
    )
