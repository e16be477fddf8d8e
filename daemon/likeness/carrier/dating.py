"""What terminals said about their clocks, and the dates of records that follow from it.

An anchor is kept once for each boot and each setting of the clock, with its token as
evidence. A record is dated when somebody asks, so that an anchor that comes late dates
what came before it. All functions work inside the caller's transaction. Leaves to
others: signatures, the rule itself (`core.dating`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.verify import Claims
from likeness.core import dating, jws, messages
from likeness.core.dating import Dated
from likeness.core.vocabulary import Moment


@dataclass(frozen=True, slots=True)
class DatedRecord:
    """One kept record's place, and when it was made."""

    epoch: str
    seq: int
    date: Dated


class _When(msgspec.Struct, frozen=True):
    """What every record says about its moment."""

    iat: messages.Time
    boot: messages.Short
    mono_ms: int
    time_quality: messages.Short


def moment_of(claims: Claims | _When) -> Moment:
    """Return what a record says about its moment."""
    return Moment(claims.iat, claims.time_quality, claims.boot, claims.mono_ms)


def anchors(db: sa.Connection, device: str, boot: str) -> list[Moment]:
    """Return what this device said about its clock in one boot."""
    table = tables.anchors
    query = sa.select(table).where(table.c.device == device, table.c.boot == boot)
    return [Moment(r.utc_s, r.quality, r.boot, r.mono_ms) for r in db.execute(query)]


def dates(db: sa.Connection, device: str) -> Iterator[DatedRecord]:
    """Date every readable record of a device, in order of their places."""
    table = tables.records
    query = sa.select(table).where(table.c.device == device)
    known: dict[str, list[Moment]] = {}
    for row in db.execute(query.order_by(table.c.epoch, table.c.seq)).all():
        if row.prev is None:
            continue  # its claims could not be read
        payload = jws.decode(row.token.split(".")[1])
        made = moment_of(messages.from_json(payload, _When))
        if made.boot not in known:
            known[made.boot] = anchors(db, device, made.boot)
        date = dating.dated(made, known[made.boot], row.kept_utc_s)
        yield DatedRecord(row.epoch, row.seq, date)
