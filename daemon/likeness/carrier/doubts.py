"""What is doubtful about a record that is kept: an alarm, with it as evidence.

No doubt keeps a record out: that is decided before (`keeping`). All functions work
inside the caller's transaction. Leaves to others: keeping and telling alarms
(`alarms`), places and chains (`keeping`).
"""

from typing import Any

import sqlalchemy as sa

from likeness.carrier import alarms, dating, key_history, nonces, tables
from likeness.carrier.incoming import Incoming
from likeness.carrier.verify import Problem
from likeness.core import dating as core_dating
from likeness.core import messages
from likeness.core.vocabulary import Moment

# A terminal that waits for its receipt sends again within 300 s, with jitter, and in
# order: what is still not here then was receipted once, and is lost on this side.
GAP_AFTER_S = 900


def look_at(db: sa.Connection, incoming: Incoming, now_s: int) -> None:
    """Raise or note what a record that was just written claims."""
    claims = incoming.claims
    if claims is not None and not incoming.refusal:
        _look_at_clock(db, incoming, dating.moment_of(claims), now_s)
    if incoming.refusal:
        raise_alarm(db, incoming, Problem.REFUSED, incoming.refusal, now_s)
    elif isinstance(claims, messages.EpochBegins):
        _look_at_new_epoch(db, incoming, claims, now_s)
    elif isinstance(claims, messages.KeyChange):
        key_history.note(db, claims, incoming.kid)
    elif isinstance(claims, messages.Result):
        _look_at_nonce(db, incoming, claims, now_s)


def _look_at_clock(
    db: sa.Connection, incoming: Incoming, made: Moment, now_s: int
) -> None:
    """A record from the future is as good as any; its boot raises one alarm."""
    if not core_dating.is_ahead(made, now_s) or alarms.is_raised(
        db, incoming.device, Problem.CLOCK, made.boot
    ):
        return
    detail = f"set by {made.quality} to {made.utc_s}, {made.utc_s - now_s} s from now"
    place = (incoming.device, incoming.epoch, incoming.seq)
    alarm = alarms.Alarm(*place, Problem.CLOCK, detail, now_s)
    alarms.keep(db, alarm, record=made.boot, token=incoming.token)


# Any: a row of `records`.
def look_at_gap(db: sa.Connection, row: sa.Row[Any], upto: int, now_s: int) -> None:
    """Say what is not here, though what stands beyond it has been here for long."""
    if now_s - row.kept_utc_s < GAP_AFTER_S:
        return
    one = Incoming(row.device, row.epoch, row.seq, row.hash, row.token)
    detail = (
        f"seq {upto + 1} to {row.seq - 1} are not here, and do not come; at the"
        f" terminal: likeness outbox --send-again --epoch {row.epoch} --after {upto}"
    )
    raise_alarm(db, one, Problem.GAP, detail, now_s)


def _look_at_new_epoch(
    db: sa.Connection, incoming: Incoming, claims: messages.EpochBegins, now_s: int
) -> None:
    """A second epoch means a lost database: alarm, with how far each side had come."""
    before = db.execute(
        sa.select(tables.chains.c.epoch, tables.chains.c.upto).where(
            tables.chains.c.device == incoming.device,
            tables.chains.c.epoch != incoming.epoch,
        )
    ).all()
    if not before and claims.former is None:
        return
    here = ", ".join(f"{row.epoch}: {row.upto}" for row in before) or "none"
    former = claims.former
    there = f"{former.epoch}: {former.seq}" if former else "none"
    why = f"; reason {claims.reason}" if claims.reason else ""
    detail = f"kept here {here}; known there {there}{why}"
    raise_alarm(db, incoming, Problem.NEW_EPOCH, detail, now_s)


def _look_at_nonce(
    db: sa.Connection, incoming: Incoming, result: messages.Result, now_s: int
) -> None:
    visit = None
    if result.nonce is not None:
        visit = issued_visit(db, incoming.device, nonce=result.nonce)
    if doubt := nonces.doubt(result, visit):
        raise_alarm(db, incoming, Problem.NONCE, doubt, now_s)
    elif visit is not None:
        db.execute(
            tables.visits.update()
            .where(tables.visits.c.counter == visit.counter)
            .values(used_by=incoming.hash)
        )


def raise_alarm(
    db: sa.Connection, incoming: Incoming, kind: Problem, detail: str, now_s: int
) -> None:
    """Raise an alarm; the record is its evidence."""
    place = (incoming.device, incoming.epoch, incoming.seq)
    alarm = alarms.Alarm(*place, kind, str(detail), now_s)
    alarms.keep(db, alarm, record=incoming.hash, token=incoming.token)


def issued_visit(db: sa.Connection, device: str, **by: str) -> nonces.Issued | None:
    """Find an opened visit by its commitment or its nonce."""
    wanted = [tables.visits.c[name] == value for name, value in by.items()]
    row = db.execute(
        sa.select(tables.visits).where(tables.visits.c.device == device, *wanted)
    ).first()
    return None if row is None else issued(row)


# Any: a row of `visits`.
def issued(row: sa.Row[Any]) -> nonces.Issued:
    """Return a visit as it was opened."""
    return nonces.Issued(
        counter=row.counter,
        transaction=row.transaction_name,
        purpose=row.purpose,
        nonce=row.nonce,
        commitment=row.commitment,
        expires_utc_s=row.expires_utc_s,
        used_by=row.used_by,
    )
