"""Says what other tables speak of though the records do not bear it out.

The last records of a chain could be taken away together with its head, and nothing in
the chain would show it until the terminal sends the next; but a nonce that was used, a
decision, an answer and a bound number each name their record. A number that was put
into the register by hand names a record as well, but no result that was used for it.
Leaves to others: the chain itself.
"""

from collections.abc import Iterator

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.audit.findings import Finding, Kind, found
from likeness.carrier.register.tables import registrations, uses
from likeness.core.binding import BINDS
from likeness.core.vocabulary import Verdict

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
    yield from _bound(db, device)
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


def _bound(db: sa.Connection, device: str) -> Iterator[Finding]:
    """The columns will do here: they are held against the tokens elsewhere."""
    held, record, used = registrations.c, tables.records.c, uses.c
    stands = (
        (record.device == held.device)
        & (record.epoch == held.epoch)
        & (record.seq == held.seq)
    )
    binds = (
        (record.hash == held.hash)
        & (record.transaction_name == held.transaction_name)
        & (record.refusal == "")
        & record.purpose.in_(BINDS)
        & record.verdict.in_((Verdict.ACCEPTED, Verdict.REFERRED))
    )
    is_used = sa.select(used.hash).where(
        used.hash == held.hash, used.registration == held.id
    )
    asked = (
        sa.select(held.id, held.epoch, held.seq)
        .join(tables.records, stands)
        .where(held.device == device, ~(binds & is_used.exists()))
        .order_by(held.id)
        .limit(AT_MOST)
    )
    for row in db.execute(asked).all():
        said = f"registration {row.id} was not bound by the result at seq {row.seq}"
        yield found(Kind.TAMPERED, row.epoch, row.seq, said)


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
