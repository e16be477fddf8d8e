"""What many terminals ask at once: anchors and visits of a batch in a few statements.

When a broker comes back each of its terminals states its time at once; with a
transaction for each, ten thousand of them kept two programs busy for two minutes, and
the results waited behind. All functions work inside the caller's transaction and take
what was asked in its order. Leaves to others: signatures (`asked`), what an anchor says
(`core.dating`), nonces and their counter's beginning (`words.fresh_nonce`).
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from likeness.carrier import nonces, tables
from likeness.carrier.database import among, lock, rows_at
from likeness.carrier.doubts import issued
from likeness.core import dating, messages
from likeness.core.vocabulary import Moment

_COUNTER = "counter of visits"  # locked: all devices have one


@dataclass(frozen=True, slots=True)
class AnchorSaid:
    """What a terminal said about its clock."""

    device: str
    anchor: messages.TimeAnchor
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class VisitAsked:
    """What a terminal asked for, and what it gets if nobody has asked so before."""

    device: str
    ask: messages.Ask
    fresh: nonces.Fresh


def replaced(db: sa.Connection, devices: Collection[str]) -> set[tuple[str, str]]:
    """Return device and thumbprint of each key of theirs that was replaced."""
    table = tables.key_changes.c
    query = sa.select(table.device, table.old_kid)
    rows = db.execute(query.where(table.in_force, among(db, table.device, devices)))
    return {(row.device, row.old_kid) for row in rows}


def keep_anchors(db: sa.Connection, said: Sequence[AnchorSaid], now_s: int) -> int:
    """Keep well signed anchors that say something new; return how many did."""
    lock(db, {one.device for one in said})
    table = tables.anchors
    boots = {(one.device, one.anchor.boot) for one in said}
    query = rows_at(db, table, ("device", "boot"), boots)
    known: dict[tuple[str, str], list[Moment]] = {boot: [] for boot in boots}
    for row in db.execute(query):
        moment = Moment(row.utc_s, row.quality, row.boot, row.mono_ms)
        known[row.device, row.boot].append(moment)
    new = []
    for one in said:
        anchor, here = one.anchor, known[one.device, one.anchor.boot]
        moment = Moment(anchor.utc_s, anchor.quality, anchor.boot, anchor.mono_ms)
        if any(dating.agree(moment, before) for before in here):
            continue
        here.append(moment)
        said_now = {
            "device": one.device,
            "boot": anchor.boot,
            "mono_ms": anchor.mono_ms,
            "utc_s": anchor.utc_s,
            "quality": anchor.quality,
            "kept_utc_s": now_s,
            "token": one.token,
        }
        new.append(said_now)
    if new:
        db.execute(table.insert(), new)
    return len(new)


def open_visits(db: sa.Connection, asked: Sequence[VisitAsked]) -> list[nonces.Issued]:
    """Return the visit of each commitment: the same one however often it is asked.

    One commitment gets one nonce, so that nobody can ask until the order of acts
    pleases him.
    """
    lock(db, {_COUNTER, *(one.device for one in asked)})
    table = tables.visits
    places = {(one.device, one.ask.commitment) for one in asked}
    query = rows_at(db, table, ("device", "commitment"), places)
    known = {(row.device, row.commitment): issued(row) for row in db.execute(query)}
    last = db.execute(sa.select(sa.func.max(table.c.counter))).scalar_one() or 0
    new = []
    for one in asked:
        place = (one.device, one.ask.commitment)
        if place in known:
            continue
        last = max(last, one.fresh.counter - 1) + 1
        known[place] = visit = nonces.Issued(
            counter=last,
            transaction=one.ask.transaction,
            purpose=one.ask.purpose,
            nonce=one.fresh.nonce,
            commitment=one.ask.commitment,
            expires_utc_s=one.fresh.expires_utc_s,
            used_by="",
        )
        new.append(_row(one.device, visit))
    if new:
        db.execute(table.insert(), new)
    return [known[one.device, one.ask.commitment] for one in asked]


def _row(device: str, visit: nonces.Issued) -> dict[str, object]:
    return {
        "counter": visit.counter,
        "device": device,
        "commitment": visit.commitment,
        "transaction_name": visit.transaction,
        "purpose": visit.purpose,
        "nonce": visit.nonce,
        "expires_utc_s": visit.expires_utc_s,
        "used_by": visit.used_by,
    }
