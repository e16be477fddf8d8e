"""A tiny MQTT v5 broker that says what a test wants and counts what is in flight.

Written against the standard (OASIS MQTT 5.0, part 3), not against our client; for what
a mosquitto cannot be made to say. Leaves to others: passing messages on.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


def packet(first: int, body: bytes) -> bytes:
    """Put the fixed header before a body of less than 16 KiB."""
    low, high = len(body) & 127, len(body) >> 7
    assert high < 128
    return bytes([first, low | 128, high] if high else [first, low]) + body


def connack(code: int = 0, properties: bytes = b"") -> bytes:
    """3.2: no session, a reason code, properties (id and value, one after another)."""
    return packet(0x20, bytes([0, code, len(properties)]) + properties)


def disconnect(code: int) -> bytes:
    """3.14: the server ends the connection."""
    return packet(0xE0, bytes([code, 0]))


RECEIVE_MAXIMUM = 0x21
MAXIMUM_QOS = 0x24
RETAIN_AVAILABLE = 0x25
MAXIMUM_PACKET_SIZE = 0x27
SERVER_KEEP_ALIVE = 0x13


@dataclass(slots=True)
class FakeBroker:
    """Listens on `port` while its block lasts.

    Attributes:
        hello: what answers a CONNECT; b"" for nothing.
        then: what is sent right after; the connection is closed after a DISCONNECT.
        suback: the code for each topic; None for no answer at all.
        puback: the code for each publish; None holds it until `answer`.
    """

    hello: bytes = field(default_factory=connack)
    then: bytes = b""
    suback: int | None = 1
    puback: int | None = 0
    port: int = 0
    connects: list[bytes] = field(default_factory=list)
    topics: list[str] = field(default_factory=list)
    in_flight: list[int] = field(default_factory=list)
    most_in_flight: int = 0
    pings: int = 0
    _line: asyncio.StreamWriter | None = None

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["FakeBroker"]:
        """Serve for the length of a block."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            self.hang_up()

    def answer(self, code: int = 0) -> None:
        """Acknowledge the oldest publish that was held."""
        mid = self.in_flight.pop(0)
        self._send(packet(0x40, mid.to_bytes(2, "big") + bytes([code, 0])))

    def say(self, data: bytes) -> None:
        """Send bytes to who is connected."""
        self._send(data)

    def hang_up(self) -> None:
        """Close the connection without a word."""
        if self._line is not None:
            self._line.close()

    def _send(self, data: bytes) -> None:
        assert self._line is not None
        self._line.write(data)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._line = writer
        self.in_flight.clear()
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                first = (await reader.readexactly(1))[0]
                body = await reader.readexactly(await _length(reader))
                self._take(first, body)
        writer.close()

    def _take(self, first: int, body: bytes) -> None:
        match first >> 4:
            case 1:
                self.connects.append(body)
                self._send(self.hello + self.then)
                if self.then[:1] == b"\xe0":
                    self.hang_up()
            case 3:
                self._publish(first, body)
            case 8 if self.suback is not None:
                topics = _count_topics(body[3 + body[2] :])
                self._send(
                    packet(0x90, body[:2] + b"\0" + bytes([self.suback]) * topics)
                )
            case 12:
                self.pings += 1
                self._send(b"\xd0\0")

    def _publish(self, first: int, body: bytes) -> None:
        at = 2 + int.from_bytes(body[:2], "big")
        self.topics.append(body[2:at].decode())
        if first & 0b110:
            self.in_flight.append(int.from_bytes(body[at : at + 2], "big"))
            self.most_in_flight = max(self.most_in_flight, len(self.in_flight))
            if self.puback is not None:
                self.answer(self.puback)


async def _length(reader: asyncio.StreamReader) -> int:
    """1.5.5: seven bits a byte, the lowest first."""
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return length


def _count_topics(rest: bytes) -> int:
    count = 0
    while rest:
        rest = rest[2 + int.from_bytes(rest[:2], "big") + 1 :]
        count += 1
    return count
