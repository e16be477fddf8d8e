"""Transactions of the carrier's own systems: opened, aimed, used once, ended.

All functions work inside the caller's transaction. Leaves to others: whether a result
may be used (`judging`), what is bound by it (`register`).
"""

from dataclasses import dataclass, replace
from enum import StrEnum

import sqlalchemy as sa

from likeness.carrier.register.tables import opened as table
from likeness.carrier.register.tables import uses
from likeness.core.binding import Wanted
from likeness.core.vocabulary import Purpose


class State(StrEnum):
    """How far a transaction has come."""

    OPEN = "open"
    USED = "used"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Opened:
    """One transaction."""

    name: str
    purpose: Purpose
    opened_s: int
    expires_s: int
    device: str = ""  # empty: any terminal
    kind: str = ""  # of the number that it is for; empty: any that fits
    number_digest: str = ""  # of that number; empty: any
    by: str = ""
    state: State = State.OPEN

    @property
    def wanted(self) -> Wanted:
        """What its result must be."""
        return Wanted(
            self.name, self.purpose, self.device, self.opened_s, self.expires_s
        )

    def asks_the_same(self, other: "Opened") -> bool:
        """Say whether both were opened for the same thing."""
        return self == replace(
            other,
            opened_s=self.opened_s,
            expires_s=self.expires_s,
            by=self.by,
            state=self.state,
        )


@dataclass(frozen=True, slots=True)
class Use:
    """What a transaction's result was used for."""

    use: str
    registration: str


def find(db: sa.Connection, name: str) -> Opened | None:
    """Return a transaction."""
    row = db.execute(sa.select(table).where(table.c.name == name)).first()
    if row is None:
        return None
    return Opened(
        name=row.name,
        purpose=Purpose(row.purpose),
        opened_s=row.opened_utc_s,
        expires_s=row.expires_utc_s,
        device=row.device,
        kind=row.number_kind,
        number_digest=row.number_digest,
        by=row.opened_by,
        state=State(row.state),
    )


def keep(db: sa.Connection, one: Opened) -> None:
    """Keep a new one."""
    db.execute(
        table.insert().values(
            name=one.name,
            purpose=one.purpose,
            device=one.device,
            number_kind=one.kind,
            number_digest=one.number_digest,
            opened_utc_s=one.opened_s,
            expires_utc_s=one.expires_s,
            opened_by=one.by,
            state=one.state,
        )
    )


def put(db: sa.Connection, name: str, state: State) -> None:
    """Set how far it has come."""
    db.execute(table.update().where(table.c.name == name).values(state=state))


def use_of(db: sa.Connection, name: str) -> Use | None:
    """Return what its result was used for; None: nothing yet."""
    asked = sa.select(uses.c.use, uses.c.registration)
    row = db.execute(asked.where(uses.c.transaction_name == name)).first()
    return None if row is None else Use(row.use, row.registration)


def used_by(db: sa.Connection, result: str) -> str:
    """Return which transaction has used this result; "": none."""
    asked = sa.select(uses.c.transaction_name).where(uses.c.hash == result)
    found: str | None = db.execute(asked).scalar()
    return found or ""


def use(db: sa.Connection, name: str, result: str, for_what: Use, now_s: int) -> None:
    """Note that a result is used, for ever; the database refuses a second time."""
    db.execute(
        uses.insert().values(
            hash=result,
            transaction_name=name,
            use=for_what.use,
            registration=for_what.registration,
            used_utc_s=now_s,
        )
    )
    put(db, name, State.USED)
