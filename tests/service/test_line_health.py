"""What a terminal does and says when its line to the broker is not a good one."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from likeness.core.line import BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.core.line_faults import TAKEN_OVER
from likeness.edges.clock import SystemClock
from likeness.edges.verifier import CarrierVerifier
from likeness.service.delivery import Delivery
from likeness.service.timekeeping import Timekeeping
from results import ACCEPTED, Bench, bench
from stories import story, until

DEVICE = "shop-17"


class Dictated:
    """A broker that says what it is told to, and keeps what it is given."""

    def __init__(self) -> None:
        self.say: Callable[[BrokerEvent], None] = lambda _event: None
        self.telemetry: list[dict[str, object]] = []
        self.results: list[int] = []  # by their numbers
        self._given = 0

    async def run(self, listener: Callable[[BrokerEvent], None]) -> None:
        self.say = listener
        await asyncio.Event().wait()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        self._given += 1
        match topic.rpartition("/")[2]:
            case "telemetry":
                self.telemetry.append(json.loads(payload))
            case "result":
                self.results.append(self._given)
        return self._given

    async def told(self, **words: object) -> None:
        """Wait until telemetry says all this."""
        await until(
            lambda: bool(self.telemetry) and words.items() <= self.telemetry[-1].items()
        )


def delivery(near: Bench, broker: Dictated) -> Delivery:
    clock = SystemClock()
    return Delivery(
        device=DEVICE,
        store=near.store,
        broker=broker,
        verifier=CarrierVerifier(
            DEVICE,
            receipt_key=near.keys.public("receipt"),
            visit_key=near.keys.public("visit"),
        ),
        notary=near.notary,
        clock=clock,
        time=Timekeeping(clock),
        choose=lambda: 0.0,
        telemetry_every_s=0.02,
    )


@contextlib.asynccontextmanager
async def at_work(folder: Path) -> AsyncIterator[Dictated]:
    """Run a terminal with two records that wait."""
    near, broker = bench(folder), Dictated()
    await near.store.open()
    await near.record(ACCEPTED)
    way = delivery(near, broker)
    task = asyncio.create_task(way.run())
    await until(lambda: bool(broker.telemetry))
    try:
        yield broker
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await near.store.close()


@story
async def test_no_more_is_handed_over_than_the_window(tmp_path: Path) -> None:
    async with at_work(tmp_path) as broker:
        broker.say(BrokerUp(window=1))
        await until(lambda: len(broker.results) == 1)
        broker.say(Published(broker.results[0], 0))
        await until(lambda: len(broker.results) == 2)
        await broker.told(outbox_line="online")


@story
async def test_a_refused_publish_is_seen_by_the_fleet(tmp_path: Path) -> None:
    async with at_work(tmp_path) as broker:
        await broker.told(outbox_line="offline")
        broker.say(BrokerUp(window=1))
        await until(lambda: len(broker.results) == 1)
        broker.say(Published(broker.results[0], 0x87))
        await broker.told(outbox_line="barred", delivery_broker_refuses=1)
        assert len(broker.results) == 1, "barred: nothing more goes out"


@story
async def test_what_the_broker_would_not_take_is_not_sent(tmp_path: Path) -> None:
    """It would end the connection, again and again."""
    async with at_work(tmp_path) as broker:
        broker.say(BrokerUp(packet_bytes=300))
        await broker.told(outbox_line="barred", outbox_waiting=2)
        assert broker.results == []


@story
async def test_a_refused_subscription_is_no_good_line(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(tmp_path) as broker:
        broker.say(BrokerUp(refused=("likeness/v1/shop-17/receipt",)))
        word = "subscription_refused"
        await broker.told(line_fault=word, delivery_line_subscription_refused=1)
        broker.say(BrokerUp())
        await broker.told(line_fault="")
    (line,) = [one for one in caplog.messages if "line_fault" in one]
    assert "likeness/v1/shop-17/receipt" in line
    assert "access rules" in line


@story
async def test_a_line_taken_over_is_counted_and_says_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with at_work(tmp_path) as broker:
        broker.say(BrokerUp())
        broker.say(BrokerDown("Session taken over", TAKEN_OVER))
        await broker.told(line_fault="taken_over", delivery_line_taken_over=1)
        broker.say(BrokerDown("just lost"))
        await broker.told(delivery_line_taken_over=1)
    (line,) = [one for one in caplog.messages if "line_fault" in one]
    assert "another program uses our identity" in line
