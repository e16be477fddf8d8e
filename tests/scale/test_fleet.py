"""The made-up fleet: the same for a seed, whole at the broker, as varied as it says."""

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from broker import mosquitto
from likeness.core import messages, orders
from scale.fleet import made_up, publish_fleet
from scale.line import Line
from scale.mqtt5 import Message

COUNT = 300


def test_a_seed_gives_the_same_fleet() -> None:
    assert list(made_up(5, 1)) == list(made_up(5, 1))
    assert list(made_up(5, 1)) != list(made_up(5, 2))


def test_terminals_are_apart_and_read_as_what_they_are() -> None:
    for terminal in made_up(COUNT, 1):
        _birth, status, reported, _telemetry = terminal.messages
        assert messages.from_json(status.payload, messages.Status).boot == terminal.boot
        said = messages.from_json(reported.payload, orders.Reported)
        assert said.version or said.digest is None
    assert len({one.birth["kid"] for one in made_up(COUNT, 1)}) == COUNT


def test_some_are_ill() -> None:
    fleet = list(made_up(2000, 1))
    assert Counter(one.status for one in fleet).keys() == {"online", "lost", "stopping"}
    assert len({one.birth["software"] for one in fleet}) == 4
    hot = sum(one.telemetry["throttled"] for one in fleet)
    stuck = sum(one.telemetry["outbox_oldest_s"] > 300 for one in fleet)
    assert 10 < hot < 100
    assert 20 < stuck < 200


@pytest.mark.broker
def test_a_late_subscriber_finds_all_that_is_retained(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        publish_fleet(broker.port, COUNT, 1)
        heard = asyncio.run(_heard(broker.port, COUNT * 3))
    expected = [m for one in made_up(COUNT, 1) for m in one.messages if m.retain]
    assert sorted(heard) == sorted((one.topic, one.payload) for one in expected)


async def _heard(port: int, count: int) -> list[tuple[str, bytes]]:
    """Listen to the whole fleet until so many messages came."""
    came: list[tuple[str, bytes]] = []
    whole = asyncio.Event()

    def hear(message: Message) -> None:
        came.append((message.topic, message.payload))
        if len(came) >= count:
            whole.set()

    line = await Line.open("127.0.0.1", port, "late")
    line.heard = hear
    await line.subscribe(messages.topic("+", "+"))
    async with asyncio.timeout(20):
        await whole.wait()
    line.close()
    return came
