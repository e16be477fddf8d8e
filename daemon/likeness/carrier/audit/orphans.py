"""Says which records other tables speak of though they are not here.

The last records of a chain could be taken away together with its head, and nothing in
the chain would show it until the terminal sends the next; but a nonce that was used, a
decision, an answer and a bound number each name their record. Leaves to others: the
chain itself.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.audit.findings import Finding, Kind, found

AT_MOST = 20  # of each table
_PLACED = {
    "statement": "a statement of the shop's",
    "inquiry": "an answer to a visitor",
    "key_change": "a change of keys",
    "registration": "a number that was bound",
}


def find(db: sa.Connection, device: str) -> Iterator[Finding]:
    """Give what is missing of one device."""
    yield from _nonces(db, device)
    for name, what in _PLACED.items():
        table = tables.metadata.tables.get(name)
        if table is not None and {"device", "epoch", "seq"} <= set(table.c.keys()):
            yield from _placed(db, table, device, what)


def _placed(
    db: sa.Connection, table: sa.Table, device: str, what: str
) -> Iterator[Finding]:
    record, here = tables.records.c, table.c
    missing = (
        sa.select(here.epoch, here.seq)
        .where(here.device == device)
        .except_(sa.select(record.epoch, record.seq).where(record.device == device))
        .limit(AT_MOST)
    )
    for row in db.execute(missing).all():
        said = f"{what} is about seq {row.seq}, which is not here any more"
        yield found(Kind.DELETED, row.epoch, row.seq, said)


def _nonces(db: sa.Connection, device: str) -> Iterator[Finding]:
    """A result by a replaced key may have been taken out: it stands in its alarm."""
    visit, record, alarm = tables.visits.c, tables.records.c, tables.alarms.c
    missing = sa.except_(
        sa.select(visit.used_by).where(visit.device == device, visit.used_by != ""),
        sa.select(record.hash).where(record.device == device),
        sa.select(alarm.hash).where(alarm.device == device),
    )
    for row in db.execute(missing.limit(AT_MOST)).all():
        said = (
            f"a nonce of ours was used by the result with the hash {row.used_by},"
            " which is not here any more"
        )
        yield found(Kind.DELETED, "", 0, said)
