"""What a broker may make our client keep."""

import socket
import threading
from typing import Any

from paho.mqtt.client import Client

from fake_broker import connack
from likeness.edges.bounded_client import MOST_UNREAD
from likeness.edges.broker_client import LineSettings, connect, new_client

SMALLEST = 1  # the kernel makes it some kilobytes
QUESTION = b"\x32\x06\0\1a\0\7\0"  # a publish with QoS 1, to be answered
WITHIN_S = 20.0


# Any: as paho gives them.
def with_little_room(_client: Any, _data: Any, line: Any) -> None:
    line.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALLEST)


def test_a_broker_that_reads_no_answer_is_asked_no_more() -> None:
    told, breach = list[str](), threading.Event()

    def note(_client: Client, why: str) -> None:
        told.append(why)
        breach.set()

    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALLEST)
        door.bind(("127.0.0.1", 0))
        door.listen()
        settings = LineSettings(
            host="127.0.0.1",
            port=door.getsockname()[1],
            client_id="one",
            topics=(),
        )
        client = new_client(settings, None)
        client.on_socket_open = with_little_room
        client.on_breach = note
        connect(client, settings)
        broker, _ = door.accept()
        with broker:
            broker.settimeout(WITHIN_S)
            broker.sendall(connack())
            try:
                for _ in range(100):
                    broker.sendall(QUESTION * MOST_UNREAD)
            except OSError:
                pass  # we were left
            assert breach.wait(WITHIN_S)
    client.loop_stop()
    assert told == ["more questions than it reads answers"]
