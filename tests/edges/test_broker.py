import asyncio
from pathlib import Path

import pytest

from broker import free_port, mosquitto
from likeness.core.line import Arrived, BrokerDown, BrokerUp, Published
from likeness.edges.broker import LineSettings, MqttLine
from likeness.errors import ConfigError
from lines_to_broker import listening
from stories import story


def settings(port: int, **more: object) -> LineSettings:
    usual = {
        "host": "127.0.0.1",
        "client_id": "one",
        "topics": ("here/#",),
        "retry_from_s": 0.05,
        "retry_to_s": 0.2,
    }
    return LineSettings(port=port, **{**usual, **more})  # type: ignore[arg-type]


@story
async def test_no_broker_is_waited_for_and_nothing_is_taken() -> None:
    port = free_port()
    line = MqttLine(settings(port))
    async with listening(line) as ear:
        for _ in range(3):
            down = await ear.wait(BrokerDown)
            assert isinstance(down, BrokerDown)
            assert down.why == f"127.0.0.1:{port}: Connection refused"
        assert line.publish("here/x", b"") is None


@pytest.mark.broker
@story
async def test_a_message_goes_round(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        async with listening(MqttLine(settings(broker.port))) as ear:
            await ear.wait(BrokerUp)
            number = ear.line.publish("here/x", b"hello", expiry_s=30)
            puback = await ear.wait(Published)
            assert puback == Published(number or 0, 0)
            ear.line.publish("nowhere", b"")
            assert await ear.wait(Published) == Published((number or 0) + 1, 0x10)
        async with listening(MqttLine(settings(broker.port))) as ear:
            await ear.wait(BrokerUp)
            ear.line.publish("here/x", b"hello")
            arrived = await ear.wait(Arrived)
            assert isinstance(arrived, Arrived)
            assert (arrived.topic, arrived.payload) == ("here/x", b"hello")


@pytest.mark.broker
@story
async def test_what_is_not_acknowledged_by_hand_comes_again(tmp_path: Path) -> None:
    by_hand = {"acknowledge_by_hand": True, "client_id": "carrier"}
    with mosquitto(tmp_path) as broker:
        async with listening(MqttLine(settings(broker.port, **by_hand))) as ear:
            await ear.wait(BrokerUp)
            ear.line.publish("here/x", b"1")
            first = await ear.wait(Arrived)
            assert isinstance(first, Arrived)
            # of another connection: it must not count for this one
            ear.line.acknowledge(first.receipt + 5 * 65_536)
            await asyncio.sleep(0.2)
        async with listening(MqttLine(settings(broker.port, **by_hand))) as ear:
            again = await ear.wait(Arrived)
            assert isinstance(again, Arrived)
            assert again.payload == b"1"
            ear.line.acknowledge(again.receipt)
            await asyncio.sleep(0.2)
        async with listening(MqttLine(settings(broker.port, **by_hand))) as ear:
            await ear.wait(BrokerUp)
            ear.line.publish("here/x", b"2")
            last = await ear.wait(Arrived)
            assert isinstance(last, Arrived)
            assert last.payload == b"2"


@pytest.mark.broker
@story
async def test_a_refused_publish_shows_its_reason(tmp_path: Path) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read here/#\n")
    with mosquitto(tmp_path, more=f"acl_file {rules}") as broker:
        async with listening(MqttLine(settings(broker.port))) as ear:
            await ear.wait(BrokerUp)
            ear.line.publish("here/x", b"")
            puback = await ear.wait(Published)
            assert isinstance(puback, Published)
            assert puback.code == 0x87


@pytest.mark.broker
@story
async def test_the_loop_turns_while_the_broker_is_frozen(tmp_path: Path) -> None:
    """A half-open line takes publishes, blocks nothing, and is found out."""
    with mosquitto(tmp_path) as broker:
        quick = settings(broker.port, keepalive_s=1)
        async with listening(MqttLine(quick)) as ear:
            await ear.wait(BrokerUp)
            broker.freeze()
            for _ in range(20):
                ear.line.publish("here/x", b"x" * 10_000)
            await ear.wait(BrokerDown)
            broker.thaw()
            await ear.wait(BrokerUp)


def test_certificates_that_cannot_be_used_are_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    for path in (tmp_path / "ca.pem", tmp_path / "nowhere"):
        with pytest.raises(ConfigError, match=r"mqtt\.ca_file"):
            MqttLine(settings(1, ca_file=str(path)))
