"""A paho client for thousands of messages each second: no thread, and few calls.

paho connects, subscribes, pings and leaves. The packets of which there are very many
are read and written here, as MQTT v5 has them: PUBLISH with QoS 1 (3.3) and PUBACK
(3.4), either way. What comes is read in large pieces; what goes is gathered and sent at
once. A broker that has sent more than we could answer waits, since its socket is not
read: mosquitto 2.0.11 does not keep to our Receive Maximum (for each PUBACK it sends
that many again, however many are unanswered).

Leaves to others: what is said, coming back after a loss (`broker`).
"""

import asyncio
import ssl
import struct
import time
from collections.abc import Callable
from typing import Any

from paho.mqtt.client import Client
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties

from likeness.edges.bounded_client import MAX_PACKET_BYTES, BoundedClient

CHUNK_BYTES = 65_536
MISC_EVERY_S = 1.0
# Of a broker that does not read. What it may leave unanswered (1,000 receipts) and the
# PUBACKs of a batch are far less.
MOST_UNSENT_BYTES = 16_000_000
MIDS = 65_535
# First byte of a PUBLISH with QoS 1, whatever its flags "again" and "retain" are.
_QOS_1_MASK, _PUBLISH_QOS_1 = 0xF6, 0x32
_PUBACK = 0x40
_TWO = struct.Struct("!H")
_NOTHING_SAID = b"\x00"  # no properties
_LENGTH_BYTES_AT_MOST = 4


