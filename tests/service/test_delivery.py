import json
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import Mosquitto, mosquitto
from deliveries import (
    DEVICE,
    Script,
    carrier,
    delivery,
    running,
    until_empty,
    visit,
)
from likeness.carrier.keeping import Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.chain import Link
from likeness.core.line import Arrived, BrokerUp
from likeness.core.vocabulary import Purpose
from likeness.edges import store_file
from likeness.edges.clock import SystemClock
from likeness.service.asking import VisitGrant
from likeness.service.delivery import MOST_HEARD
from results import ACCEPTED, NAME, NUMBER, bench
from stories import story, until

pytestmark = pytest.mark.broker


class Watcher:
    """A plain client of another make of code: hears everything, can forge."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: dict[str, list[bytes]] = {}
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._hear
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        leaf = message.topic.rpartition("/")[2]
        self.heard.setdefault(leaf, []).append(bytes(message.payload))

    def say(self, leaf: str, payload: bytes) -> None:
        topic = messages.topic(DEVICE, leaf)
        self._client.publish(topic, payload, qos=1).wait_for_publish(5)

    def last(self, leaf: str) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.heard[leaf][-1])
        return found

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@story
async def test_results_reach_the_carrier_and_are_receipted(tmp_path: Path) -> None:
    near, kept = bench(tmp_path), list[Kept]()
    await near.store.open()
    for _ in range(3):
        await near.record(ACCEPTED)  # made before the daemon had a line
    with mosquitto(tmp_path) as broker:
        way = delivery(near, broker)
        async with running(carrier(tmp_path, broker, kept)), running(way.run()):
            for _ in range(40):
                await visit(near, way)
            await until_empty(near)
    assert [one.record.seq for one in kept if one.new] == list(range(44))
    # Every PUBACK came before its commit could be lost, so nothing went out twice
    # (but for what was sent before the carrier had subscribed).
    assert way.counts["sent"] <= 44 + 4
    store = CarrierStore(tmp_path / "carrier.db")
    (chain,) = store.chains()
    assert chain.upto.hash == await near.store.hash_at(near.store.epoch, 43)
    assert store.gaps() == []
    assert store.alarms() == []
    for seq, token in enumerate(store.tokens(DEVICE)):
        assert token == await near.store.token(near.store.epoch, seq)
    await near.store.close()


@story
async def test_broker_and_carrier_may_die_at_any_time(tmp_path: Path) -> None:
    near, kept = bench(tmp_path), list[Kept]()
    await near.store.open()
    broker = Mosquitto(tmp_path)  # not there yet: the daemon serves all the same
    way = delivery(near, broker)
    async with running(way.run()):
        await visit(near, way)
        for _ in range(3):
            broker.start()
            async with running(carrier(tmp_path, broker, kept)):
                await visit(near, way)
                await until_empty(near)
                await visit(near, way)
                broker.kill()
                await visit(near, way)
        broker.start()
        async with running(carrier(tmp_path, broker, kept)):
            await until_empty(near)
    broker.kill()
    # In which order they came depends on when the carrier subscribed.
    seqs = sorted(one.record.seq for one in kept if one.new)
    assert seqs == list(range(11))
    tokens = {one.record.seq: one.record.token for one in kept}
    assert all(one.record.token == tokens[one.record.seq] for one in kept)
    await near.store.close()


@story
async def test_what_the_carrier_refused_by_mistake_is_sent_again(
    tmp_path: Path,
) -> None:
    near, kept = bench(tmp_path), list[Kept]()
    file = near.keys.devices / f"{DEVICE}.json"
    known = json.loads(file.read_text())
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        for environment, before, set_aside in (
            ("test", 0, 0),
            ("production", 0, 2),
            ("test", 2, 0),
        ):
            file.write_text(json.dumps({**known, "environments": [environment]}))
            await near.store.close()
            again = store_file.send_again(tmp_path / "state" / store_file.NAME)
            assert again == before
            near = bench(tmp_path)
            await near.store.open()
            way = delivery(near, broker)
            async with running(carrier(tmp_path, broker, kept)), running(way.run()):
                await visit(near, way)
                await visit(near, way)
                await until_empty(near)
            assert way.counts["set_aside"] == set_aside
    store = CarrierStore(tmp_path / "carrier.db")
    (chain,) = store.chains()
    assert chain.upto == await near.store.newest()
    assert sum(one.retaken for one in kept) == 2
    survey = store_file.survey(tmp_path / "state" / store_file.NAME)
    assert (survey.receipted, survey.aside) == (7, ())
    await near.store.close()


@story
async def test_a_puback_is_no_receipt(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        way = delivery(near, broker)
        async with running(way.run()):
            await visit(near, way)
            await until(lambda: way.counts["nobody_listens"] >= 2)
    assert len(await near.store.waiting()) == 2
    await near.store.close()


@story
async def test_a_forged_receipt_forgets_nothing(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    liar = bench(tmp_path / "liar")
    forger = CarrierWords(
        receipt_key=liar.keys.private("receipt"), visit_key=liar.keys.private("visit")
    )
    real = CarrierWords(
        receipt_key=near.keys.private("receipt"), visit_key=near.keys.private("visit")
    )
    with mosquitto(tmp_path) as broker:
        way, watcher = delivery(near, broker), Watcher(broker)
        async with running(way.run()):
            await visit(near, way)
            await until(lambda: len(watcher.heard.get("result", [])) >= 2)
            epoch = near.store.epoch
            upto = Link(epoch, 1, await near.store.hash_at(epoch, 1))
            now_s = SystemClock().moment().utc_s
            for bad in (
                forger.receipt(DEVICE, upto, now_s).encode(),
                real.receipt("shop-18", upto, now_s).encode(),
                b"",
                b"\xff" * 100,
                b"x" * 16_000,
                watcher.heard["result"][0],
            ):
                watcher.say("receipt", bad)
            await until(lambda: way.counts["dropped"] == 6)
            other = Link(epoch, 1, await near.store.hash_at(epoch, 0))
            watcher.say("receipt", real.receipt(DEVICE, other, now_s).encode())
            await until(lambda: way.counts["receipt_differs"] == 1)
            assert {row.link.seq for row in await near.store.waiting()} >= {0, 1}
            watcher.say("receipt", real.receipt(DEVICE, upto, now_s).encode())
            await until(lambda: way.counts["receipts"] == 1)
            # The carrier contradicted our chain: what waits is the start of a new one.
            (row,) = await near.store.waiting()
            assert row.link == await near.store.newest()
            assert row.link.epoch == near.store.epoch != epoch
        watcher.close()
    await near.store.close()


@story
async def test_a_flood_of_messages_fills_no_memory(tmp_path: Path) -> None:
    near, broker = bench(tmp_path), Script(BrokerUp())
    await near.store.open()
    way = delivery(near, broker)
    async with running(way.run()):
        await until(lambda: bool(broker.published))
        for _ in range(MOST_HEARD + 1_000):
            broker.say(Arrived(messages.topic(DEVICE, "receipt"), b"x"))
        assert 900 < way.counts["flooded"] <= 1_000
        await until(lambda: way.counts["dropped"] >= MOST_HEARD - 100)
        flooded = way.counts["flooded"]
        broker.say(Arrived(messages.topic(DEVICE, "receipt"), b"x"))
        assert way.counts["flooded"] == flooded, "there is room again"
    await near.store.close()


@story
async def test_a_visit_is_opened_once_and_for_our_commitment(tmp_path: Path) -> None:
    near, grants = bench(tmp_path), list[VisitGrant]()
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        way, watcher = delivery(near, broker, grants), Watcher(broker)
        assert not way.ask_visit(b"c" * 32, "t-1", Purpose.NEW_NUMBER), "no line yet"
        async with running(carrier(tmp_path, broker, [])), running(way.run()):
            await until_empty(near)
            assert way.ask_visit(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
            await until(lambda: len(grants) == 1)
            assert grants[0].commitment == b"c" * 32
            assert len(grants[0].nonce) == 32
            # The same answer again, and an answer that we did not ask for.
            await until(lambda: bool(watcher.heard.get("visit")))
            first = watcher.heard["visit"][0]
            watcher.say("visit", first)
            await until(lambda: way.counts["dropped"] == 1)
            assert way.ask_visit(b"d" * 32, "t-2", Purpose.REPLACE_SIM)
            watcher.say("visit", first)
            await until(lambda: len(grants) == 2)
            # Asked again for one commitment, the carrier gives the same nonce.
            assert way.ask_visit(b"d" * 32, "t-2", Purpose.REPLACE_SIM)
            await until(lambda: len(watcher.heard["visit"]) == 5)
        watcher.close()
    assert grants[0].nonce != grants[1].nonce
    assert grants[1].transaction == "t-2"
    await near.store.close()


@story
async def test_what_the_fleet_sees(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        watcher, way = Watcher(broker), delivery(near, broker)
        async with running(way.run()):
            await visit(near, way)
            await until(lambda: {"birth", "status", "telemetry"} <= set(watcher.heard))
            await until(lambda: watcher.last("telemetry")["outbox_waiting"] == 2)
            await until(lambda: watcher.last("telemetry")["outbox_oldest_s"] != 0)
            assert watcher.last("status")["status"] == "online"
            assert watcher.last("birth")["epoch"] == near.store.epoch
            assert watcher.last("telemetry")["temperature_c"] == 51.5
        await until(lambda: watcher.last("status")["status"] == "stopping")
        watcher.close()
        late = Watcher(broker)  # retained: also for who comes later
        await until(lambda: {"birth", "status"} <= set(late.heard))
        late.close()
        everything = b"".join(b"".join(said) for said in watcher.heard.values())
    for marked in (NAME, NUMBER):
        assert marked.encode() not in everything
        for path in (tmp_path / "state").iterdir():
            assert marked.encode() not in path.read_bytes()
    await near.store.close()


@story
async def test_a_vanished_terminal_is_lost(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        watcher, way = Watcher(broker), delivery(near, broker)
        async with running(way.run()):
            await until(lambda: "status" in watcher.heard)
            other = Client(  # the same name again: the broker cuts the first line
                CallbackAPIVersion.VERSION2,
                client_id=DEVICE,
                protocol=MQTTProtocolVersion.MQTTv5,
            )
            other.connect(broker.host, broker.port)
            await until(
                lambda: any(b'"lost"' in said for said in watcher.heard["status"])
            )
            await until(lambda: watcher.last("status")["status"] == "online")
        watcher.close()
    await near.store.close()


@story
async def test_what_is_on_anothers_topic_is_dropped(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    words = CarrierWords(
        receipt_key=near.keys.private("receipt"), visit_key=near.keys.private("visit")
    )
    begins = Link(near.store.epoch, 0, await near.store.hash_at(near.store.epoch, 0))
    now_s = SystemClock().moment().utc_s
    receipt = words.receipt(DEVICE, begins, now_s).encode()
    others = [
        Arrived(topic, receipt)
        for topic in ("likeness/v1/shop-18/receipt", "elsewhere", "")
    ]
    broker = Script(BrokerUp(), *others)
    way = delivery(near, broker)
    async with running(way.run()):
        await until(lambda: way.counts["dropped"] == 3)
        assert len(await near.store.waiting()) == 1
    await near.store.close()


@story
async def test_what_was_made_just_before_a_fork_goes_out_as_well(
    tmp_path: Path,
) -> None:
    near, broker = bench(tmp_path), Script(BrokerUp())
    await near.store.open()
    words = CarrierWords(
        receipt_key=near.keys.private("receipt"), visit_key=near.keys.private("visit")
    )
    way, old = delivery(near, broker), near.store.epoch
    async with running(way.run()):
        await until(lambda: way.counts["sent"] == 1)
        await near.record(ACCEPTED)  # and nobody has told the delivery yet
        now_s = SystemClock().moment().utc_s
        said = words.receipt(DEVICE, Link(old, 9, "h" * 43), now_s).encode()
        broker.say(Arrived(messages.topic(DEVICE, "receipt"), said))
        await until(lambda: way.counts["sent"] == 3)
        await visit(near, way)
        await until(lambda: way.counts["sent"] == 4)
    waiting = [(row.link.epoch, row.link.seq) for row in await near.store.waiting()]
    new = near.store.epoch
    assert waiting == [(new, 0), (new, 1), (old, 0), (old, 1)]
    await near.store.close()
