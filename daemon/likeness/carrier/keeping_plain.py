"""The plain case, many chains at once: each goes on just where its head stands.

A chain of a batch is plain if nothing about it can be doubtful: its device never
changed its key, nothing stands beyond its head, each of its new records is a result
that is taken, follows the one before it, was made by a clock that is not ahead, and has
no nonce or the one that was given for it. The first chain of a new device is plain as
well, and so are records that were taken before: in a storm of resends these must not
cost more than new ones, or there are ever more of them. If anything of a device is not
plain, nothing of it in this batch is.

So a batch takes a handful of statements, however many chains there are. It must come to
the same rows and the same answers as `keeping` does record by record; a test holds the
two together. All functions work inside the caller's transaction. Leaves to others:
whatever is not plain (`keeping`).
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from likeness.carrier import dating, doubts, nonces, tables
from likeness.carrier.database import among, insert_rows, rows_at, update_rows
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import BEFORE_FIRST, Place, new_row
from likeness.core import dating as core_dating
from likeness.core import messages
from likeness.core.chain import Link

Chains = dict[Place, list[Incoming]]


@dataclass(frozen=True, slots=True)
class Plain:
    """What is plain in a batch."""

    chains: Chains = field(default_factory=dict)  # their new records; there may be none
    heads: dict[Place, Link] = field(default_factory=dict)  # before these
    fresh: frozenset[str] = frozenset()  # devices of which nothing is here yet

    def head(self, place: Place) -> Link:
        """Return the head of a plain chain as it is with this batch."""
        if not (new := self.chains[place]):
            return self.heads[place]
        return Link(new[-1].epoch, new[-1].seq, new[-1].hash)


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
    taken = _taken(db, chains, heads)
    visits = _visits(db, chains)
    used: set[str] = set()
    new: Chains = {}
    for place, records in chains.items():
        found = _new(heads.get(place), records, taken)
        if found is None or not _fit(found, visits, used):
            odd.add(place[0])
        else:
            new[place] = found
    plain = {place: found for place, found in new.items() if place[0] not in odd}
    return Plain(
        plain,
        {place: heads[place] for place in plain},
        frozenset(
            device for (device, _), at in heads.items() if at.seq == BEFORE_FIRST
        ),
    )


def write(db: sa.Connection, plain: Plain, now_s: int) -> None:
    """Keep them, move the heads, and note which nonces are used."""
    every = [one for records in plain.chains.values() for one in records]
    if not every:
        return
    insert_rows(db, tables.records, [new_row(one, now_s) for one in every])
    begun: list[dict[str, object]] = []
    moved: list[dict[str, object]] = []
    for (device, epoch), records in plain.chains.items():
        if not records:
            continue
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


def _taken(
    db: sa.Connection, chains: Chains, heads: Mapping[Place, Link]
) -> set[tuple[str, str, int, str]]:
    """Return place and hash of those records of the batch that were taken before."""
    places = {
        (*place, one.seq)
        for place, records in chains.items()
        for one in records
        if place in heads and one.seq <= heads[place].seq
    }
    if not places:
        return set()
    table = tables.records
    query = rows_at(db, table, ("device", "epoch", "seq"), places)
    columns = (table.c.device, table.c.epoch, table.c.seq, table.c.hash)
    rows = db.execute(query.where(table.c.refusal == "").with_only_columns(*columns))
    return {(row.device, row.epoch, row.seq, row.hash) for row in rows}


def _new(
    head: Link | None,
    records: Iterable[Incoming],
    taken: Collection[tuple[str, str, int, str]],
) -> list[Incoming] | None:
    """Return those that go on; None: one neither goes on nor was taken before."""
    if head is None:
        return None
    new: dict[int, Incoming] = {}
    upto, last = head.seq, head.hash
    for one in records:
        if one.seq <= head.seq:
            if (one.device, one.epoch, one.seq, one.hash) not in taken:
                return None
        elif one.seq in new:
            if one.hash != new[one.seq].hash:
                return None
        elif one.seq == upto + 1 and one.prev == last:
            new[one.seq] = one
            upto, last = one.seq, one.hash
        else:
            return None
    return list(new.values())


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
