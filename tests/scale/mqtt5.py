"""MQTT v5 (OASIS, 2019) as bytes: as much of it as a simulated terminal needs.

Written anew, since ten thousand of paho's clients would be ten thousand threads. Sends
no topic alias, no QoS 2; of what comes it understands what a broker sends to such a
client. Leaves to others: sockets, waiting, what a message means.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

CONNACK, PUBLISH, PUBACK, SUBACK, PINGRESP, DISCONNECT = 2, 3, 4, 9, 13, 14
PINGREQ = b"\xc0\x00"
GOODBYE = b"\xe0\x00"

_SESSION_EXPIRY, _WILL_DELAY, _RECEIVE_MAXIMUM, _MESSAGE_EXPIRY = 0x11, 0x18, 0x21, 2
_CLEAN_START, _WILL, _WILL_QOS_1, _WILL_RETAIN = 0x02, 0x04, 0x08, 0x20
_LENGTH_BYTES_AT_MOST = 4


@dataclass(frozen=True, slots=True)
class Packet:
    """One packet as it came: its type, the four flags, and what follows the length."""

    kind: int
    flags: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """An application message; `number` is 0 with QoS 0."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False
    number: int = 0


class NotMqtt(Exception):
    """Bytes that are no packet."""


class Buffer:
    """Takes bytes as they come and gives whole packets."""

    def __init__(self) -> None:
        self._data = bytearray()

    def take(self, data: bytes) -> Iterator[Packet]:
        """Add what came; yield each packet that is whole now."""
        self._data += data
        at = 0
        try:
            while (found := _length(self._data, at + 1)) is not None:
                length, start = found
                if len(self._data) < start + length:
                    break
                first = self._data[at]
                at = start + length
                yield Packet(first >> 4, first & 15, bytes(self._data[start:at]))
        finally:
            del self._data[:at]


def _length(data: bytearray, at: int) -> tuple[int, int] | None:
    """Read a variable byte integer (1.5.5); return it and where it ends."""
    value = 0
    for place in range(_LENGTH_BYTES_AT_MOST):
        if at + place >= len(data):
            return None
        byte = data[at + place]
        value |= (byte & 127) << (7 * place)
        if not byte & 128:
            return value, at + place + 1
    raise NotMqtt("a length of more than four bytes")


def _varied(value: int) -> bytes:
    said = bytearray()
    while True:
        value, low = value >> 7, value & 127
        said.append(low | (128 if value else 0))
        if not value:
            return bytes(said)


def _packet(first: int, body: bytes) -> bytes:
    return bytes([first]) + _varied(len(body)) + body


def _text(words: str | bytes) -> bytes:
    data = words.encode() if isinstance(words, str) else words
    return struct.pack("!H", len(data)) + data


def connect(
    client: str, *, will: Message, will_delay_s: int, keepalive_s: int
) -> bytes:
    """Come as this client (3.1), with nothing left of a session before."""
    flags = _CLEAN_START | _WILL | _WILL_QOS_1 | (_WILL_RETAIN if will.retain else 0)
    own = struct.pack("!BIBH", _SESSION_EXPIRY, 0, _RECEIVE_MAXIMUM, 20)
    of_will = struct.pack("!BI", _WILL_DELAY, will_delay_s)
    body = (
        _text("MQTT")
        + struct.pack("!BBH", 5, flags, keepalive_s)
        + _varied(len(own))
        + own
        + _text(client)
        + _varied(len(of_will))
        + of_will
        + _text(will.topic)
        + _text(will.payload)
    )
    return _packet(1 << 4, body)


def subscribe(number: int, *topics: str) -> bytes:
    """Ask for these topics with QoS 1 (3.8)."""
    asked = b"".join(_text(topic) + b"\x01" for topic in topics)
    return _packet(0x82, struct.pack("!HB", number, 0) + asked)


def publish(message: Message, *, again: bool = False) -> bytes:
    """Send an application message (3.3)."""
    first = PUBLISH << 4 | again << 3 | message.qos << 1 | message.retain
    number = struct.pack("!H", message.number) if message.qos else b""
    return _packet(first, _text(message.topic) + number + b"\x00" + message.payload)


def puback(number: int) -> bytes:
    """Say that it came, and all is well (3.4.2.1 lets the reason go)."""
    return _packet(PUBACK << 4, struct.pack("!H", number))


def read_publish(packet: Packet) -> Message:
    """Take an application message out of its packet."""
    body, qos = packet.body, packet.flags >> 1 & 3
    (size,) = struct.unpack_from("!H", body)
    at, number = 2 + size, 0
    topic = body[2:at].decode()
    if qos:
        (number,) = struct.unpack_from("!H", body, at)
        at += 2
    found = _length(bytearray(body[at : at + 4]), 0)
    if found is None:
        raise NotMqtt("a message that ends before its properties")
    length, used = found
    payload = body[at + used + length :]
    return Message(topic, payload, qos, bool(packet.flags & 1), number)


def read_answer(packet: Packet) -> tuple[int, int]:
    """Return number and reason code of a PUBACK or SUBACK."""
    (number,) = struct.unpack_from("!H", packet.body)
    if packet.kind == SUBACK:
        return number, packet.body[-1]
    return number, packet.body[2] if len(packet.body) > 2 else 0


def read_connack(packet: Packet) -> tuple[int, int]:
    """Return reason code and Receive Maximum of a CONNACK (3.2)."""
    body = packet.body
    found = _length(bytearray(body[2:6]), 0)
    if found is None:
        raise NotMqtt("a CONNACK without properties")
    length, used = found
    at, end, window = 2 + used, 2 + used + length, 65535
    while at < end:
        name, at = body[at], at + 1
        size = _SIZES.get(name)
        if name == _RECEIVE_MAXIMUM:
            (window,) = struct.unpack_from("!H", body, at)
        if size is None:  # text, or a pair of texts
            for _ in range(2 if name == _USER_PROPERTY else 1):
                at += 2 + struct.unpack_from("!H", body, at)[0]
        else:
            at += size
    return body[1], window


_USER_PROPERTY = 0x26
# Bytes of each property that a CONNACK may have (2.2.2.2) and that is no text.
_SIZES = {
    0x11: 4,
    0x13: 2,
    0x21: 2,
    0x22: 2,
    0x24: 1,
    0x25: 1,
    0x27: 4,
    0x28: 1,
    0x29: 1,
    0x2A: 1,
}
