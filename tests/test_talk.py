"""Statements, questions and remote starts: a real mosquitto, a real carrier."""

import asyncio
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import Mosquitto, mosquitto
from deliveries import DEVICE, running, until_empty
from likeness.carrier.settings import Settings
from likeness.carrier.starting import Starting
from likeness.carrier.store import CarrierStore
from likeness.core.scene import NumberLine
from likeness.core.visit_events import Cancelled
from likeness.core.vocabulary import Purpose
from results import NAME, NUMBER
from stories import story, until
from talks import CHECKED, REFERRED, WHOLE, carrier, link, shop, terminal

pytestmark = pytest.mark.broker

Lines = tuple[NumberLine, ...] | None


class Ear:
    """Hears everything that goes over the broker."""

    def __init__(self, broker: Mosquitto) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._client = paho.Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._take
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()

    def _take(self, _client: Any, _given: Any, message: paho.MQTTMessage) -> None:
        self.heard.append((message.topic.rpartition("/")[2], bytes(message.payload)))

    def leaves(self) -> set[str]:
        return {leaf for leaf, _ in self.heard}

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


def stated(folder: Path) -> list[tuple[str, str, int]]:
    store = CarrierStore(folder / "carrier.db")
    try:
        return [(one.what, one.decision, one.seq) for one in store.stated()]
    finally:
        store.close()


@story
async def test_a_decision_made_offline_reaches_the_carrier_once(tmp_path: Path) -> None:
    async with shop(tmp_path) as bench:
        with mosquitto(tmp_path) as broker:
            broker.kill()
            async with terminal(bench, broker) as near:
                result = await near.visit(REFERRED)
                await near.statements.decision(
                    transaction="t-referred",
                    result=link(result),
                    decision="accept",
                    reason="same person, new glasses",
                    attendants=("a-17",),
                )
                assert await near.waiting() == 1
                broker.start()
                async with running(carrier(tmp_path, broker)):
                    await until_empty(bench)
                    async with asyncio.timeout(30):
                        while await near.waiting():
                            await asyncio.sleep(0.02)
                counts = near.statements.counts()
                assert (counts["waiting"], counts["kept"]) == (0, 1)
    assert stated(tmp_path) == [("decision", "accept", result.seq)]


@story
async def test_numbers_come_masked_and_sealed_and_a_dispute_goes_back(
    tmp_path: Path,
) -> None:
    told: asyncio.Queue[tuple[int, Lines]] = asyncio.Queue()
    with mosquitto(tmp_path) as broker:
        ear = Ear(broker)
        async with (
            shop(tmp_path) as bench,
            running(carrier(tmp_path, broker)),
            terminal(bench, broker) as near,
        ):
            result = await near.visit(CHECKED)
            near.talk.inquiry.ask(CHECKED, result, lambda *one: told.put_nowait(one))
            visit, lines = await asyncio.wait_for(told.get(), 20)
            assert lines is not None
            assert visit == CHECKED.visit
            assert [(one.number, one.place, one.since) for one in lines] == [
                ("138****5678", "杭州", "2024-05-01"),
                ("021****4321", "", ""),
            ]
            await near.talk.inquiry.dispute(visit, [1])
            async with asyncio.timeout(20):
                while await near.waiting():
                    await asyncio.sleep(0.02)
        ear.close()
    assert stated(tmp_path) == [("dispute", "", result.seq)]
    assert {"result", "receipt", "ask", "answer"} <= ear.leaves()
    everything = b"".join(payload for _, payload in ear.heard)
    everything += b"".join(one.read_bytes() for one in (tmp_path / "state").iterdir())
    for secret in (*WHOLE, "138****5678", "杭州", NAME, NUMBER):
        assert secret.encode() not in everything


@story
async def test_without_a_register_the_visitor_is_told_that_it_cannot_be_asked(
    tmp_path: Path,
) -> None:
    told: asyncio.Queue[tuple[int, Lines]] = asyncio.Queue()
    with mosquitto(tmp_path) as broker:
        async with (
            shop(tmp_path) as bench,
            running(carrier(tmp_path, broker, numbers=False)),
            terminal(bench, broker) as near,
        ):
            result = await near.visit(CHECKED)
            near.talk.inquiry.ask(CHECKED, result, lambda *one: told.put_nowait(one))
            assert await asyncio.wait_for(told.get(), 20) == (CHECKED.visit, None)


@story
async def test_the_carrier_starts_a_visit_and_cancels_just_that_one(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker:
        async with shop(tmp_path) as bench, terminal(bench, broker) as near:
            far = Starting(
                Settings(
                    keys=str(tmp_path / "keys/carrier"),
                    database=str(tmp_path / "carrier.db"),
                    environment="test",
                    host=broker.host,
                    port=broker.port,
                )
            )
            in_time = {"wait_s": 20.0, "expires_after_s": 60}
            await until(lambda: near.delivery.snapshot()["outbox_line"] == "online")
            purpose = Purpose.REPLACE_SIM
            said = await far.start(DEVICE, purpose, "t-77", **in_time)  # type: ignore[arg-type]
            assert said.outcome == "done"
            assert near.terminal.begun == [(purpose, "t-77")]
            said = await far.start(DEVICE, purpose, "t-78", **in_time)  # type: ignore[arg-type]
            assert (said.outcome, said.reason) == ("refused", "busy")
            said = await far.cancel(DEVICE, "t-78", **in_time)  # type: ignore[arg-type]
            assert (said.outcome, said.reason) == ("refused", "no_such_visit")
            said = await far.cancel(DEVICE, "t-77", **in_time)  # type: ignore[arg-type]
            assert said.outcome == "done"
            assert near.terminal.posted == [Cancelled(1)]
            assert near.terminal.begun == [(purpose, "t-77")]
            far.close()
