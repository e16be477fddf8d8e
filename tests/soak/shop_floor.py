"""What stands around a terminal in the soak: reader, camera, decoder, screen, far side.

All of it lives on the soak's loop and clock, and can be broken from there. Leaves to
others: when that happens (stories).
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping

import numpy as np

from deaf_camera import DeafCamera
from likeness.core.line import BrokerDown, BrokerEvent, BrokerUp
from likeness.core.seen import Frame
from likeness.core.vocabulary import Portrait
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.portrait_decoder import CommandPortrait
from likeness.errors import DeviceLost
from likeness.simulators.sdt_reader import SdtReader
from likeness.simulators.wlt_decoder import portrait_record
from soak.warp_loop import WarpLoop

FPS = 25.0
READER_LATENCY_S = 0.01
EMPTY = np.zeros((2, 2, 3), np.uint8)  # nobody looks at it


class Reader:
    """`ByteLine` of `service.ports` to a simulated reader without a device."""

    def __init__(self, loop: WarpLoop) -> None:
        self.reader = SdtReader(latency_s=READER_LATENCY_S)
        self._loop = loop
        self._plugged = True
        self._received: Callable[[bytes], None] | None = None
        self._lost: Callable[[str], None] | None = None

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open it, if it is there."""
        if not self._plugged:
            raise DeviceLost("no such card reader; plug it in")
        self._received, self._lost = received, lost

    def write(self, data: bytes) -> None:
        """Send a command; the answer comes a little later."""
        for piece in self.reader.receive(data, self._loop.time()):
            self._loop.call_later(piece.after_s, self._answer, piece.data)

    def set_baud(self, baud: int) -> None:
        """There is no rate."""

    def close(self) -> None:
        """Let go of it."""
        self._received = self._lost = None

    def unplug(self) -> None:
        """Pull the plug."""
        self._plugged = False
        if self._lost is not None:
            self._lost("it was unplugged")

    def replug(self) -> None:
        """Plug it in again."""
        self._plugged = True
        self.reader.power_up(self._loop.time())

    def _answer(self, data: bytes) -> None:
        if self._received is not None:
            self._received(data)


class Camera(DeafCamera):
    """`Camera` of `service.ports`: empty frames, 25 a second."""

    def __init__(self, loop: WarpLoop) -> None:
        self._loop = loop
        self.begins_at = 0  # which frame of the film comes first
        self.frames_left: float = float("inf")  # then it is unplugged
        self._number = 0

    async def start(self) -> None:
        """Begin."""
        self._number = self.begins_at

    async def frame(self) -> Frame | None:
        """Wait for the next frame."""
        await asyncio.sleep(1 / FPS)
        self._number += 1
        self.frames_left -= 1
        if self.frames_left <= 0:
            raise DeviceLost("the camera was unplugged")
        return Frame(self._loop.time(), self._number, EMPTY)

    async def stop(self) -> None:
        """End."""


class Portraits:
    """`PortraitSource`: the real decoder now and then, else the picture at once.

    The decoder starts programs of its own, which takes a large part of a second.
    """

    def __init__(
        self,
        loop: WarpLoop,
        real: CommandPortrait,
        pictures: Mapping[str, bytes],
        *,
        real_every: int,
    ) -> None:
        self._loop = loop
        self._real = real
        self._pictures = {portrait_record(one): one for one in pictures.values()}
        self._real_every = real_every
        self._asked = 0
        self.fails = False

    async def decode(self, record: bytes) -> Portrait:
        """Decode one record."""
        self._asked += 1
        if self.fails:
            return Portrait(None, "decoder-failed")
        picture = self._pictures[record]
        if self._asked % self._real_every == 0:
            with self._loop.standing():
                decoded = await self._real.decode(record)
            # The models have seen the file itself, not what the decoder makes of it.
            return decoded if decoded.image is None else Portrait(picture)
        return Portrait(picture)


class Screen:
    """Counts what it was to show."""

    def __init__(self) -> None:
        self.shown: Counter[str] = Counter()

    def show(self, state: str, detail: str = "") -> None:
        """Show one state."""
        self.shown[f"{state} {detail}".strip()] += 1


class OwingLine:
    """`Broker`: the real line, and whether the far side owes us a word."""

    def __init__(self, settings: LineSettings) -> None:
        self._line = MqttLine(settings, pause=self._pause)
        self._coming = True  # connecting
        self.up = False
        self.asked = False  # for a visit's nonce
        self.waiting: Callable[[], int] = lambda: 0  # records without a receipt
        self.let_offs = 0
        self._let_off = False
        self._sent = False  # something, since nothing waited

    @property
    def owed(self) -> bool:
        """Whether the clock should stand."""
        if self._let_off:
            return False
        if self._sent and self.up:
            self._sent = self.waiting() > 0
        return self._coming or self.asked or (self.up and self._sent)

    def let_off(self) -> None:
        """It does not answer: wait for nothing until it does."""
        self._let_off, self.asked = True, False
        self.let_offs += 1

    async def run(self, listener: Callable[[BrokerEvent], None]) -> None:
        """Hold the line."""

        def hear(event: BrokerEvent) -> None:
            self._let_off = False
            if isinstance(event, BrokerUp | BrokerDown):
                self.up, self._coming = isinstance(event, BrokerUp), False
                self._sent = True
            listener(event)

        await self._line.run(hear)

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        """Hand one message over."""
        self._sent = True
        return self._line.publish(
            topic,
            payload,
            qos=qos,
            retain=retain,
            expiry_s=expiry_s,
            correlation=correlation,
        )

    async def _pause(self, seconds: float) -> None:
        self._coming = False
        pause: Awaitable[None] = asyncio.sleep(seconds)
        await pause
        self._coming, self._let_off = True, False
