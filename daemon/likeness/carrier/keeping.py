"""How a record finds its place: once, in order, with every doubt raised.

A record's place (device, epoch, seq) is unique, so a resend changes nothing, but for
one that was refused: it is judged anew. Another record at the same place is a fork. A
chain's head moves over what is contiguous and fits its predecessor; nothing beyond it
is receipted. A doubt is an alarm with the token as evidence, kept once. A record that
does not follow stays, but is never taken, nor is what follows it. All functions work
inside the caller's transaction. Leaves to others: signatures, what is doubtful though
it has its place (`doubts`), sending, the connection.
"""

from dataclasses import dataclass, replace

import sqlalchemy as sa

from likeness.carrier import doubts, key_history, tables
from likeness.carrier.incoming import Incoming
from likeness.carrier.verify import Problem
from likeness.core import messages
from likeness.core.chain import Link

_RESULT_TEXTS = ("verdict", "purpose", "transaction_name", "reasons", "nonce_source")
_RESULT_SCORES = ("match_score", "passive_score")
Place = tuple[str, str]  # of a chain: device and epoch
BEFORE_FIRST = -1  # `upto` of a chain with nothing contiguous yet


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of one incoming record."""

    record: Incoming
    new: bool
    fork: bool = False
    wrong_key: bool = False  # of this device, but not for this place: not kept
    retaken: bool = False  # it was refused before

    @property
    def what(self) -> str:
        """The event, in a word."""
        if self.wrong_key:
            return "wrong_key"
        if self.retaken:
            return "taken_after_all"
        return "fork" if self.fork else "kept" if self.new else "kept_before"


@dataclass(frozen=True, slots=True)
class Chain:
    """How far one epoch of one device is here without a break."""

    device: str
    upto: Link
    forked: bool = False  # what stands beyond does not follow, and will never be taken


def keep(db: sa.Connection, incoming: Incoming, now_s: int) -> Kept:
    """Keep one record, once; look at what it claims, and raise what does not fit."""
    hash_here, refusal_here = (
        sa.select(column).where(*_at(tables.records, incoming)).scalar_subquery()
        for column in (tables.records.c.hash, tables.records.c.refusal)
    )
    changed = key_history.has_changed(incoming.device)
    here, refused, has_changed = db.execute(
        sa.select(hash_here, refusal_here, changed)  # one question: each costs
    ).one()
    same = here == incoming.hash
    if same and not refused:
        return Kept(replace(incoming, refusal=""), new=False)  # it was taken once
    if same and (incoming.refusal or not _may_be_retaken(db, incoming, refused)):
        return Kept(replace(incoming, refusal=incoming.refusal or refused), new=False)
    why = has_changed and key_history.doubt(
        db, incoming.device, incoming.kid, incoming.epoch, incoming.seq
    )
    if why:
        doubts.raise_alarm(db, incoming, Problem.WRONG_KEY, why, now_s)
        return Kept(incoming, new=False, wrong_key=True)
    if here is not None and not same:
        doubts.raise_alarm(
            db, incoming, Problem.FORK, "another record has this place", now_s
        )
        return Kept(incoming, new=False, fork=True)
    incoming = _without_a_former_key(db, incoming)
    _write(db, incoming, now_s, again=same)
    doubts.look_at(db, incoming, now_s)
    return Kept(incoming, new=not same, retaken=same and not incoming.refusal)


def _may_be_retaken(db: sa.Connection, incoming: Incoming, refused: str) -> bool:
    """Say whether a record that was refused may be taken now that it comes again.

    It may if the refusal was this carrier's mistake: a wrong environment, an older
    release. What belongs to another life of its chain stays out, also when that shows
    only now that its claims can be read.
    """
    if refused == Problem.FORK:
        return False
    before = replace(incoming, seq=incoming.seq - 1)
    stands = sa.select(tables.records.c.hash).where(*_at(tables.records, before))
    return db.execute(stands).scalar() in (None, incoming.prev)


def judged_row(incoming: Incoming) -> dict[str, object]:
    """Return the columns that hold what a record claims, and whether it is taken."""
    claims = incoming.claims
    row = dict.fromkeys(_RESULT_TEXTS, "") | dict.fromkeys(_RESULT_SCORES)
    if isinstance(claims, messages.Result):
        row |= {
            "verdict": claims.verdict,
            "purpose": claims.purpose,
            "transaction_name": claims.transaction or "",
            "match_score": claims.match.score if claims.match else None,
            "passive_score": claims.liveness.passive if claims.liveness else None,
            "reasons": " ".join(claims.reasons),
            "nonce_source": claims.nonce_source,
        }
    return row | {
        "prev": incoming.prev,
        "refusal": incoming.refusal,
        "iat": claims.iat if claims else 0,
        "environment": claims.environment if claims else "",
    }


def new_row(incoming: Incoming, now_s: int) -> dict[str, object]:
    """Return the row of a record that is new here."""
    return {
        "device": incoming.device,
        "epoch": incoming.epoch,
        "seq": incoming.seq,
        "hash": incoming.hash,
        "kept_utc_s": now_s,
        "token": incoming.token,
        **judged_row(incoming),
    }


def _write(db: sa.Connection, incoming: Incoming, now_s: int, *, again: bool) -> None:
    """Write a row, or write over the one of the same record."""
    if again:
        change = tables.records.update().where(*_at(tables.records, incoming))
        db.execute(change.values(**judged_row(incoming)))
        return
    db.execute(tables.records.insert().values(new_row(incoming, now_s)))


def _without_a_former_key(db: sa.Connection, incoming: Incoming) -> Incoming:
    """A key that a device had before cannot come back: its thief would, too."""
    change = incoming.claims
    if not isinstance(change, messages.KeyChange) or incoming.refusal:
        return incoming
    if change.key.kid != incoming.kid and not key_history.was_used(
        db, incoming.device, change.key.kid
    ):
        return incoming
    return replace(incoming, refusal=Problem.KEY_KNOWN)


def advance(db: sa.Connection, device: str, epoch: str, now_s: int) -> Chain | None:
    """Move the chain's head over what is contiguous and fits."""
    place = (tables.chains.c.device == device, tables.chains.c.epoch == epoch)
    chain = db.execute(sa.select(tables.chains).where(*place)).first()
    if chain is None:
        db.execute(
            tables.chains.insert().values(
                device=device, epoch=epoch, upto=BEFORE_FIRST, head=""
            )
        )
    upto, head = (chain.upto, chain.head) if chain else (BEFORE_FIRST, "")
    came_from, forked = upto, False
    changes = key_history.waiting(db, device, epoch)
    rows = db.execute(
        sa.select(tables.records)
        .where(
            tables.records.c.device == device,
            tables.records.c.epoch == epoch,
            tables.records.c.seq > upto,
        )
        .order_by(tables.records.c.seq)
    )
    for row in rows:
        if row.seq != upto + 1:
            if upto == came_from:
                doubts.look_at_gap(db, row, upto, now_s)
            break
        if row.prev is not None and row.prev != head:
            other = Incoming(device, epoch, row.seq, row.hash, row.token)
            doubts.raise_alarm(
                db, other, Problem.FORK, "it does not follow what is here", now_s
            )
            _refuse_beyond(db, device, epoch, upto)
            forked = True
            break
        upto, head = row.seq, row.hash
        if upto in changes:
            break
    if upto != came_from:
        db.execute(tables.chains.update().where(*place).values(upto=upto, head=head))
    if upto in changes:
        _change_key(db, device, Link(epoch, upto, head), now_s)
        return advance(db, device, epoch, now_s)
    if upto == BEFORE_FIRST:
        return None
    return Chain(device, Link(epoch, upto, head), forked)


