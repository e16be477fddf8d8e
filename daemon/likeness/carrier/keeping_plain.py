"""The plain case, many chains at once: each goes on just where its head stands.

A chain of a batch is plain if nothing about it can be doubtful: its device never
changed its key, nothing stands beyond its head, each of its new records is a result
that is taken, follows the one before it, was made by a clock that is not ahead, and has
no nonce or the one that was given for it. The first chain of a new device is plain as
well. If anything of a device is not plain, nothing of it in this batch is.

So a batch takes a handful of statements, however many chains there are. It must come to
the same rows and the same answers as `keeping` does record by record; a test holds the
two together. All functions work inside the caller's transaction. Leaves to others:
whatever is not plain (`keeping`).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from likeness.carrier import dating, doubts, nonces, tables
from likeness.carrier.database import among, insert_rows, update_rows
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import BEFORE_FIRST, Place, new_row
from likeness.core import dating as core_dating
from likeness.core import messages
from likeness.core.chain import Link

Chains = dict[Place, list[Incoming]]


@dataclass(frozen=True, slots=True)
class Plain:
    """What is plain in a batch."""

    chains: Chains = field(default_factory=dict)
    fresh: frozenset[str] = frozenset()  # devices of which nothing is here yet


def find(db: sa.Connection, batch: Sequence[Incoming], now_s: int) -> Plain:
    """Return the plain chains of a batch, each with its records."""
    odd = {one.device for one in batch if not _may_be_plain(one, now_s)}
    chains: Chains = {}
    for one in batch:
        if one.device not in odd:
            chains.setdefault((one.device, one.epoch), []).append(one)
    if not chains:
        return Plain()
    heads = _heads(db, chains)
    visits = _visits(db, chains)
    used: set[str] = set()
    for place, records in chains.items():
        if not (_goes_on(heads.get(place), records) and _fit(records, visits, used)):
            odd.add(place[0])
    return Plain(
        {place: found for place, found in chains.items() if place[0] not in odd},
        frozenset(
            device for (device, _), at in heads.items() if at.seq == BEFORE_FIRST
        ),
    )


def write(db: sa.Connection, plain: Plain, now_s: int) -> None:
    """Keep them, move the heads, and note which nonces are used."""
    if not plain.chains:
        return
    every = [one for records in plain.chains.values() for one in records]
    insert_rows(db, tables.records, [new_row(one, now_s) for one in every])
    begun: list[dict[str, object]] = []
    moved: list[dict[str, object]] = []
    for (device, epoch), records in plain.chains.items():
        last = records[-1]
        head = {"device": device, "epoch": epoch, "upto": last.seq, "head": last.hash}
        (begun if device in plain.fresh else moved).append(head)
    insert_rows(db, tables.chains, begun)
    update_rows(db, tables.chains, ("device", "epoch"), moved)
    used = [
        {"device": one.device, "nonce": nonce, "used_by": one.hash}
        for one in every
        if (nonce := _nonce(one)) is not None
    ]
    update_rows(db, tables.visits, ("device", "nonce"), used)


def _may_be_plain(one: Incoming, now_s: int) -> bool:
    claims = one.claims
    begins = isinstance(claims, messages.EpochBegins) and claims.former is None
    if claims is None or one.refusal:
        return False
    if not (begins or isinstance(claims, messages.Result)):
        return False
    return not core_dating.is_ahead(dating.moment_of(claims), now_s)


def _heads(db: sa.Connection, chains: Chains) -> dict[Place, Link]:
    """Return the heads of these chains, but for those that are not plain."""
    table, records, changes = tables.chains, tables.records, tables.key_changes
    beyond = sa.select(records.c.seq).where(
        records.c.device == table.c.device,
        records.c.epoch == table.c.epoch,
        records.c.seq > table.c.upto,
    )
    changed = sa.select(changes.c.seq).where(changes.c.device == table.c.device)
    odd = sa.or_(table.c.upto == BEFORE_FIRST, beyond.exists(), changed.exists())
    devices = Counter(device for device, _ in chains)
    query = sa.select(table, odd.label("odd"))
    rows = db.execute(query.where(among(db, table.c.device, set(devices)))).all()
    known = {row.device for row in rows}
    fresh = {
        (device, epoch): Link(epoch, BEFORE_FIRST, "")
        for device, epoch in chains
        if device not in known and devices[device] == 1
    }
    return fresh | {
        (row.device, row.epoch): Link(row.epoch, row.upto, row.head)
        for row in rows
        if not row.odd
    }


def _goes_on(head: Link | None, records: Iterable[Incoming]) -> bool:
    if head is None:
        return False
    upto, last = head.seq, head.hash
    for one in records:
        if one.seq != upto + 1 or one.prev != last:
            return False
        upto, last = one.seq, one.hash
    return True


def _nonce(one: Incoming) -> str | None:
    return one.claims.nonce if isinstance(one.claims, messages.Result) else None


def _visits(db: sa.Connection, chains: Chains) -> dict[tuple[str, str], nonces.Issued]:
    """Return the visits that these results answer, by device and nonce."""
    every = (one for records in chains.values() for one in records)
    given = {nonce for one in every if (nonce := _nonce(one)) is not None}
    if not given:
        return {}
    query = sa.select(tables.visits).where(among(db, tables.visits.c.nonce, given))
    return {(row.device, row.nonce): doubts.issued(row) for row in db.execute(query)}


def _fit(
    records: Iterable[Incoming],
    visits: dict[tuple[str, str], nonces.Issued],
    used: set[str],
) -> bool:
    """Say whether each used the nonce that was given for it, and none twice."""
    for one in records:
        nonce = _nonce(one)
        if nonce is None:
            continue
        result = one.claims
        if nonce in used or not isinstance(result, messages.Result):
            return False
        used.add(nonce)
        if nonces.doubt(result, visits.get((one.device, nonce))):
            return False
    return True
