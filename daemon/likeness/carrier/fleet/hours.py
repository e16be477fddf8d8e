"""Makes the figures of hours out of the records that were kept in them.

An hour is always made anew as a whole, so doing it twice changes nothing. Hours are
made from the one before the last that was made: records of several programs may come
to the database some seconds out of order. After an absence all that is missing is made,
in steps that keep no other program waiting for long. Only results that were taken
count, and scores that can be one. All functions work inside the caller's transaction.
Leaves to others: when, and reading the figures (`health`).
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa

from likeness.carrier import database
from likeness.carrier.fleet.tables import hours, marks, reasons
from likeness.carrier.tables import records

HOUR_S = 3600
AGAIN = 2  # so many hours before the last one are made again
AT_ONCE = 6  # hours in one transaction
MARK = "made"
MICRO = 1_000_000
MOST_REASONS = 16  # of one result that are counted

_of = records.c
# In PostgreSQL a division of whole numbers is one; SQLAlchemy's // says so to both.
_hour = _of.kept_utc_s // HOUR_S
_is_result = sa.and_(_of.refusal == "", _of.verdict != "")


def catch_up(db: sa.Connection, now_s: int) -> tuple[int, int, bool] | None:
    """Make the next hours; return from where to where, and whether all is made.

    None: there is no record at all.
    """
    database.lock(db, ["fleet_hours"])
    newest = now_s // HOUR_S
    made = db.execute(sa.select(marks.c.hour).where(marks.c.name == MARK)).scalar()
    begin = 0 if made is None else min(made, newest) - AGAIN
    first = db.execute(
        sa.select(sa.func.min(_of.kept_utc_s)).where(_of.kept_utc_s >= begin * HOUR_S)
    ).scalar()
    if first is None and made is None:
        return None
    if first is not None:  # a time without any results is passed over
        begin = max(begin, first // HOUR_S)
        end = min(begin + AT_ONCE - 1, max(newest, begin))
    else:
        end = newest
    _make(db, begin, end)
    _set_mark(db, end)
    return begin, end, end >= newest


def _make(db: sa.Connection, begin: int, end: int) -> None:
    within = (_of.kept_utc_s >= begin * HOUR_S, _of.kept_utc_s < (end + 1) * HOUR_S)
    for table in (hours, reasons):
        db.execute(table.delete().where(table.c.hour.between(begin, end)))
    key = (_of.device, _hour.label("hour"), _of.purpose, _of.verdict)
    scores = [*_sums("match", _of.match_score), *_sums("passive", _of.passive_score)]
    figures = (
        sa.select(*key, sa.func.count().label("results"), *scores)
        .where(_is_result, *within)
        .group_by(*(one for one in (_of.device, _hour, _of.purpose, _of.verdict)))
    )
    names = [column.name for column in hours.c]
    db.execute(hours.insert().from_select(names, figures))
    _make_reasons(db, within)


def _sums(name: str, score: sa.ColumnElement[Any]) -> list[sa.ColumnElement[Any]]:
    """Count, sum and sum of squares of what can be a score: a cosine, a probability.

    What is none would overflow its square, and stop the figures of the whole fleet.
    """
    good = sa.case((score.between(-MICRO, MICRO), score))
    whole = sa.BigInteger
    return [
        sa.func.count(good).label(f"{name}_count"),
        sa.cast(sa.func.coalesce(sa.func.sum(good), 0), whole).label(f"{name}_sum"),
        sa.cast(sa.func.coalesce(sa.func.sum(good * good), 0), whole).label(
            f"{name}_squares"
        ),
    ]


def _make_reasons(db: sa.Connection, within: Iterable[sa.ColumnElement[bool]]) -> None:
    """Reasons stand as one text: each text is counted, then taken apart."""
    query = (
        sa.select(_of.device, _hour.label("hour"), _of.reasons, sa.func.count())
        .where(_is_result, _of.reasons != "", *within)
        .group_by(_of.device, _hour, _of.reasons)
    )
    counted: Counter[tuple[str, int, str]] = Counter()
    for device, hour, text, count in db.execute(query):
        for reason in sorted(set(text.split()))[:MOST_REASONS]:
            counted[device, hour, reason[:64]] += count
    rows = [
        {"device": device, "hour": hour, "reason": reason, "results": count}
        for (device, hour, reason), count in counted.items()
    ]
    if rows:
        db.execute(reasons.insert(), rows)


def _set_mark(db: sa.Connection, hour: int) -> None:
    row = database.insert(db, marks).values(name=MARK, hour=hour)
    db.execute(row.on_conflict_do_update(index_elements=["name"], set_={"hour": hour}))
