"""The client without a thread: what it leaves unread is no sign of a dead broker.

And what a hostile one can make it keep.
"""

import asyncio
from pathlib import Path

import pytest

from broker import mosquitto
from fake_broker import FakeBroker, connack, packet
from likeness.core.line import Arrived, BrokerUp
from likeness.edges.bounded_client import MAX_PACKET_BYTES
from likeness.edges.brisk_client import MOST_UNSENT_BYTES, BriskClient
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.broker_client import connect, new_client
from lines_to_broker import listening
from scale.line import Line
from scale.mqtt5 import Message
from stories import story

KEEPALIVE_S = 1
MOST = 2  # unanswered
COUNT = 6


@pytest.mark.broker
@story
async def test_a_line_stands_however_long_a_batch_takes(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        line = MqttLine(
            LineSettings(
                host=broker.host,
                port=broker.port,
                client_id="ingest",
                topics=("a",),
                keepalive_s=KEEPALIVE_S,
                acknowledge_by_hand=True,
                receive_maximum=MOST,
                brisk=True,
            )
        )
        async with listening(line) as ear:
            await ear.wait(BrokerUp)
            other = await Line.open(broker.host, broker.port, "other")
            for number in range(COUNT):
                await other.publish(Message("a", b"%d" % number))
            await other.all_answered()
            # So long nothing is acknowledged: what the broker says is not read.
            await asyncio.sleep(4 * KEEPALIVE_S)
            came: list[bytes] = []
            async with asyncio.timeout(20):
                while len(came) < COUNT:
                    event = await ear.heard.get()
                    assert isinstance(event, Arrived), "the line was given up"
                    line.acknowledge(event.receipt)
                    came.append(event.payload)
            other.close()
    assert came == [b"%d" % number for number in range(COUNT)]


def publish(topic: bytes, mid: int) -> bytes:
    """3.3, with QoS 1 and without properties."""
    name = len(topic).to_bytes(2, "big") + topic
    return packet(0x32, name + mid.to_bytes(2, "big") + b"\0")


@pytest.mark.parametrize("brisk", [True, False])
@story
async def test_a_topic_that_is_no_text_does_not_use_up_a_place(*, brisk: bool) -> None:
    async with FakeBroker().running() as broker:
        line = MqttLine(
            LineSettings(
                host="127.0.0.1",
                port=broker.port,
                client_id="ingest",
                topics=("a",),
                acknowledge_by_hand=True,
                receive_maximum=MOST,
                brisk=brisk,
            )
        )
        async with listening(line) as ear:
            await ear.wait(BrokerUp)
            for mid in range(1, 3 * MOST):
                broker.say(publish(b"\xff\xfe", mid))
                await asyncio.sleep(0.01)
            broker.say(publish(b"a", 3 * MOST))
            async with asyncio.timeout(5):
                event = await ear.heard.get()
            assert isinstance(event, Arrived), "the line was given up"
            assert event.topic == "a"


@story
async def test_a_broker_that_reads_nothing_does_not_fill_our_memory() -> None:
    lines: list[asyncio.StreamWriter] = []

    def says_hello(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(connack())
        lines.append(writer)

    server = await asyncio.start_server(says_hello, "127.0.0.1", 0)
    settings = LineSettings(
        host="127.0.0.1",
        port=server.sockets[0].getsockname()[1],
        client_id="ingest",
        topics=(),
        brisk=True,
    )
    client = new_client(settings, None)
    assert isinstance(client, BriskClient)
    why: list[str] = []
    client.on_breach = lambda _client, what: why.append(what)
    await asyncio.to_thread(connect, client, settings)
    client.attach(asyncio.get_running_loop())
    payload = bytes(MAX_PACKET_BYTES)
    for _ in range(2 * MOST_UNSENT_BYTES // len(payload)):
        client.send("a", payload, retain=False, more=None)
    async with asyncio.timeout(20):
        while not why:
            await asyncio.sleep(0.01)
    assert why == ["it does not read what we say"]
    assert client.socket() is None
    for writer in lines:
        writer.close()
    server.close()
