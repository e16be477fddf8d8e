"""A SAM on its own USB pipes, which the driver sees as a line (card-readers A.11).

UNTESTED ON HARDWARE: only a simulated device was ever read (simulators/sdt_usb).

A frame travels in two parts: start and length on one pipe, the rest on another. Units
that answer with a whole frame on the first one are understood too. One thread waits for
answers. Leaves to others: what the bytes mean, when to open again, the USB library
(usb_pipes).
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable
from queue import SimpleQueue

from likeness.edges.usb_pipes import Pipes, open_pipes

OUT_HEAD, OUT_BODY = 0x02, 0x06
IN_HEAD, IN_BODY = 0x81, 0x85
HEAD_SIZE = 7  # start and length
READ_SIZE = 4096  # a read must have room for all that the device sends at once
WRITE_WITHIN_MS = 100
LOOK_EVERY_MS = 100
CLOSED_WITHIN_S = 1.0


class UsbSamLine:
    """`ByteLine` of `service.ports`.

    Args:
        usb: vendor and product as `lsusb` prints them, "0400:c35a".
        opening: opens the device by that name; raises DeviceLost.
    """

    def __init__(self, usb: str, opening: Callable[[str], Pipes] = open_pipes) -> None:
        self._usb = usb
        self._opening = opening
        self._talk: _Talk | None = None

    async def open(
        self, received: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        """Open the device and listen.

        Raises:
            DeviceRefused: it is there, but not for us, or pyusb is not installed.
            DeviceLost: it is not there.
        """
        former = self._talk
        self.close()
        if former is not None:
            await asyncio.to_thread(former.join, CLOSED_WITHIN_S)
        pipes = await asyncio.to_thread(self._opening, self._usb)
        loop = asyncio.get_running_loop()
        talk = _Talk(pipes)

        def hand_over(data: bytes | str) -> None:
            if self._talk is not talk:
                return  # of a device that was closed since
            if isinstance(data, str):
                lost(f"usb {self._usb}: {data}")
            else:
                received(data)

        def on_loop(data: bytes | str) -> None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody hears
                loop.call_soon_threadsafe(hand_over, data)

        talk.tell = on_loop
        self._talk = talk
        talk.start()

    def write(self, data: bytes) -> None:
        """Send one frame."""
        if self._talk is not None:
            self._talk.frames.put(data)

    def set_baud(self, baud: int) -> None:
        """USB has no rate."""

    def close(self) -> None:
        """Let go of the device within a tenth of a second."""
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.frames.put(None)


class _Talk(threading.Thread):
    """Sends frames and waits for answers until it is closed or the device is lost.

    `tell` is called with bytes that came, or with why the device is gone.
    """

    def __init__(self, pipes: Pipes) -> None:
        super().__init__(name="usb-reader", daemon=True)
        self.frames: SimpleQueue[bytes | None] = SimpleQueue()
        self.tell: Callable[[bytes | str], None] = lambda _data: None
        self._pipes = pipes

    def run(self) -> None:
        try:
            while (frame := self.frames.get()) is not None:
                self._pipes.write(OUT_HEAD, frame[:HEAD_SIZE], WRITE_WITHIN_MS)
                self._pipes.write(OUT_BODY, frame[HEAD_SIZE:], WRITE_WITHIN_MS)
                self._await_answer()
        except OSError as problem:
            self.tell(problem.strerror or "it takes no bytes")
        finally:
            with contextlib.suppress(OSError):
                self._pipes.close()

    def _await_answer(self) -> None:
        """Hand over what comes, until the frame is whole or another command waits."""
        head, missing = b"", HEAD_SIZE
        while missing > 0 and self.frames.empty():
            pipe = IN_HEAD if len(head) < HEAD_SIZE else IN_BODY
            try:
                data = self._pipes.read(pipe, READ_SIZE, LOOK_EVERY_MS)
            except TimeoutError:
                continue
            self.tell(data)
            missing -= len(data)
            if pipe == IN_HEAD:
                head += data
                if len(head) >= HEAD_SIZE:
                    missing += int.from_bytes(head[HEAD_SIZE - 2 : HEAD_SIZE], "big")
