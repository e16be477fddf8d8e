"""The client without a thread: what it leaves unread is no sign of a dead broker."""

import asyncio
from pathlib import Path

import pytest

from broker import mosquitto
from likeness.core.line import Arrived, BrokerUp
from likeness.edges.broker import LineSettings, MqttLine
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
