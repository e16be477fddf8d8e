"""A paho client that takes no more than we told the broker it may send.

paho announces a Maximum Packet Size and then reads whatever comes, up to 256 MB. Who
holds the broker could fill our memory, so a broker that sends more than it may loses
its line. Leaves to others: what the bounds are told (`broker_client`), the line's end.
"""

from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

MAX_PACKET_BYTES = 20_000  # the largest that we take
MOST_UNREAD = 1_000  # answers that the broker leaves unread; paho keeps each of them

# PUBLISH with QoS 2, MQTT v5, 3.3.1: we subscribe with QoS 1 at most. paho keeps such a
# message until a PUBREL that may never come.
_KIND_AND_QOS, _PUBLISH_QOS_1, _PUBLISH_QOS_2 = 0xF6, 0x32, 0x34


class BoundedClient(Client):
    """Ends a connection on which too much comes, and says so first."""

    # How many may wait for `ack`, if that is called by hand (Receive Maximum, 3.3.4);
    # one that is not acknowledged is sent again on the next connection.
    most_unanswered: int | None = None

    # Any: as paho takes them.
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._came = 0  # counted on paho's thread
        self._answered = 0  # counted where `ack` is called

    # Told what is too much, on paho's thread, before the connection's end.
    on_breach: Callable[[Client, str], None] = staticmethod(lambda _client, _why: None)

    # Both are private to paho; nothing public sees a packet before it is in memory.
    def _sock_recv(self, bufsize: int) -> bytes:
        """Read; paho asks for the whole rest of a packet, whose length was believed."""
        if bufsize > MAX_PACKET_BYTES:
            self.on_breach(self, f"a packet of {bufsize} bytes")
            raise ConnectionAbortedError("a packet that is too large")
        return super()._sock_recv(bufsize)

    def _packet_handle(self) -> MQTTErrorCode:
        if self._in_packet["command"] & _KIND_AND_QOS == _PUBLISH_QOS_2:
            self.on_breach(self, "a message with QoS 2")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if self._in_packet["command"] & _KIND_AND_QOS == _PUBLISH_QOS_1:
            self._came += 1
            most = self.most_unanswered
            if most is not None and self._came - self._answered > most:
                self.on_breach(self, f"more than {most} messages at once")
                return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if len(self._out_packet) > MOST_UNREAD:
            self.on_breach(self, "more questions than it reads answers")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._packet_handle()

    def ack(self, mid: int, qos: int) -> MQTTErrorCode:
        """Send a PUBACK; the broker may then send one more."""
        self._answered += 1  # before: the broker may be faster than we
        return super().ack(mid, qos)
