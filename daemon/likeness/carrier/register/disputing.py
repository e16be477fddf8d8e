"""Disputes: a visitor says at a terminal, or the carrier knows, that a number is wrong.

What terminals have stated is kept by `stated` with references in place of numbers; here
it is taken up into the register, once, by whoever next needs to know. All functions
work inside the caller's transaction; disputes are locked after all else. Leaves to
others: who may state one (`stated`), what else happens to numbers (`binding`).
"""

import secrets
from dataclasses import dataclass, field
from typing import Any, Literal

import sqlalchemy as sa

from likeness.carrier import inquiries, stated, tables
from likeness.carrier.database import lock
from likeness.carrier.register import registrations
from likeness.carrier.register.persons import Persons
from likeness.carrier.register.registrations import ID_BYTES, Event, What
from likeness.carrier.register.tables import disputes as table
from likeness.carrier.register.tables import registrations as held
from likeness.core import asks, jws, messages
from likeness.core.numbering import Kind

LOCK = "disputes"
AT_MOST = 500  # in one list, the oldest first

Outcome = Literal["upheld", "rejected"]


@dataclass(frozen=True, slots=True)
class Dispute:
    """One number that somebody says is not under the right name."""

    id: str
    registration: str  # empty: the number is not in the register
    kind: str
    number: str = field(repr=False)
    device: str  # empty: not from a terminal
    about: str  # the statement's jti, or the reference of who opened it
    opened_s: int
    state: str  # "open", "upheld", "rejected"
    settled_s: int | None


def take_up(db: sa.Connection, persons: Persons, now_s: int) -> None:
    """Put what terminals have stated since into the register."""
    if not _new(db):
        return
    lock(db, [LOCK])
    for row in _new(db):  # another program may have been here meanwhile
        said = messages.from_json(jws.decode(row.payload), asks.Dispute)
        known = _registrations(db, persons, row.device, said)
        for ref in dict.fromkeys(said.numbers):  # a terminal may name one twice
            one = known.get(ref, "")
            _write(db, one, row.device, row.jti, ref, row.kept_utc_s)
            if one:
                event = Event(one, What.DISPUTED, now_s, row.device, row.jti)
                registrations.note(db, event)


def open_by_carrier(
    db: sa.Connection, registration: str, reference: str, by: str, now_s: int
) -> str:
    """Open a dispute in the carrier's own name; said twice it is the same one."""
    lock(db, [LOCK])
    before: str | None = db.execute(
        sa.select(table.c.id).where(
            table.c.device == "",
            table.c.statement == reference,
            table.c.registration == registration,
        )
    ).scalar()
    if before is not None:
        return before
    event = Event(registration, What.DISPUTED, now_s, by, reference)
    registrations.note(db, event)
    return _write(db, registration, "", reference, "", now_s)


def settle(
    db: sa.Connection, one: Dispute, outcome: Outcome, by: str, now_s: int
) -> None:
    """Settle a dispute; where it is upheld, its registration ends."""
    if one.registration:
        if outcome == "upheld":
            registrations.end(db, one.registration)
        what = What.DISPUTE_UPHELD if outcome == "upheld" else What.DISPUTE_REJECTED
        registrations.note(db, Event(one.registration, what, now_s, by, one.id))
    db.execute(
        table.update()
        .where(table.c.id == one.id)
        .values(state=outcome, settled_utc_s=now_s)
    )


def find(db: sa.Connection, dispute: str) -> Dispute | None:
    """Return one."""
    row = db.execute(_asked().where(table.c.id == dispute)).first()
    return None if row is None else _of(row)


def listed(db: sa.Connection, state: str) -> list[Dispute]:
    """Return those in a state, or all where it is empty; the oldest first."""
    asked = _asked().order_by(table.c.opened_utc_s, table.c.id).limit(AT_MOST)
    if state:
        asked = asked.where(table.c.state == state)
    return [_of(row) for row in db.execute(asked)]


def number_lock(kind: Kind | str, number: str) -> str:
    """Return by which name a number is locked."""
    return f"number {kind} {number}"


# --- inside -------------------------------------------------------------------------
# Any: rows of `statements`.
def _new(db: sa.Connection) -> list[sa.Row[Any]]:
    said = tables.statements
    here = sa.select(table.c.id).where(
        table.c.device == said.c.device, table.c.statement == said.c.jti
    )
    return list(
        db.execute(sa.select(said).where(said.c.decision == "", ~here.exists()))
    )


def _registrations(
    db: sa.Connection, persons: Persons, device: str, said: asks.Dispute
) -> dict[str, str]:
    """Return which registration each reference of the answer meant."""
    result, _ = stated.result_of(db, device, said)
    asked = stated.inquiry(db, device, said.result)
    person = persons.of(result) if result is not None else None
    if person is None or asked is None:
        return {}
    # Also what has ended since: it stood there when it was disputed.
    rows = db.execute(
        sa.select(held.c.id, held.c.kind, held.c.number)
        .where(held.c.person == person)
        .order_by(held.c.since_utc_s)
    )
    return {
        inquiries.reference(row.number, asked.salt, row.kind): row.id for row in rows
    }


def _write(
    db: sa.Connection,
    registration: str,
    device: str,
    statement: str,
    ref: str,
    opened_s: int,
) -> str:
    made = secrets.token_hex(ID_BYTES)
    db.execute(
        table.insert().values(
            id=made,
            registration=registration,
            device=device,
            statement=statement,
            ref=ref,
            opened_utc_s=opened_s,
            state="open",
        )
    )
    return made


def _asked() -> sa.Select[Any]:  # Any: columns of two tables
    return sa.select(table, held.c.kind, held.c.number).outerjoin(
        held, held.c.id == table.c.registration
    )


def _of(row: sa.Row[Any]) -> Dispute:
    return Dispute(
        id=row.id,
        registration=row.registration,
        kind=row.kind or "",
        number=row.number or "",
        device=row.device,
        about=row.statement,
        opened_s=row.opened_utc_s,
        state=row.state,
        settled_s=row.settled_utc_s,
    )
