"""Messages for the carrier, with a real database: batches, and chains of several keys.

Leaves to others: the messages (`tokens`), the terminal, answers to orders.
"""

import contextlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from deliveries import DEVICE
from fuzz import tokens
from fuzz.engine import Subject, Target, without_values
from fuzz.message_targets import Heard, behind_a_byte, listening
from fuzz.mutate import Dice, any_bytes
from fuzz.tokens import NOW, Resigned
from likeness.carrier import tables
from likeness.carrier.ingest import Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from results import EPOCH, Bench, bench, result_at
from rotations import change, with_new_key

CARRIER_LEAVES = ("result", "ask")


# --- the carrier --------------------------------------------------------------------
class Carrier:
    """The real taking in with a real database."""

    def __init__(self, folder: Path, near: Bench) -> None:
        keys = near.keys
        self._exit = contextlib.ExitStack()
        self._heard: Heard = self._exit.enter_context(listening())
        self.store = CarrierStore(folder / "carrier.db")
        self.ingest = Ingest(
            line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
            store=self.store,
            trust=Trust(keys.devices),
            words=CarrierWords(
                receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
            ),
            environment=Environment.TEST,
            utc=lambda: NOW,
        )

    def take(self, batch: list[Arrived]) -> str:
        before = self.ingest.counts["dropped"]
        outcome = self.ingest.handle(batch)
        dropped = self.ingest.counts["dropped"] - before
        if dropped == len(batch):
            return f"refused Untrusted: {without_values(self._heard.why)}"
        kept = {_what(one) for one in outcome.kept}
        return f"taken {' '.join(sorted(kept))[:80]}"

    def check(self) -> None:
        """No key is in force unless the record that brings it is kept at its place."""
        with self.store.database.read() as db:
            rows = db.execute(
                sa.select(tables.key_changes, tables.records.c.token)
                .join_from(
                    tables.key_changes,
                    tables.records,
                    sa.and_(
                        *(
                            tables.key_changes.c[name] == tables.records.c[name]
                            for name in ("device", "epoch", "seq")
                        )
                    ),
                    isouter=True,
                )
                .where(tables.key_changes.c.in_force.is_(True))
            ).all()
        for row in rows:
            parsed = jws.parse(row.token or "", types=(messages.KEY,))
            claims = messages.from_json(parsed.payload, messages.KeyChange)
            if (parsed.kid, claims.key.kid) != (row.old_kid, row.new_kid):
                raise AssertionError("a key is in force that no record brought")

    def close(self) -> None:
        self.store.close()
        self._exit.close()


def _what(kept: Any) -> str:
    return f"{kept.record.refusal}{kept.new:d}{kept.fork:d}{kept.wrong_key:d}"


def _carrier(folder: Path) -> Subject:
    """An input is a batch: lines of a byte for the topic, then a token."""
    near = bench(folder)
    said = tokens.from_terminal(near, folder)
    far = Carrier(folder, near)
    lines = [f"0{one}".encode() for one in said.records]
    lines += [f"1{one}".encode() for one in said.asks]

    def run(data: bytes) -> str:
        batch = [
            Arrived(
                messages.topic(DEVICE, CARRIER_LEAVES[line[0] & 1]),
                line[1:],
            )
            for line in data.split(b"\n")[:16]
            if line
        ]
        return far.take(batch)

    resigned = behind_a_byte(Resigned(said.signers))

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        rows = data.split(b"\n")
        at = dice.randrange(len(rows))
        if dice.random() < 0.85:
            rows[at] = resigned(dice, rows[at], other.split(b"\n")[0])
        else:
            rows.insert(at, dice.choice(lines))
            dice.shuffle(rows)
        return b"\n".join(rows[:4])

    def close() -> None:
        far.check()
        far.close()

    return Subject([*lines, b"\n".join(lines[:4])], mutate, run, close)


# --- chains -------------------------------------------------------------------------
# An input is a program: four bytes for each record that a device, or a thief, makes.
KEYS, PLACES, KINDS = 4, 8, 4


def _chains(folder: Path) -> Subject:
    near = bench(folder)
    topic = messages.topic(DEVICE, "result")
    hands = [near, *(with_new_key(near, folder / str(n)) for n in range(1, KEYS))]
    count = 0

    def run(program: bytes) -> str:
        nonlocal count
        count += 1
        (folder / f"life-{count}").mkdir()
        far = Carrier(folder / f"life-{count}", near)
        try:
            made: dict[int, str] = {}
            for at in range(0, min(len(program), 10 * 4), 4):
                token = _record_of(program[at : at + 4], hands, made)
                if token:
                    far.take([Arrived(topic, token.encode())])
            far.check()
            chains = far.store.chains()
            return f"upto {max((one.upto.seq for one in chains), default=-1)}"
        finally:
            far.close()

    return Subject(_lives(), _life, run)


def _record_of(step: bytes, hands: list[Bench], made: dict[int, str]) -> str | None:
    """Make the record that four bytes ask for: kind, signer, new key, place."""
    if len(step) < 4:
        return None
    kind, hand, other, place = (one % n for one, n in zip(step, _SIZES, strict=True))
    who = hands[hand]
    before = made.get(place - 1)
    head = ChainHead(EPOCH, place, jws.chain_hash(before) if before else "h" * 43)
    if kind == 3:
        return made.get(place)  # sent once more
    if place == 0:
        token = who.notary.begin_epoch(ChainHead(EPOCH, 0, ""), None)
    elif kind == 2:
        token = change(who, hands[other], head)
    else:
        token = result_at(who, head)
    if kind != 1:  # 1: beside the chain that the others follow
        made[place] = token
    return token


_SIZES = (KINDS, KEYS, KEYS, PLACES)


def _lives() -> list[bytes]:
    plain = bytes(one for place in range(6) for one in (0, 0, 0, place))
    changed = bytes([0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 1, 2, 0, 1, 0, 3, 0, 1, 0, 4])
    twice = changed[:-4] + bytes([2, 1, 2, 4, 0, 2, 0, 5])
    # A thief who has the old key speaks of a place that is still to come.
    thief = bytes([0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 4, 2, 0, 1, 2, 0, 1, 0, 3])
    return [plain, changed, twice, thief]


def _life(dice: Dice, data: bytes, other: bytes) -> bytes:
    steps = [data[at : at + 4] for at in range(0, len(data), 4)]
    for _ in range(dice.choice((1, 2, 3))):
        at = dice.randint(0, len(steps))
        match dice.randrange(4):
            case 0 | 1:
                kind, hand = dice.choice((0, 1, 2, 2, 2, 3)), dice.choice((0, 0, 1, 2))
                step = (kind, hand, dice.randrange(KEYS), dice.randrange(PLACES))
                steps.insert(at, bytes(step))
            case 2 if steps and dice.random() < 0.5:
                one = steps.pop(dice.randrange(len(steps)))
                steps.insert(at, one)
            case 2 if steps:
                steps.insert(at, dice.choice(steps))
            case _ if steps:
                at = dice.randrange(len(steps))
                steps[at] = any_bytes(dice, steps[at], other)[:4].ljust(4, b"\0")
    return b"".join(steps)


TARGETS = (
    Target("carrier takes in", _carrier, share=1, renew_every=3000),
    Target("carrier's chains", _chains, share=0.1, renew_every=200),
)
