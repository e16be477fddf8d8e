"""Compares what the terminals made with what the carrier keeps.

A record was made when its terminal had committed it. Its place is counted from 0, and
the chain binds each record to the bytes of the one before: if the carrier has every
place up to the terminal's head, an unbroken chain, and the head's hash, then it has
everything, once, in order and unchanged. Leaves to others: making it hard.
"""

import contextlib
import json
import re
import sqlite3
from collections import Counter
from pathlib import Path

import msgspec
from joserfc.jwk import ECKey

from crash.cell import Cell, SlimTerminal
from likeness.carrier.audit.inspect import inspect
from likeness.carrier.store import CarrierStore
from likeness.carrier.verify import Problem
from likeness.core import jws
from likeness.core.outbox import FAILURE_FROM, NO_MATCHING_SUBSCRIBERS

_MADE = re.compile(r"^made (\d+) (\S+)$", re.M)
_ACKED = re.compile(r"^acked (\d+) (\d+)$", re.M)


class Judgement(msgspec.Struct, kw_only=True):
    """What became of the results; all counts are records, epoch records included."""

    made: int = 0
    lost: int = 0  # made, but not with the carrier
    doubled: int = 0  # rows of the carrier beyond one for each record
    altered: int = 0  # bad signatures, records that do not follow the one before
    gaps: int = 0
    alarms: int = 0
    epochs: int = 0  # beyond one for each terminal
    unasked: int = 0  # said to be safe by a terminal, but with no place in its chain
    waiting: int = 0  # for a receipt, at the end
    deliveries: int = 0  # taken in by the carrier, the same ones again counted
    tracebacks: int = 0  # in anybody's log
    # Of the lost ones in the naive arm: what the broker had answered.
    lost_after: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def extra(self) -> int:
        """Deliveries beyond one for each record."""
        return self.deliveries - (self.made - self.lost)

    @property
    def faultless(self) -> bool:
        """Whether nothing is lost, doubled or changed, and nobody was alarmed."""
        bad = set(self.__struct_fields__) - {"made", "deliveries", "lost_after"}
        return self.made > 0 and not any(getattr(self, name) for name in bad)


def judge(cell: Cell) -> Judgement:
    """Look into all databases and logs; nothing needs to run any more."""
    store = CarrierStore(cell.database)
    total = Judgement(
        alarms=len(store.alarms()),
        deliveries=len(re.findall("event=(?:kept|kept_before) ", cell.carrier.said())),
        gaps=len(store.gaps()),
        tracebacks=cell.carrier.said().count("Traceback"),
    )
    for terminal in cell.terminals:
        _judge_one(terminal, store.tokens(terminal.device), total)
    store.close()
    return total


def _judge_one(terminal: SlimTerminal, there: list[str], total: Judgement) -> None:
    epochs, head, head_hash = _head(terminal.database)
    total.epochs += epochs - 1
    total.made += head + 1
    hashes = {_seq(token): jws.chain_hash(token) for token in there}
    lost = set(range(head + 1)) - set(hashes)
    total.lost += len(lost)
    total.doubled += len(there) - len(hashes)
    total.altered += hashes.get(head, head_hash) != head_hash
    total.altered += _count_altered(terminal, there)
    said = terminal.said()
    for text, made in _MADE.findall(said):
        total.unasked += int(text) > head
        total.altered += hashes.get(int(text), made) != made
    acked = {int(seq): int(code) for seq, code in _ACKED.findall(said)}
    answers = Counter(_answer(acked.get(seq)) for seq in lost)
    total.lost_after = dict(Counter(total.lost_after) + answers)
    total.waiting += terminal.waiting
    total.tracebacks += said.count("Traceback")


def _answer(code: int | None) -> str:
    """Name what the broker had said to a record that was lost all the same."""
    if code is None:
        return "no answer"
    if code >= FAILURE_FROM:
        return "refused"
    return "nobody subscribed" if code == NO_MATCHING_SUBSCRIBERS else "success"


def _head(database: Path) -> tuple[int, int, str]:
    """Return how many epochs there are, and the last record's place and hash."""
    with contextlib.closing(sqlite3.connect(database)) as db:
        (epochs,) = db.execute("SELECT count(DISTINCT epoch) FROM record").fetchone()
        seq, made = db.execute(
            "SELECT seq, hash FROM record ORDER BY seq DESC LIMIT 1"
        ).fetchone()
    return epochs, seq, made


def _count_altered(terminal: SlimTerminal, there: list[str]) -> int:
    """Check signatures and chain with the carrier's inspector; gaps count elsewhere."""
    if not there:
        return 0
    results = terminal.home / "results.jws"
    results.write_text("\n".join(there))
    jwk = json.loads((terminal.keys.terminal / "device.jwk").read_text())
    kinds = Counter(
        finding.problem.partition(":")[0]
        for finding in inspect([results], ECKey.import_key(jwk))
    )
    return kinds.total() - kinds[""] - kinds[Problem.GAP]


def _seq(token: str) -> int:
    seq: int = json.loads(jws.decode(token.split(".")[1]))["seq"]
    return seq
