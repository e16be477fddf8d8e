"""A rollout's line over mutual TLS, at a mosquitto with the shipped rules."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from likeness.carrier.order_line import Unanswered
from likeness.carrier.rollout.line import Ear, RolloutLine
from likeness.carrier.settings import Settings
from likeness.core import messages
from likeness.core.line import Arrived
from likeness.core.rollout_seen import Seen
from likeness.simulators.authority import Authority, Kind
from stories import story
from tls_broker import Guest, ShippedMosquitto, shipped

DEVICE = "shop-17"
REFUSED = 0x87


# --- what is heard -------------------------------------------------------------------
def say(ear: Ear, leaf: str, body: object, now: float = 100.0) -> bool:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return ear.hear(Arrived(messages.topic(DEVICE, leaf), payload), now)


def test_what_is_heard_is_what_the_rules_see() -> None:
    ear = Ear()
    report = {
        "version": 7,
        "state": "refused",
        "reason": "no",
        "refused": {"version": 8, "reason": "stale"},
        "running": {"version": 6},
    }
    assert say(ear, "reported", report)
    assert say(ear, "status", {"status": "lost", "boot": "b"})
    assert say(ear, "status", {"status": "lost", "boot": "b"}, 120.0)
    assert not say(ear, "telemetry", {"outbox_oldest_s": 61.7}), "it comes all the time"
    assert ear.heard[DEVICE].seen(130.0) == Seen(
        version=7,
        state="refused",
        why="no",
        refused=8,
        refused_why="stale",
        lost_s=30.0,
        oldest_s=62,
    )
    say(ear, "status", {"status": "online", "boot": "b"}, 140.0)
    assert ear.heard[DEVICE].seen(150.0).lost_s is None


@pytest.mark.parametrize(
    ("leaf", "body"),
    [
        ("reported", b"no JSON"),
        ("reported", {"version": "7", "state": "applied", "running": {}}),
        ("reported", {"version": 7, "state": "splendid", "running": {}}),
        ("reported", b""),
        ("status", {"status": 7}),
        ("telemetry", {"outbox_oldest_s": "old"}),
        ("telemetry", b"\xff"),
    ],
)
def test_nonsense_says_nothing(leaf: str, body: object) -> None:
    ear = Ear()
    say(ear, "reported", {"version": 7, "state": "applied", "running": {}})
    before = ear.heard[DEVICE].seen(130.0)
    assert not say(ear, leaf, body)
    assert ear.heard[DEVICE].seen(130.0) == before


# --- over TLS ------------------------------------------------------------------------
@dataclass
class Far:
    folder: Path
    pki: Authority
    broker: ShippedMosquitto

    def line(self) -> RolloutLine:
        who = self.pki.make("likeness-rollout", Kind.CARRIER)
        return RolloutLine(
            Settings(
                keys=str(self.folder),
                database="",
                host="localhost",
                port=self.broker.carrier_port,
                ca_file=str(self.pki.servers),
                rollout_cert_file=str(who.cert),
                rollout_key_file=str(who.key),
            )
        )

    def guest(self, name: str, kind: Kind, port: int) -> Guest:
        return Guest(port, self.pki.servers, self.pki.make(name, kind))


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    pki = Authority(tmp_path / "pki")
    with shipped(tmp_path / "broker", pki) as broker:
        yield Far(tmp_path, pki, broker)


@pytest.mark.broker
@story
async def test_it_hears_what_is_retained_and_sends_what_is_desired(far: Far) -> None:
    body = json.dumps({"version": 0, "state": "applied", "running": {}}).encode()
    with far.guest(DEVICE, Kind.DEVICE, far.broker.port) as shop:
        assert shop.is_in
        shop.say(messages.topic(DEVICE, "reported"), body, retain=True)
        shop.follow(messages.topic(DEVICE, "desired"))
        line = far.line()
        async with line.up():
            assert line.seen(0.0)[DEVICE].version == 0
            line.publish(DEVICE, "a-token")
            await line.news(0.5)
        assert shop.hears(messages.topic(DEVICE, "desired"), b"a-token")


@pytest.mark.broker
@story
async def test_a_broker_that_takes_no_wish_is_said(far: Far) -> None:
    rules = far.broker.rules("likeness-carrier.acl")
    text = rules.read_text()
    ours = text.index("user likeness-rollout")
    rules.write_text(text[:ours] + text[ours:].replace("topic write", "#", 1))
    far.broker.reload()
    await asyncio.sleep(0.3)  # mosquitto takes signals between two turns of its loop
    line = far.line()
    with pytest.raises(Unanswered, match="does not let us say what is desired"):
        async with line.up():
            line.publish(DEVICE, "a-token")
            for _ in range(20):
                await line.news(0.3)


@pytest.mark.broker
def test_it_may_order_nothing_else_and_sees_no_result(far: Far) -> None:
    port = far.broker.carrier_port
    with far.guest("likeness-rollout", Kind.CARRIER, port) as guest:
        assert guest.is_in
        for leaf in ("cmd", "visit", "receipt", "answer", "reported"):
            assert guest.say(messages.topic(DEVICE, leaf), b"x") == REFUSED
        with far.guest(DEVICE, Kind.DEVICE, far.broker.port) as shop:
            guest.follow(messages.topic("+", "result"))
            guest.follow(messages.topic("+", "telemetry"))
            for leaf in ("result", "telemetry"):  # the second ends the wait
                shop.say(messages.topic(DEVICE, leaf), b"x")
            assert guest.hears(messages.topic(DEVICE, "telemetry"), b"x")
            assert [topic for topic, _ in guest.heard] == [
                messages.topic(DEVICE, "telemetry")
            ]
