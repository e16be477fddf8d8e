"""What was seen of each terminal and when: its statuses and births, for some months.

Functions work inside the caller's transaction. Leaves to others: what is worth a line
(`memory`), showing it.
"""

from collections.abc import Iterable

import sqlalchemy as sa

from likeness.carrier.fleet.memory import News
from likeness.carrier.fleet.tables import sightings

KEEP_DAYS = 90
DAY_S = 86_400
AT_ONCE = 5_000

_table = sightings.c


def keep(db: sa.Connection, news: Iterable[News]) -> None:
    """Write what was seen."""
    rows = [
        {
            "device": one.device,
            "kind": one.kind,
            "detail": one.detail,
            "seen_utc_s": one.seen_utc_s,
        }
        for one in news
    ]
    for begin in range(0, len(rows), AT_ONCE):
        db.execute(sightings.insert(), rows[begin : begin + AT_ONCE])


def newest(db: sa.Connection) -> list[News]:
    """Return the newest of each kind of each terminal, in the order of time."""
    last = (
        sa.select(sa.func.max(_table.number))
        .group_by(_table.device, _table.kind)
        .scalar_subquery()
    )
    query = sa.select(sightings).where(_table.number.in_(last)).order_by(_table.number)
    return [_news(row) for row in db.execute(query)]


def of(db: sa.Connection, device: str, at_most: int) -> list[News]:
    """Return what was seen of one terminal, the newest first."""
    query = (
        sa.select(sightings)
        .where(_table.device == device)
        .order_by(_table.seen_utc_s.desc(), _table.number.desc())
        .limit(at_most)
    )
    return [_news(row) for row in db.execute(query)]


def prune(db: sa.Connection, now_s: int) -> int:
    """Forget what is old, in bounded steps; return how many rows are gone.

    The newest of a terminal stays: since when it is lost must not be forgotten.
    """
    last = sa.select(sa.func.max(_table.number)).group_by(_table.device, _table.kind)
    old = (
        sa.select(_table.number)
        .where(_table.seen_utc_s < now_s - KEEP_DAYS * DAY_S)
        .where(_table.number.not_in(last.scalar_subquery()))
        .limit(AT_ONCE)
    )
    gone = db.execute(
        sightings.delete().where(_table.number.in_(old.scalar_subquery()))
    )
    return gone.rowcount


# Any row of `sightings`.
def _news(row: "sa.Row[tuple[object, ...]]") -> News:
    return News(row.device, row.kind, row.detail, row.seen_utc_s)
