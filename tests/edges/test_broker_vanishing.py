"""Lines that end without a word: the last will, silence, and a second of our name."""

import asyncio
from pathlib import Path

import pytest

from likeness.core.line import BrokerDown, BrokerUp
from likeness.edges.broker import MqttLine, Will
from likeness.simulators.authority import Authority, Kind
from lines_to_broker import listening
from silent_proxy import SilentProxy
from stories import story, until
from tls_broker import Guest, ShippedMosquitto, line_settings, shipped

pytestmark = pytest.mark.broker


async def never(_seconds: float) -> None:
    """Wait as the dead do."""
    await asyncio.Event().wait()


async def at_once(_seconds: float) -> None:
    """Come back as soon as possible."""
    await asyncio.sleep(0)


def status(device: str) -> str:
    return f"likeness/v1/{device}/status"


def fleet(broker: ShippedMosquitto) -> Guest:
    who = broker.authority.make("likeness-fleet", Kind.CARRIER)
    return Guest(broker.carrier_port, broker.authority.servers, who)


def line_of(
    broker: ShippedMosquitto, device: str, proxy: SilentProxy, **more: object
) -> MqttLine:
    who = broker.authority.make(device, Kind.DEVICE)
    pause = more.pop("pause")
    usual = {"port": proxy.port, "will": Will(status(device), b"lost", 1)}
    settings = line_settings(broker, who, device, **{**usual, **more})
    return MqttLine(settings, pause=pause)  # type: ignore[arg-type]


@story
async def test_the_will_comes_after_its_delay_unless_the_terminal_is_back(
    tmp_path: Path,
) -> None:
    """Two are cut off at one moment; one stays away, which shows that time is up."""
    pki = Authority(tmp_path / "pki")
    with shipped(tmp_path / "broker", pki) as broker, fleet(broker) as watcher:
        proxy = SilentProxy(broker.port)
        await asyncio.to_thread(watcher.follow, status("+"))
        back = line_of(broker, "back", proxy, pause=at_once)
        dead = line_of(broker, "dead", proxy, pause=never)
        async with listening(back) as one, listening(dead) as other:
            await one.wait(BrokerUp)
            await other.wait(BrokerUp)
            proxy.cut()
            await one.wait(BrokerDown)
            await one.wait(BrokerUp)
            await until(lambda: (status("dead"), b"lost") in watcher.heard)
            assert watcher.heard == [(status("dead"), b"lost")]
        proxy.close()


@story
async def test_a_line_gone_silent_is_noticed_by_both_ends(tmp_path: Path) -> None:
    pki = Authority(tmp_path / "pki")
    with shipped(tmp_path / "broker", pki) as broker, fleet(broker) as watcher:
        proxy = SilentProxy(broker.port)
        await asyncio.to_thread(watcher.follow, status("+"))
        line = line_of(broker, "shop-1", proxy, pause=never, keepalive_s=1)
        async with listening(line) as ear:
            await ear.wait(BrokerUp)
            proxy.silence()
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.why == "Keep alive timeout"
            assert line.publish("x", b"") is None
            await until(lambda: (status("shop-1"), b"lost") in watcher.heard)
        proxy.close()


@story
async def test_a_second_of_our_name_is_told_and_not_fought(tmp_path: Path) -> None:
    waits: list[float] = []
    words: list[str] = []

    async def note(seconds: float) -> None:
        waits.append(seconds)
        await asyncio.sleep(0)

    pki = Authority(tmp_path / "pki")
    who = pki.make("shop-1", Kind.DEVICE)
    with shipped(tmp_path / "broker", pki) as broker:
        settings = line_settings(
            broker, who, "shop-1", retry_from_s=1.0, retry_to_s=120.0
        )
        line = MqttLine(settings, choose=lambda: 0.0, pause=note)
        async with listening(line) as ear:
            for _ in range(5):
                await ear.wait(BrokerUp)
                twin = Guest(broker.port, pki.servers, who)
                down = await ear.wait(BrokerDown)
                assert isinstance(down, BrokerDown)
                words.append(down.fault.word if down.fault else "")
                await asyncio.to_thread(twin.goes)  # our line has come back
    assert words == ["", "", "cut_short", "cut_short", "cut_short"]
    assert waits[:4] == [1.0, 2.0, 4.0, 8.0]
