"""What a broker, or who publishes there, can make the carrier keep in memory."""

import asyncio
import threading
from collections.abc import Iterable
from pathlib import Path

from fake_broker import FakeBroker, packet
from likeness.carrier.incoming import Incoming
from likeness.carrier.ingest import BATCH, TOPICS, Ingest
from likeness.carrier.keeping import Chain, Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from results import bench
from stories import story, until


class StuckStore(CarrierStore):
    """A store whose disk does not answer."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.asked = False
        self.goes_on = threading.Event()

    def keep(
        self, batch: Iterable[Incoming], now_s: int
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
                receive_maximum=BATCH,
            )
        ),
        store=store,
        trust=Trust(keys.devices),
        words=CarrierWords(
            receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
        ),
        environment=Environment.TEST,
    )


def result(qos: int, mid: int = 1) -> bytes:
    topic = messages.topic("shop-17", "result").encode()
    number = mid.to_bytes(2, "big") if qos else b""
    body = len(topic).to_bytes(2, "big") + topic + number + b"\0" + b"no record"
    return packet(0x30 | qos << 1, body)


@story
async def test_what_waits_for_a_stuck_disk_is_bounded_and_goes_with_the_line(
    tmp_path: Path,
) -> None:
    store = StuckStore(tmp_path / "carrier.db")
    async with FakeBroker().running() as broker:
        ingest = carrier(tmp_path, store, broker.port)
        serving = asyncio.create_task(ingest.run())
        try:
            await until(lambda: bool(broker.connects))
            await asyncio.sleep(0)
            broker.say(result(qos=1))
            await until(lambda: store.asked)
            broker.say(b"".join(result(1, mid) for mid in range(2, BATCH + 1)))
            await until(lambda: ingest.waiting == BATCH - 1)
            broker.say(result(1, BATCH + 1))  # it was told to wait for our answers
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
                broker.say(result(qos=0) * BATCH)
            broker.say(result(qos=1))
            await until(lambda: ingest.counts["dropped"] == 1)
            assert ingest.counts["qos_0"] == 10 * BATCH
        finally:
            serving.cancel()
            await asyncio.wait([serving])
    store.close()
