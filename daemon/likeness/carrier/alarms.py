"""What a person must look at: kept once with its evidence, told in the log, listed.

All functions work inside the caller's transaction. Leaves to others: what is an alarm
(`keeping`).
"""

import logging
from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.verify import Problem

log = logging.getLogger(__name__)

# A person who changed the key, or the database, has asked for these.
MAY_BE_WANTED = frozenset({Problem.KEY_CHANGED, Problem.NEW_EPOCH})


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at."""

    device: str
    epoch: str
    seq: int
    kind: str
    detail: str
    raised_utc_s: int


def keep(db: sa.Connection, alarm: Alarm, *, record: str, token: str) -> None:
    """Keep an alarm and tell it, once for each record (its hash) and kind.

    Told before the commit: who fails in between tells it twice, not never.
    """
    table = tables.alarms.c
    same = sa.select(table.seq).where(
        table.device == alarm.device,
        table.epoch == alarm.epoch,
        table.seq == alarm.seq,
        table.kind == alarm.kind,
        table.hash == record,
    )
    if db.execute(same).first() is not None:
        return
    db.execute(
        tables.alarms.insert().values(
            device=alarm.device,
            epoch=alarm.epoch,
            seq=alarm.seq,
            kind=alarm.kind,
            hash=record,
            detail=alarm.detail,
            raised_utc_s=alarm.raised_utc_s,
            token=token,
        )
    )
    log.log(
        logging.WARNING if alarm.kind in MAY_BE_WANTED else logging.ERROR,
        "event=alarm kind=%s device=%s epoch=%s seq=%d detail=%r",
        alarm.kind,
        alarm.device,
        alarm.epoch,
        alarm.seq,
        alarm.detail,
    )


def is_raised(db: sa.Connection, device: str, kind: Problem, about: str) -> bool:
    """Say whether there is one about this already, at whatever place."""
    table = tables.alarms.c
    same = sa.select(table.seq).where(
        table.device == device, table.kind == kind, table.hash == about
    )
    return db.execute(same.limit(1)).first() is not None


def raised(db: sa.Connection) -> list[Alarm]:
    """Return everything that was ever raised, the newest last."""
    table = tables.alarms.c
    query = sa.select(tables.alarms).order_by(
        table.raised_utc_s, table.device, table.epoch, table.seq, table.kind
    )
    return [
        Alarm(
            device=row.device,
            epoch=row.epoch,
            seq=row.seq,
            kind=row.kind,
            detail=row.detail,
            raised_utc_s=row.raised_utc_s,
        )
        for row in db.execute(query)
    ]
