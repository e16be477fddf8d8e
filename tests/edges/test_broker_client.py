"""What paho is told for each line."""

import socket

from fake_broker import FakeBroker
from likeness.edges.broker_client import LineSettings, connect, new_client
from stories import story, until


@story
async def test_a_small_packet_does_not_wait_for_the_one_before() -> None:
    async with FakeBroker().running() as broker:
        settings = LineSettings(
            host="127.0.0.1", port=broker.port, client_id="shop-1", topics=()
        )
        client = new_client(settings, None)
        connect(client, settings)
        await until(lambda: len(broker.connects) == 1)
        line = client.socket()
        assert isinstance(line, socket.socket)
        assert line.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        client.disconnect()
        client.loop_stop()
