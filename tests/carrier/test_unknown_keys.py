"""A key change that was lost on its way: a person hears of it, and can put it right."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from likeness.carrier.ingest import Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.unknown_keys import STAYS_S
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from results import Bench, bench, chain_of
from rotations import after, change, more, with_new_key

NOW = 1_795_000_000
LOST, NEXT = "a" * 32, "b" * 32


@dataclass
class Far:
    """A carrier that is handed records, and its clock."""

    near: Bench
    store: CarrierStore
    ingest: Ingest
    now: list[int]

    def take(self, *tokens: str, device: str = "shop-17") -> None:
        topic = messages.topic(device, "result")
        self.ingest.handle([Arrived(topic, token.encode()) for token in tokens])

    def alarms(self) -> list[str]:
        return [one.kind for one in self.store.alarms()]


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    near, now = bench(tmp_path), [NOW]
    keys, store = near.keys, CarrierStore(tmp_path / "carrier.db")
    ingest = Ingest(
        # The line is never run: these tests hand batches in.
        line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
        store=store,
        trust=Trust(keys.devices),
        words=CarrierWords(
            receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
        ),
        environment=Environment.TEST,
        utc=lambda: now[0],
    )
    yield Far(near, store, ingest, now)
    store.close()


def test_a_change_that_was_lost_raises_an_alarm_and_the_key_can_be_added(
    far: Far, tmp_path: Path
) -> None:
    far.take(*chain_of(far.near, 2, LOST))
    new = with_new_key(far.near, tmp_path / "new")
    chain = chain_of(new, 2, NEXT)
    for after_s in (0, STAYS_S - 1):
        far.now[0] = NOW + after_s
        far.take(*chain)
    assert far.alarms() == [], "the change may be on its way"
    for after_s in (STAYS_S, 2 * STAYS_S, STAYS_S + 86_400):
        far.now[0] = NOW + after_s
        far.take(*chain)
    assert far.alarms() == ["unknown_key"] * 2, "one a day"
    alarm = far.store.alarms()[0]
    assert new.signer.kid in alarm.detail
    assert alarm.device == "shop-17"
    assert far.store.evidence("shop-17") == [chain[0]] * 2

    path = far.near.keys.devices / "shop-17.json"
    known = json.loads(path.read_text())
    known["keys"].append(new.signer.public_jwk())
    path.write_text(json.dumps(known))
    far.take(*chain)
    upto = {one.upto.epoch: one.upto.seq for one in far.store.chains()}
    assert upto == {LOST: 2, NEXT: 2}


def test_a_change_that_comes_late_raises_none(far: Far, tmp_path: Path) -> None:
    tokens = chain_of(far.near, 2, LOST)
    new = with_new_key(far.near, tmp_path / "new")
    changes = change(far.near, new, after(tokens, LOST))
    later = more(new, [*tokens, changes], 2, LOST)
    far.take(*tokens, *later[4:])
    far.now[0] += STAYS_S
    far.take(*later)
    assert far.alarms() == ["key_changed"]
    assert far.store.chains()[0].upto.seq == 5


def test_many_keys_and_strange_devices_fill_nothing(far: Far, tmp_path: Path) -> None:
    for number in range(20):
        stranger = with_new_key(far.near, tmp_path / str(number))
        far.now[0] += STAYS_S
        far.take(*chain_of(stranger, 0))
    assert far.alarms() == []
    for _ in range(3):
        far.now[0] += STAYS_S
        far.take(*chain_of(stranger, 0), device="shop-99")
    assert far.alarms() == []