class BriskClient(BoundedClient):
    """Runs on an asyncio loop after `attach`; connects as any client of paho's."""

    # Told of what comes: topic, payload, packet identifier.
    on_plain: Callable[[Client, bytes, bytes, int], None]
    # Told of each PUBACK: packet identifier, reason code.
    on_answer: Callable[[Client, int, int], None]

    # Any: as paho takes them.
    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._aio: asyncio.AbstractEventLoop | None = None
        self._fd = -1
        self._came_in = bytearray()
        self._for_paho = b""  # one whole packet, while paho reads it
        self._going_out = bytearray()
        self._flush_is_due = self._is_waiting = False
        self._last_mid = 0
        self.on_socket_close = self._detach

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Go on without a thread on this loop, which is the caller's.

        Raises:
            ConnectionError: the line is gone already.
        """
        sock = self.socket()
        if sock is None:
            raise ConnectionError("the line was cut")
        self._aio, self._fd = loop, sock.fileno()
        self._every_second()
        loop.add_reader(self._fd, self._read)

    def send(
        self, topic: str, payload: bytes, retain: bool, more: Properties | None
    ) -> int:
        """Send a PUBLISH with QoS 1; return its packet identifier."""
        self._last_mid = mid = self._last_mid % MIDS + 1
        name = topic.encode()
        said = _NOTHING_SAID if more is None else more.pack()  # type: ignore[no-untyped-call]
        size = 2 + len(name) + 2 + len(said) + len(payload)
        out = self._going_out
        out.append(_PUBLISH_QOS_1 | retain)
        self._pack_remaining_length(out, size)
        out += _TWO.pack(len(name)) + name + _TWO.pack(mid) + said + payload
        self._flush_soon()
        return mid

    def ack(self, mid: int, qos: int) -> MQTTErrorCode:
        """Send a PUBACK; the broker may then send one more."""
        self._answered += 1
        self._going_out += bytes((_PUBACK, 2)) + _TWO.pack(mid)
        self._flush_soon()
        if self._is_waiting and not self._is_full and self._aio is not None:
            self._is_waiting = False
            self._aio.call_soon(self._go_on)
        return MQTTErrorCode.MQTT_ERR_SUCCESS

    @property
    def _is_full(self) -> bool:
        most = self.most_unanswered
        return most is not None and self._came - self._answered >= most

    # --- what comes -----------------------------------------------------------------
    def _go_on(self) -> None:
        if self._aio is None or self._fd < 0:
            return
        self._take_packets()
        if not self._is_waiting and self._fd >= 0:
            self._aio.add_reader(self._fd, self._read)
            self._read()  # TLS may hold what its socket has no more

    def _read(self) -> None:
        """Read as much as is here, or as we may leave unanswered."""
        while self._fd >= 0 and not self._is_waiting:
            try:
                data = Client._sock_recv(self, CHUNK_BYTES)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
                return
            self._last_bytes_received = time.monotonic()
            self._came_in += data
            self._take_packets()
            if not _holds_more(self.socket()):
                return

    def _take_packets(self) -> None:
        """Take whole packets until there is none, or we are full."""
        at, data = 0, self._came_in
        while self._fd >= 0 and not self._is_full:
            length, start = _length(data, at + 1)
            if start < 0 or length > MAX_PACKET_BYTES:
                self.on_breach(self, f"a packet of {length} bytes")
                self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
                break
            end = start + length
            if start == 0 or end > len(data):
                break  # the rest of it is on its way
            if not self._take_quickly(data[at], bytes(data[start:end])):
                self._let_paho_take(bytes(data[at:end]))
            at = end
        del data[:at]
        if self._fd >= 0 and self._aio is not None and self._is_full:
            self._is_waiting = True
            self._aio.remove_reader(self._fd)

    def _take_quickly(self, first: int, body: bytes) -> bool:
        """Take a PUBACK, or a PUBLISH without properties; tell whether it was one."""
        if first == _PUBACK and len(body) >= 2:  # noqa: PLR2004 - the identifier
            code = body[2] if len(body) > 2 else 0  # noqa: PLR2004
            self.on_answer(self, _TWO.unpack_from(body)[0], code)
            return True
        if first & _QOS_1_MASK != _PUBLISH_QOS_1 or len(body) < 2:  # noqa: PLR2004
            return False
        name_end = 2 + _TWO.unpack_from(body)[0]
        said = name_end + 2
        if len(body) <= said or body[said]:
            return False
        self._came += 1
        mid = _TWO.unpack_from(body, name_end)[0]
        self.on_plain(self, body[2:name_end], body[said + 1 :], mid)
        return True

    def _let_paho_take(self, packet: bytes) -> None:
        self._for_paho = packet
        self.loop_read()
        self._for_paho = b""
        if self.want_write():  # what it answers
            self.loop_write()

    def _sock_recv(self, bufsize: int) -> bytes:
        """Give paho the packet that it shall take."""
        if self._aio is None:
            return super()._sock_recv(bufsize)
        data, self._for_paho = self._for_paho[:bufsize], self._for_paho[bufsize:]
        if not data:
            raise BlockingIOError
        return data

    # --- what goes ------------------------------------------------------------------
    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Send what paho writes, after what we have gathered."""
        if self._aio is None:
            return super()._sock_send(buf)
        self._going_out += buf
        self._flush()
        return len(buf)

    def _flush_soon(self) -> None:
        if not self._flush_is_due and self._aio is not None:
            self._flush_is_due = True
            self._aio.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        if self._aio is None or self._fd < 0 or not self._going_out:
            return
        try:
            sent = Client._sock_send(self, self._going_out)
        except BlockingIOError:
            sent = 0
        except OSError:
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_CONN_LOST)
            return
        del self._going_out[:sent]
        if len(self._going_out) > MOST_UNSENT_BYTES:
            self.on_breach(self, "it does not read what we say")
            self._loop_rc_handle(MQTTErrorCode.MQTT_ERR_PROTOCOL)
        elif self._going_out:
            self._aio.add_writer(self._fd, self._flush)
        else:
            self._aio.remove_writer(self._fd)

    # --- besides --------------------------------------------------------------------
    def _every_second(self) -> None:
        """Let paho ping, and end a line that does not answer."""
        if self._aio is None or self._fd < 0:
            return
        if self._is_waiting:  # the answer to our ping stands behind what we do not read
            self._last_bytes_received = time.monotonic()
        self.loop_misc()
        if self.want_write():
            self.loop_write()
        self._aio.call_later(MISC_EVERY_S, self._every_second)

    # Any: paho's user data, and whatever kind of socket.
    def _detach(self, _client: Client, _data: Any, _sock: Any) -> None:
        if self._aio is not None and self._fd >= 0:
            self._aio.remove_reader(self._fd)
            self._aio.remove_writer(self._fd)
            self._fd = -1


def _length(data: bytearray, at: int) -> tuple[int, int]:
    """Read a variable byte integer (1.5.5).

    Returns:
        The value, and where it ends; 0 there if its rest is not here yet, -1 if it is
        none.
    """
    value = 0
    for place, byte in enumerate(data[at : at + _LENGTH_BYTES_AT_MOST]):
        value |= (byte & 127) << (7 * place)
        if byte < 128:  # noqa: PLR2004 - the last byte
            return value, at + place + 1
    return value, 0 if len(data) < at + _LENGTH_BYTES_AT_MOST else -1


# Any: whatever kind of socket paho has.
def _holds_more(sock: Any) -> bool:
    return isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
