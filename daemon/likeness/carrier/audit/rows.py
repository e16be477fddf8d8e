"""Reads what an audit needs, a page at a time, so that no device is too large.

Pages are short transactions: an audit of hours neither holds up a writer nor keeps old
versions of rows alive. What is judged stands in the tokens; a column is read to find
them, and to be compared. Leaves to others: every judgement.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.carrier.register.tables import registrations
from likeness.core import messages
from likeness.core.chain import Link

PAGE = 500
FOR_EVER = messages.LAST_SECOND + 1
_SAYS_WHO = (tables.records, tables.chains, tables.alarms, registrations)

# Any: a row of a table.
Row = sa.Row[Any]


@dataclass(frozen=True, slots=True)
class Period:
    """By the carrier's clock, at the reception: from, and up to but without."""

    from_s: int = 0
    to_s: int = FOR_EVER

    @property
    def is_all(self) -> bool:
        """Say whether it leaves nothing out."""
        return self == Period()


@dataclass(frozen=True, slots=True)
class Extent:
    """What there is of one chain, and what the table of heads says of it."""

    epoch: str
    first: int = -1  # of the period; -1: none
    last: int = -1
    newest: int = -1  # of all
    kept_first_s: int = FOR_EVER  # when the first of all of them came
    taken_upto: int = -1  # `chain.upto`; -1: there is none
    head: str = ""


def devices(database: Database) -> Iterator[str]:
    """Give the name of each device of which anything is kept, in order."""
    after = ""
    while True:
        with database.read() as db:
            next_ones = [
                db.execute(
                    sa.select(sa.func.min(table.c.device)).where(table.c.device > after)
                ).scalar()
                for table in _SAYS_WHO
            ]
        here = [name for name in next_ones if name is not None]
        if not here:
            return
        after = min(here)
        yield after


def extents(db: sa.Connection, device: str, period: Period) -> list[Extent]:
    """Return every chain of a device, in the order in which they came.

    One statement: rows and heads are of one moment.
    """
    record, chain = tables.records.c, tables.chains.c
    inside = sa.case(
        (record.kept_utc_s.between(period.from_s, period.to_s - 1), record.seq)
    )
    none = sa.null()
    of_records = sa.select(
        record.epoch.label("epoch"),
        sa.func.min(inside).label("first"),
        sa.func.max(inside).label("last"),
        sa.func.max(record.seq).label("newest"),
        sa.func.min(record.kept_utc_s).label("kept"),
        sa.cast(none, sa.BigInteger).label("upto"),
        sa.cast(none, sa.Text).label("head"),
    )
    of_chains = sa.select(
        chain.epoch, *(sa.cast(none, sa.BigInteger),) * 4, chain.upto, chain.head
    )
    both = sa.union_all(
        of_records.where(record.device == device).group_by(record.epoch),
        of_chains.where(chain.device == device),
    ).subquery()
    top = {name: sa.func.max(both.c[name]).label(name) for name in both.c.keys()[1:]}
    rows = db.execute(sa.select(both.c.epoch, *top.values()).group_by(both.c.epoch))
    found = [_extent(row) for row in rows]
    return sorted(found, key=lambda one: (one.kept_first_s, one.epoch))


def _extent(row: Row) -> Extent:
    def or_none(value: int | None) -> int:
        return -1 if value is None else value

    return Extent(
        epoch=row.epoch,
        first=or_none(row.first),
        last=or_none(row.last),
        newest=or_none(row.newest),
        kept_first_s=FOR_EVER if row.kept is None else row.kept,
        taken_upto=or_none(row.upto),
        head=row.head or "",
    )


def records(
    database: Database,
    device: str,
    epoch: str,
    first: int,
    last: int,
    at_most: int | None = None,
) -> Iterator[Row]:
    """Give rows of one chain, in order of their places; all, or so many."""
    table = tables.records.c
    at = first
    while at <= last:
        query = (
            sa.select(tables.records)
            .where(
                table.device == device,
                table.epoch == epoch,
                table.seq.between(at, last),
            )
            .order_by(table.seq)
            .limit(at_most or PAGE)
        )
        with database.read() as db:
            page = db.execute(query).all()
        if not page:
            return
        yield from page
        if at_most is not None:
            return
        at = page[-1].seq + 1


def record(db: sa.Connection, device: str, epoch: str, seq: int) -> Row | None:
    """Return one row."""
    table = tables.records.c
    return db.execute(
        sa.select(tables.records).where(
            table.device == device, table.epoch == epoch, table.seq == seq
        )
    ).first()


def head(db: sa.Connection, device: str, epoch: str) -> Link | None:
    """Return the head of one chain, as the table has it at this moment."""
    chain = tables.chains.c
    row = db.execute(
        sa.select(tables.chains).where(chain.device == device, chain.epoch == epoch)
    ).first()
    return None if row is None else Link(epoch, row.upto, row.head)


def key_changes(db: sa.Connection, device: str) -> list[Row]:
    """Return what the table of key changes says, with the token at that place."""
    change, kept = tables.key_changes, tables.records
    same = (
        (kept.c.device == change.c.device)
        & (kept.c.epoch == change.c.epoch)
        & (kept.c.seq == change.c.seq)
    )
    query = (
        sa.select(change, kept.c.token)
        .join(kept, same, isouter=True)
        .where(change.c.device == device)
        .order_by(change.c.epoch, change.c.seq)
    )
    return list(db.execute(query).all())


def alarms(database: Database, device: str, period: Period) -> Iterator[Row]:
    """Give a device's alarms by kind and place, with their evidence."""
    table = tables.alarms.c
    places = (table.kind, table.epoch, table.seq, table.hash)
    after: tuple[Any, ...] | None = None
    while True:
        query = (
            sa.select(tables.alarms)
            .where(
                table.device == device,
                table.raised_utc_s.between(period.from_s, period.to_s - 1),
            )
            .order_by(*places)
            .limit(PAGE)
        )
        if after is not None:
            query = query.where(sa.tuple_(*places) > after)
        with database.read() as db:
            page = db.execute(query).all()
        if not page:
            return
        yield from page
        after = tuple(getattr(page[-1], column.name) for column in places)
