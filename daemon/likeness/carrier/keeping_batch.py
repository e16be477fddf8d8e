"""Keeps what came together: the plain chains at once, all else record by record.

The devices are locked for the length of the transaction: two programs that hold records
of one device take turns, and each sees all that the other has kept. All functions work
inside the caller's transaction. Leaves to others: what is plain (`keeping_plain`), how
one record finds its place (`keeping`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import sqlalchemy as sa

from likeness.carrier import database, keeping_plain
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import Chain, Kept, Place, advance, keep
from likeness.core.chain import Link


def keep_all(
    db: sa.Connection, batch: Sequence[Incoming], now_s: int
) -> tuple[list[Kept], list[Chain]]:
    """Keep a batch; return what became of each record, and the heads.

    The heads are those of all chains that a record of the batch belongs to, also of a
    resent one: the terminal may not have heard the receipt before. One that sends old
    records only may be an old copy of itself and not know the head: then the newest of
    these records comes as well, before the head.
    """
    database.lock(db, {one.device for one in batch})
    plain = keeping_plain.find(db, batch, now_s)
    keeping_plain.write(db, plain, now_s)
    kept: list[Kept] = []
    upto = {place: head.seq for place, head in plain.heads.items()}
    for one in batch:
        if (place := _place(one)) in upto:
            kept.append(Kept(one, new=one.seq > upto[place]))
            upto[place] = max(one.seq, upto[place])
        else:
            kept.append(keep(db, one, now_s))
    heads: list[Chain] = []
    told: dict[Place, Chain] = {}
    ours: dict[Place, list[Kept]] = {}
    for each in kept:
        if not each.wrong_key:
            ours.setdefault(_place(each.record), []).append(each)
    for place, records in ours.items():
        head = (
            Chain(place[0], plain.head(place))
            if place in upto
            else advance(db, *place, now_s)
        )
        if head is not None:
            told[place] = head
            heads += (*_older(head, records), head)
    return [_beyond(told.get(_place(one.record)), one) for one in kept], heads


def _place(one: Incoming) -> Place:
    return one.device, one.epoch


def _beyond(head: Chain | None, one: Kept) -> Kept:
    """Mark what stands beyond a fork."""
    if head is None or not head.forked or one.wrong_key:
        return one
    return replace(one, fork=True) if one.record.seq > head.upto.seq else one


def _older(head: Chain, ours: Iterable[Kept]) -> list[Chain]:
    """Return the newest record of this chain, if it is a resent one before the head."""
    here = [_beyond(head, one) for one in ours]
    newest = max(
        (one for one in here if not one.fork),
        key=lambda one: one.record.seq,
        default=None,
    )
    if newest is None or newest.new or newest.record.seq >= head.upto.seq:
        return []
    place = Link(head.upto.epoch, newest.record.seq, newest.record.hash)
    return [Chain(head.device, place)]
