"""A paho client that takes no more than we told the broker it may send.

paho announces a Maximum Packet Size and then reads whatever comes, up to 256 MB. Who
holds the broker could fill our memory, so a broker that sends more than it may loses
its line. Leaves to others: what the bounds are told (`broker_client`), the line's end.
"""

from collections.abc import Callable

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode

MAX_PACKET_BYTES = 20_000  # the largest that we take
MOST_UNREAD = 1_000  # answers that the broker leaves unread; paho keeps each of them

# PUBLISH with QoS 2, MQTT v5, 3.3.1: we subscribe with QoS 1 at most. paho keeps such a
# message until a PUBREL that may never come.
_KIND_AND_QOS, _PUBLISH_QOS_2 = 0xF6, 0x34


class BoundedClient(Client):
    """Ends a connection on which too much comes, and says so first."""

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
        if len(self._out_packet) > MOST_UNREAD:
            self.on_breach(self, "more questions than it reads answers")
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        return super()._packet_handle()
