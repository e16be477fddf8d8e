"""What the database knows of terminals beside their results: orders, alarms, keys.

Read-only; all functions work inside the caller's transaction. A timeline names no
person and no visit: results stand in it by day and verdict, and a day with few of them
as one number. Leaves to others: what was seen over MQTT (`sightings`), figures
(`health`).
"""

from dataclasses import dataclass

import msgspec
import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import sightings as fleet_sightings
from likeness.core import jws, messages
from likeness.core.fleet import Alarms, Desired
from likeness.core.fleet_words import printable
from likeness.errors import Untrusted

ALARM_DAYS = 7
DAY_S = 86_400
AGAIN_S = 300  # an order may come to the database a little after it was made
EACH_AT_MOST = 100  # lines of one kind in a timeline


class _Wish(msgspec.Struct):
    """What of a signed wish is compared with what is reported."""

    version: int
    digest: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a timeline."""

    at_utc_s: int
    kind: str  # "status", "birth", "results", "alarm", "order", "key"
    text: str


def desired(db: sa.Connection, since_s: int) -> dict[str, Desired]:
    """Return the newest wish of each terminal that was wished for since then."""
    table = tables.orders.c
    newest = (
        sa.select(table.device, sa.func.max(table.number).label("number"))
        .where(table.kind == "desired")
        .group_by(table.device)
        .subquery()
    )
    query = (
        sa.select(table.device, table.made_utc_s, table.token)
        .join(
            newest,
            (newest.c.device == table.device) & (newest.c.number == table.number),
        )
        .where(table.kind == "desired", table.made_utc_s >= since_s - AGAIN_S)
    )
    found = {}
    for row in db.execute(query):
        if (wish := _wish(row.token)) is not None:
            found[row.device] = Desired(wish.version, wish.digest, row.made_utc_s)
    return found


def alarmed(db: sa.Connection, now_s: int) -> dict[str, Alarms]:
    """Return the alarms of the last days, by terminal."""
    table = tables.alarms.c
    query = (
        sa.select(
            table.device,
            table.kind,
            sa.func.count().label("many"),
            sa.func.max(table.raised_utc_s).label("newest"),
        )
        .where(table.raised_utc_s >= now_s - ALARM_DAYS * DAY_S)
        .group_by(table.device, table.kind)
        .order_by(table.device, table.kind)
    )
    found: dict[str, Alarms] = {}
    for row in db.execute(query):
        before = found.get(row.device, Alarms())
        found[row.device] = Alarms(
            kinds=(*before.kinds, printable(row.kind)),
            count=before.count + int(row.many),
            newest_s=max(before.newest_s, float(row.newest)),
        )
    return found


def timeline(db: sa.Connection, device: str, now_s: int) -> list[Line]:
    """Return what happened to one terminal, the newest first."""
    lines = [
        *_of_sightings(db, device),
        *_of_results(db, device, now_s // DAY_S),
        *_of_alarms(db, device),
        *_of_orders(db, device),
        *_of_keys(db, device),
    ]
    return sorted(lines, key=lambda line: (-line.at_utc_s, line.kind, line.text))


def _of_sightings(db: sa.Connection, device: str) -> list[Line]:
    seen = fleet_sightings.of(db, device, 2 * EACH_AT_MOST)
    return [
        Line(
            one.seen_utc_s,
            one.kind,
            # A boot's id says nothing to a person.
            one.detail.partition(" ")[0] if one.kind == "status" else one.detail,
        )
        for one in seen
    ]


def _of_results(db: sa.Connection, device: str, today: int) -> list[Line]:
    lines = []
    for day, figures in fleet_health.by_day(db, today, device):
        text = f"{figures.results} results"
        if figures.results >= fleet_health.LEAST:
            parts = sorted(figures.verdicts.items())
            text += ": " + ", ".join(f"{count} {name}" for name, count in parts)
        lines.append(Line(day * DAY_S, "results", text))
    return lines


def _of_alarms(db: sa.Connection, device: str) -> list[Line]:
    table = tables.alarms.c
    query = (
        sa.select(table.raised_utc_s, table.kind, table.seq)
        .where(table.device == device)
        .order_by(table.raised_utc_s.desc())
        .limit(EACH_AT_MOST)
    )
    return [
        Line(row.raised_utc_s, "alarm", f"{printable(row.kind)} at record {row.seq}")
        for row in db.execute(query)
    ]


def _of_orders(db: sa.Connection, device: str) -> list[Line]:
    table = tables.orders.c
    query = (
        # A visit's order names a transaction: it is nobody's business here.
        sa.select(table.made_utc_s, table.kind, table.number, table.name, table.answer)
        .where(table.device == device, table.kind.in_(("command", "desired")))
        .order_by(table.made_utc_s.desc())
        .limit(EACH_AT_MOST)
    )
    return [
        Line(
            row.made_utc_s,
            "order",
            f"{row.kind} {row.number}: {printable(row.name, 200)}"
            f" ({'answered' if row.answer else 'no answer kept'})",
        )
        for row in db.execute(query)
    ]


def _of_keys(db: sa.Connection, device: str) -> list[Line]:
    changes, records = tables.key_changes.c, tables.records.c
    query = (
        sa.select(
            records.kept_utc_s, changes.old_kid, changes.new_kid, changes.in_force
        )
        .join(
            tables.records,
            (records.device == changes.device)
            & (records.epoch == changes.epoch)
            & (records.seq == changes.seq),
        )
        .where(changes.device == device)
        .order_by(records.kept_utc_s.desc())
        .limit(EACH_AT_MOST)
    )
    return [
        Line(
            row.kept_utc_s,
            "key",
            f"{printable(row.old_kid, 12)} is replaced by {printable(row.new_kid, 12)}"
            f"{'' if row.in_force else ', not in force yet'}",
        )
        for row in db.execute(query)
    ]


def _wish(token: str) -> _Wish | None:
    """Read a wish that we have signed ourselves."""
    try:
        payload = jws.decode(token.split(".")[1])
        return messages.from_json(payload, _Wish)
    except (Untrusted, IndexError):
        return None