def taken_upto(db: sa.Connection, device: str, epoch: str) -> int:
    """Return up to which record this chain has simply gone on; BEFORE_FIRST: none."""
    table = tables.chains
    upto: int | None = db.execute(
        sa.select(table.c.upto).where(table.c.device == device, table.c.epoch == epoch)
    ).scalar()
    return BEFORE_FIRST if upto is None else upto


def _refuse_beyond(db: sa.Connection, device: str, epoch: str, upto: int) -> None:
    """What stands beyond a fork belongs to another life of this chain."""
    db.execute(
        tables.records.update()
        .where(
            tables.records.c.device == device,
            tables.records.c.epoch == epoch,
            tables.records.c.seq > upto,
            tables.records.c.refusal == "",
        )
        .values(refusal=Problem.FORK)
    )


def _change_key(db: sa.Connection, device: str, at: Link, now_s: int) -> None:
    """Put a change in force, and take out what the old key signed beyond it."""
    old_kid = key_history.put_in_force(db, device, at.epoch, at.seq)
    rows = db.execute(
        sa.select(tables.records).where(
            tables.records.c.device == device,
            tables.records.c.epoch == at.epoch,
            tables.records.c.seq >= at.seq,
        )
    ).all()
    for row in rows:
        one = Incoming(device, at.epoch, row.seq, row.hash, row.token)
        if row.seq == at.seq:
            doubts.raise_alarm(
                db, one, Problem.KEY_CHANGED, "did you ask for it?", now_s
            )
        elif one.kid == old_kid:
            why = f"signed by a key that was replaced at {at.seq}; taken out"
            doubts.raise_alarm(db, one, Problem.WRONG_KEY, why, now_s)
            # Its own change as well, or it would be in force with the next record here.
            for table in (tables.records, tables.key_changes):
                db.execute(table.delete().where(*_at(table, one)))


def _at(table: sa.Table, incoming: Incoming) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        table.c.device == incoming.device,
        table.c.epoch == incoming.epoch,
        table.c.seq == incoming.seq,
    )
