"""Rows of the register: who holds which number now, and all that ever happened to it.

Nothing is deleted and no event is changed. All functions work inside the caller's
transaction. Leaves to others: whether something may happen (`register`), disputes
(`disputing`).
"""

import datetime
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from likeness.carrier.register.tables import disputes, events
from likeness.carrier.register.tables import registrations as table
from likeness.core.binding import Holding
from likeness.core.numbering import Kind

ID_BYTES = 8


class What(StrEnum):
    """What happened to a registration."""

    BOUND = "bound"
    SIM_REPLACED = "sim_replaced"
    REVERIFIED = "reverified"
    TRANSFERRED = "transferred"  # to another person: it ends, another begins
    ENDED = "ended"
    DISPUTED = "disputed"
    DISPUTE_UPHELD = "dispute_upheld"
    DISPUTE_REJECTED = "dispute_rejected"


@dataclass(frozen=True, slots=True)
class Proof:
    """The result by which something happened."""

    transaction: str
    device: str
    epoch: str
    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a registration's history."""

    registration: str
    what: What
    at_s: int
    by: str
    about: str = ""
    result: str = ""  # its hash


@dataclass(frozen=True, slots=True)
class Registration:
    """A number, bound to a person by a result."""

    id: str
    kind: Kind
    number: str = field(repr=False)
    person: str = field(repr=False)
    place: str = field(repr=False)
    since_s: int
    is_active: bool
    proof: Proof

    @property
    def since(self) -> datetime.date:
        """The day on which it was bound, UTC."""
        return datetime.datetime.fromtimestamp(self.since_s, datetime.UTC).date()


def bind(
    db: sa.Connection,
    kind: Kind,
    number: str,
    person: str,
    proof: Proof,
    *,
    place: str,
    now_s: int,
) -> Registration:
    """Write a new registration; the database refuses a second active one."""
    made = Registration(
        id=secrets.token_hex(ID_BYTES),
        kind=kind,
        number=number,
        person=person,
        place=place,
        since_s=now_s,
        is_active=True,
        proof=proof,
    )
    db.execute(
        table.insert().values(
            id=made.id,
            kind=kind,
            number=number,
            person=person,
            place=place,
            since_utc_s=now_s,
            state="active",
            transaction_name=proof.transaction,
            device=proof.device,
            epoch=proof.epoch,
            seq=proof.seq,
            hash=proof.hash,
        )
    )
    return made


def end(db: sa.Connection, registration: str) -> None:
    """End a registration; its number is free then."""
    db.execute(table.update().where(table.c.id == registration).values(state="ended"))


def note(db: sa.Connection, event: Event) -> None:
    """Add to the history."""
    db.execute(
        events.insert().values(
            registration=event.registration,
            what=event.what,
            at_utc_s=event.at_s,
            by=event.by,
            about=event.about,
            result=event.result,
        )
    )


def by_id(db: sa.Connection, registration: str) -> Registration | None:
    """Return one, active or not."""
    row = db.execute(sa.select(table).where(table.c.id == registration)).first()
    return None if row is None else _of(row)


def active(db: sa.Connection, kind: Kind, number: str) -> Registration | None:
    """Return the one that holds this number now."""
    row = db.execute(
        sa.select(table).where(
            table.c.kind == kind, table.c.number == number, table.c.state == "active"
        )
    ).first()
    return None if row is None else _of(row)


def of_person(db: sa.Connection, person: str) -> list[Registration]:
    """Return all that a person holds now, the oldest first."""
    asked = sa.select(table).where(table.c.person == person, table.c.state == "active")
    rows = db.execute(asked.order_by(table.c.since_utc_s, table.c.number))
    return [_of(row) for row in rows]


def count(db: sa.Connection, person: str, kind: Kind) -> int:
    """Return how many numbers of a kind a person holds now."""
    return sum(one.kind is kind for one in of_person(db, person))


def holding(db: sa.Connection, found: Registration | None) -> Holding | None:
    """Return what the rules must know of it."""
    if found is None:
        return None
    asked = sa.select(disputes.c.id).where(
        disputes.c.registration == found.id, disputes.c.state == "open"
    )
    is_disputed = db.execute(asked.limit(1)).first() is not None
    return Holding(found.kind, found.number, found.person, is_disputed)


def history(db: sa.Connection, kind: Kind, number: str) -> list[Event]:
    """Return all that ever happened to a number, the oldest first."""
    same = (events.c.registration == table.c.id) & (table.c.kind == kind)
    rows = db.execute(
        sa.select(events)
        .join(table, same)
        .where(table.c.number == number)
        .order_by(events.c.number)
    )
    return [
        Event(
            row.registration,
            What(row.what),
            row.at_utc_s,
            row.by,
            row.about,
            row.result,
        )
        for row in rows
    ]


def _of(row: sa.Row[Any]) -> Registration:
    return Registration(
        id=row.id,
        kind=Kind(row.kind),
        number=row.number,
        person=row.person,
        place=row.place,
        since_s=row.since_utc_s,
        is_active=row.state == "active",
        proof=Proof(row.transaction_name, row.device, row.epoch, row.seq, row.hash),
    )
