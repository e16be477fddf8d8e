"""Compares what the terminals made with what the carrier keeps: lost, doubled, raised.

Leaves to others: making, keeping, times.
"""

from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier import alarms, tables
from likeness.carrier.database import Database
from likeness.core import jws
from scale.ahead import Life
from scale.floor import Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What came of all records; every list is empty when all is well.

    Attributes:
        made, kept: how many.
        lost: made, and not kept.
        foreign: kept, and never made so: another hash, another place, twice.
        short: terminals whose chain does not reach their last record.
        unreceipted: made, and the terminal has no receipt.
        alarms: as `carrier alarms` says them; nothing here is a reason for one.
    """

    made: int
    kept: int
    lost: list[str]
    foreign: list[str]
    short: list[str]
    unreceipted: list[str]
    alarms: list[str]

    @property
    def is_good(self) -> bool:
        """Whether nothing is amiss."""
        return not (
            self.lost
            or self.foreign
            or self.short
            or self.unreceipted
            or self.alarms
            or self.made != self.kept
        )


def judge(database: Database, lives: list[Life], told: list[Told]) -> Judgement:
    """Look at every record of every terminal."""
    times = {number: one for each in told for number, one in each.times.items()}
    with database.read() as db:
        kept = _kept(db)
        rows = db.execute(sa.select(tables.chains))
        chains = [((r.device, r.epoch), (r.upto, r.head)) for r in rows]
        raised = [f"{a.kind} {a.device} {a.seq} {a.detail}" for a in alarms.raised(db)]
    made = {
        (life.device, life.epoch, seq): jws.chain_hash(life.records[seq])
        for life in lives
        for seq in range(len(times[life.number]))
    }
    ends = {}
    for (device, epoch, seq), here in made.items():
        ends[device, epoch] = (seq, here)  # they come in order
    return Judgement(
        made=len(made),
        kept=len(kept),
        lost=[str(place) for place in made.keys() - {place for place, _ in kept}],
        foreign=[str(place) for place, here in kept if made.get(place) != here],
        short=[device for (device, _), _ in ends.items() - set(chains)],
        unreceipted=[
            f"{life.device} {seq}"
            for life in lives
            for seq, one in enumerate(times[life.number])
            if not one.receipted
        ],
        alarms=raised,
    )


def _kept(db: sa.Connection) -> list[tuple[tuple[str, str, int], str]]:
    """Return place and hash of all records, those refused by another hash."""
    columns = tables.records.c
    query = sa.select(
        columns.device, columns.epoch, columns.seq, columns.hash, columns.refusal
    )
    return [
        ((row.device, row.epoch, row.seq), row.refusal or row.hash)
        for row in db.execute(query)
    ]
