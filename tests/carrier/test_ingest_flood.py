"""What a broker, or who publishes there, can make the carrier keep in memory."""

import asyncio
import threading
from collections.abc import Sequence
from pathlib import Path

from fake_broker import FakeBroker, packet
from likeness.carrier.incoming import Incoming
from likeness.carrier.ingest import TOPICS, UNANSWERED, Ingest
from likeness.carrier.keeping import Chain, Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from results import bench, chain_of
from stories import story, until


class StuckStore(CarrierStore):
    """A store whose disk does not answer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked = False
        self.goes_on = threading.Event()

    def keep(
        self, batch: Sequence[Incoming], now_s: int
    ) -> tuple[list[Kept], list[Chain]]:
        self.asked = True
        self.goes_on.wait()
        return super().keep(batch, now_s)


def carrier(folder: Path, store: CarrierStore, port: int) -> Ingest:
    keys = bench(folder).keys
    return Ingest(
        line=MqttLine(
            LineSettings(
                host="127.0.0.1",
                port=port,
                client_id="carrier",
                topics=TOPICS,
                acknowledge_by_hand=True,
                receive_maximum=UNANSWERED,
                brisk=True,
            )
        ),
        store=store,
        trust=Trust(keys.devices),
        words=CarrierWords(
            receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
        ),
        environment=Environment.TEST,
    )


def result(qos: int, mid: int = 1, record: str = "no record") -> bytes:
    topic = messages.topic("shop-17", "result").encode()
    number = mid.to_bytes(2, "big") if qos else b""
    body = len(topic).to_bytes(2, "big") + topic + number + b"\0" + record.encode()
    return packet(0x30 | qos << 1, body)


@story
async def test_what_waits_for_a_stuck_disk_is_bounded_though_a_broker_sends_more(
    tmp_path: Path,
) -> None:
    """Mosquitto 2.0.11 does, with a backlog: its socket is not read any more."""
    store = StuckStore(tmp_path / "carrier.db")
    async with FakeBroker().running() as broker:
        ingest = carrier(tmp_path, store, broker.port)
        serving = asyncio.create_task(ingest.run())
        (begins,) = chain_of(bench(tmp_path), 0)
        try:
            await until(lambda: bool(broker.connects))
            await asyncio.sleep(0)
            broker.say(result(1, 1, begins))
            await until(lambda: store.asked)
            sent = 2 * UNANSWERED
            broker.say(b"".join(result(1, mid) for mid in range(2, sent + 1)))
            await until(lambda: ingest.waiting == UNANSWERED - 1)
            await asyncio.sleep(0.1)
            assert ingest.waiting == UNANSWERED - 1
            store.goes_on.set()
            await until(lambda: ingest.counts["dropped"] == sent - 1)
            assert ingest.counts["line_too_much"] == 0
        finally:
            store.goes_on.set()
            serving.cancel()
            await asyncio.wait([serving])
    store.close()


@story
async def test_what_waits_goes_with_the_line(tmp_path: Path) -> None:
    store = StuckStore(tmp_path / "carrier.db")
    async with FakeBroker().running() as broker:
        ingest = carrier(tmp_path, store, broker.port)
        serving = asyncio.create_task(ingest.run())
        (begins,) = chain_of(bench(tmp_path), 0)
        try:
            await until(lambda: bool(broker.connects))
            await asyncio.sleep(0)
            broker.say(result(1, 1, begins))
            await until(lambda: store.asked)
            broker.say(b"".join(result(1, mid) for mid in range(2, 12)))
            await until(lambda: ingest.waiting == 10)
            broker.say(result(qos=2))  # it was told that we take none
            await until(lambda: ingest.counts["line_too_much"] == 1)
            assert ingest.waiting == 0, "none was acknowledged, so it comes again"
        finally:
            store.goes_on.set()
            serving.cancel()
            await asyncio.wait([serving])
    store.close()


@story
async def test_what_is_not_to_be_acknowledged_is_not_kept_at_all(
    tmp_path: Path,
) -> None:
    store = CarrierStore(tmp_path / "carrier.db")
    async with FakeBroker().running() as broker:
        ingest = carrier(tmp_path, store, broker.port)
        serving = asyncio.create_task(ingest.run())
        try:
            await until(lambda: bool(broker.connects))
            for _ in range(10):
                broker.say(result(qos=0) * 256)
            broker.say(result(qos=1))
            await until(lambda: ingest.counts["dropped"] == 1)
            assert ingest.counts["qos_0"] == 10 * 256
        finally:
            serving.cancel()
            await asyncio.wait([serving])
    store.close()
