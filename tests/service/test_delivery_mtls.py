"""Delivery over mutual TLS, through a real mosquitto with the shipped files."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from pathlib import Path

import pytest

from likeness.carrier.keeping import Kept
from likeness.carrier.serve import serve
from likeness.carrier.settings import Settings
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.chain import Link
from likeness.edges.broker import MqttLine
from likeness.edges.clock import SystemClock
from likeness.edges.verifier import CarrierVerifier
from likeness.service.delivery import Delivery
from likeness.service.timekeeping import Timekeeping
from likeness.simulators.authority import Authority, Issued, Kind
from results import ACCEPTED, Bench, bench
from stories import story, until
from tls_broker import Guest, ShippedMosquitto, line_settings, shipped

pytestmark = pytest.mark.broker

DEVICE = "shop-17"
MAY_WRITE = f"pattern write {messages.topic('%u', 'result')}\n"


@dataclass(slots=True)
class Shop:
    """A terminal's end, and who may come to the broker."""

    near: Bench
    pki: Authority
    me: Issued
    carrier: Issued

    def delivery(self, broker: ShippedMosquitto) -> Delivery:
        topics = tuple(messages.topic(DEVICE, leaf) for leaf in ("receipt", "visit"))
        clock = SystemClock()
        return Delivery(
            device=DEVICE,
            store=self.near.store,
            broker=MqttLine(line_settings(broker, self.me, DEVICE, topics=topics)),
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=self.near.keys.public("receipt"),
                visit_key=self.near.keys.public("visit"),
            ),
            notary=self.near.notary,
            clock=clock,
            time=Timekeeping(clock),
            choose=lambda: 0.0,
            telemetry_every_s=0.1,
        )

    def at_carriers(self, broker: ShippedMosquitto) -> Guest:
        """A program with the carrier's certificate, but none of its signing keys."""
        return Guest(broker.carrier_port, self.pki.servers, self.carrier)

    def waiting(self) -> Awaitable[int]:
        async def count() -> int:
            return len(await self.near.store.waiting())

        return count()


@contextlib.asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Shop]:
    near, pki = bench(folder), Authority(folder / "pki")
    await near.store.open()
    await near.record(ACCEPTED)
    me = pki.make(DEVICE, Kind.DEVICE)
    carrier = pki.make("likeness-carrier", Kind.CARRIER)
    yield Shop(near, pki, me, carrier)
    await near.store.close()


@contextlib.asynccontextmanager
async def running(job: Awaitable[None]) -> AsyncIterator[None]:
    task = asyncio.ensure_future(job)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@story
async def test_results_are_delivered_and_receipted_over_both_doors(
    tmp_path: Path,
) -> None:
    kept: list[Kept] = []
    async with shop(tmp_path) as here:
        with shipped(tmp_path / "broker", here.pki) as broker:
            settings = Settings(
                keys=str(tmp_path / "keys/carrier"),
                database=str(tmp_path / "carrier.db"),
                environment="test",
                host="localhost",
                port=broker.carrier_port,
                ca_file=str(here.pki.servers),
                cert_file=str(here.carrier.cert),
                key_file=str(here.carrier.key),
            )
            way = here.delivery(broker)
            async with running(serve(settings, kept.append)), running(way.run()):
                await until(lambda: way.counts["receipts"] > 0)
                way.stored((await here.near.record(ACCEPTED)).seq)
                await until(lambda: {one.record.seq for one in kept} == {0, 1, 2})
                async with asyncio.timeout(30):
                    while await here.waiting():
                        await asyncio.sleep(0.01)


@story
async def test_rights_at_the_broker_forge_no_receipt(tmp_path: Path) -> None:
    async with shop(tmp_path) as here:
        liar = bench(tmp_path / "liar")
        forger = CarrierWords(
            receipt_key=liar.keys.private("receipt"),
            visit_key=liar.keys.private("visit"),
        )
        with shipped(tmp_path / "broker", here.pki) as broker:
            way = here.delivery(broker)
            with here.at_carriers(broker) as rogue:
                await asyncio.to_thread(rogue.follow, messages.topic(DEVICE, "result"))
                async with running(way.run()):
                    await until(lambda: len(rogue.heard) == 2)
                    epoch = here.near.store.epoch
                    upto = Link(epoch, 1, await here.near.store.hash_at(epoch, 1))
                    now_s = SystemClock().moment().utc_s
                    forged = forger.receipt(DEVICE, upto, now_s).encode()
                    topic = messages.topic(DEVICE, "receipt")
                    assert await asyncio.to_thread(rogue.say, topic, forged) == 0
                    await until(lambda: way.counts["dropped"] == 1)
                    assert way.counts["receipts"] == 0
        assert await here.waiting() == 2


@story
async def test_a_refusing_broker_stops_and_alarms_until_it_is_mended(
    tmp_path: Path,
) -> None:
    async with shop(tmp_path) as here:
        with shipped(tmp_path / "broker", here.pki) as broker:
            rules = broker.rules("likeness-terminals.acl")
            shipped_rules = rules.read_text()
            assert MAY_WRITE in shipped_rules
            rules.write_text(shipped_rules.replace(MAY_WRITE, ""))
            broker.reload()
            way = here.delivery(broker)
            with here.at_carriers(broker) as fleet:
                for leaf in ("telemetry", "result"):
                    await asyncio.to_thread(fleet.follow, messages.topic(DEVICE, leaf))
                async with running(way.run()):
                    await until(lambda: way.counts["broker_refuses"] >= 2)
                    said = await told(fleet, "outbox_line", "barred")
                    assert said["delivery_broker_refuses"] == 2
                    assert said["outbox_waiting"] == 2
                    rules.write_text(shipped_rules)
                    broker.reload()
                    await until(lambda: len(results(fleet)) == 2)
                    await told(fleet, "outbox_line", "online")
        assert await here.waiting() == 2, "a PUBACK is no receipt"


async def told(fleet: Guest, name: str, value: object) -> dict[str, object]:
    """Wait until telemetry says this."""
    topic = messages.topic(DEVICE, "telemetry")
    found: list[dict[str, object]] = []

    def says() -> bool:
        for where, body in list(fleet.heard):
            if where == topic and json.loads(body).get(name) == value:
                found.append(json.loads(body))
        return bool(found)

    await until(says)
    return found[-1]


def results(fleet: Guest) -> list[bytes]:
    topic = messages.topic(DEVICE, "result")
    return [body for where, body in fleet.heard if where == topic]
