"""A simulated client's line to a broker: asyncio, MQTT v5, thousands in one process.

A message with QoS 1 goes out as soon as the broker's window has room for it. Leaves to
others: bytes (`mqtt5`), what is said, coming back after a loss.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from scale import mqtt5
from scale.mqtt5 import Buffer, Message, Packet

WINDOW = 16  # as our outbox; a broker may want less
NUMBERS = 65_535
CONNECT_WITHIN_S = 60.0  # a storm: the broker takes them one after another


class Closed(Exception):
    """The broker is gone, or has sent us away."""


class Line(asyncio.Protocol):
    """One connection, from CONNECT until it is lost; then it is thrown away."""

    def __init__(self, window: int = WINDOW) -> None:
        self._buffer = Buffer()
        self._most = window
        self._transport: asyncio.Transport | None = None
        self._came: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._granted: dict[int, asyncio.Future[int]] = {}
        self._sent: dict[int, Callable[[int], None]] = {}  # without a PUBACK
        self._room: deque[asyncio.Future[None]] = deque()
        self._number = 0
        self.heard: Callable[[Message], None] = lambda _message: None
        self.lost: Callable[[], None] = lambda: None

    @classmethod
    async def open(
        cls,
        host: str,
        port: int,
        client: str,
        *,
        will: Message | None = None,
        will_delay_s: int = 0,
        keepalive_s: int = 30,
        window: int = WINDOW,
    ) -> "Line":
        """Connect and wait for the CONNACK.

        Raises:
            Closed: there is no broker, or it refuses us.
        """
        loop = asyncio.get_running_loop()
        last = will or Message(f"made-up/{client}", b"", retain=False)
        hello = mqtt5.connect(
            client, will=last, will_delay_s=will_delay_s, keepalive_s=keepalive_s
        )
        line = cls(window)
        try:
            async with asyncio.timeout(CONNECT_WITHIN_S):
                await loop.create_connection(lambda: line, host, port)
                line._write(hello)
                await line._came
        except (OSError, Closed) as problem:  # TimeoutError is an OSError
            line.close()
            raise Closed(str(problem)) from problem
        return line

    @property
    def is_up(self) -> bool:
        """Whether something can be said."""
        return self._transport is not None

    @property
    def waiting(self) -> int:
        """How many messages have no PUBACK."""
        return len(self._sent)

    async def subscribe(self, topic: str) -> None:
        """Ask for a topic, and wait until it is granted; raises Closed."""
        number = self._next()
        granted = asyncio.get_running_loop().create_future()
        self._granted[number] = granted
        self._write(mqtt5.subscribe(number, topic))
        if (code := await granted) >= 0x80:
            raise Closed(f"SUBACK {code:#x}")

    async def publish(self, message: Message) -> None:
        """Wait for room in the window, then send; raises Closed."""
        while not self.send(message):
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._room.append(room)
            await room

    def send(
        self, message: Message, answered: Callable[[int], None] = lambda _code: None
    ) -> bool:
        """Send at once if there is room; `answered` hears the PUBACK's reason code.

        Raises:
            Closed: the line is gone.
        """
        if message.qos:
            if len(self._sent) >= self._most:
                return False
            number = self._next()
            self._sent[number] = answered
            message = replace(message, number=number)
        self._write(mqtt5.publish(message))
        return True

    async def all_answered(self) -> None:
        """Wait until every message has its PUBACK; raises Closed."""
        while self._sent:
            room: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._room.append(room)
            await room

    def ping(self) -> None:
        """Say that we are still here; raises Closed."""
        self._write(mqtt5.PINGREQ)

    def close(self) -> None:
        """Leave in order, if there is still a line: no last will is told."""
        if self._transport is not None:
            self._transport.write(mqtt5.GOODBYE)
            self._transport.close()
            self._transport = None

    # --- asyncio's side -------------------------------------------------------------
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        for packet in self._buffer.take(data):
            self._take(packet)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        fault = Closed(str(exc or "the broker closed the line"))
        # Any: what they would have given does not matter any more.
        waiting: list[asyncio.Future[Any]] = [self._came, *self._granted.values()]
        for future in (*waiting, *self._room):
            if not future.done():
                future.set_exception(fault)
                future.exception()  # nobody may be waiting: no word about that
        self._granted.clear()
        self._room.clear()
        self.lost()

    def _take(self, packet: Packet) -> None:
        match packet.kind:
            case mqtt5.PUBLISH:
                message = mqtt5.read_publish(packet)
                self.heard(message)
                if message.qos and self.is_up:
                    self._write(mqtt5.puback(message.number))
            case mqtt5.PUBACK:
                number, code = mqtt5.read_answer(packet)
                self._sent.pop(number)(code)
                if self._room:
                    room = self._room.popleft()
                    if not room.done():
                        room.set_result(None)
            case mqtt5.CONNACK:
                code, window = mqtt5.read_connack(packet)
                self._most = min(self._most, window)
                if code:
                    self._came.set_exception(Closed(f"CONNACK {code:#x}"))
                else:
                    self._came.set_result(None)
            case mqtt5.SUBACK:
                number, code = mqtt5.read_answer(packet)
                self._granted.pop(number).set_result(code)
            case mqtt5.DISCONNECT | mqtt5.PINGRESP:
                pass  # the broker closes the line by itself
            case _:
                raise mqtt5.NotMqtt(f"a packet of type {packet.kind}")

    def _next(self) -> int:
        while True:
            self._number = self._number % NUMBERS + 1
            if self._number not in self._sent and self._number not in self._granted:
                return self._number

    def _write(self, data: bytes) -> None:
        if self._transport is None:
            raise Closed("the line is gone")
        self._transport.write(data)
