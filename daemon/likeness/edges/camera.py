"""The one-place slot between a camera's own thread and the loop: newest frame wins.

A source is a plain generator of frames: its first step opens the device, closing it
lets go. Wishes go the other way: the thread looks at them between two frames. Leaves to
others: what the device is, what it can do for a wish, and when to open it again.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass

from likeness.core.seen import Frame
from likeness.errors import DeviceLost

# A camera that is well gives a frame every 40 ms; its first one may need a second or
# two (a USB camera settles its exposure, the Pi's pipeline is put together).
FIRST_WITHIN_S = 10.0
NEXT_WITHIN_S = 2.0
CLOSED_WITHIN_S = 2.0

Frames = Generator[Frame, None, None]
Source = Callable[[], Frames]


@dataclass(slots=True)
class CameraWishes:
    """What the loop wishes of a camera; written there, read by the camera's thread.

    Attributes:
        fps: frames per second; None: as configured.
        steady: whether exposure and white balance shall stay as they are.
    """

    fps: float | None = None
    steady: bool = False


class SlotCamera:
    """A `Camera` of `service.ports` around any source, for things that do not wait.

    A source numbers what it captures from 0; gaps between the given frames are drops.
    One that can fulfil wishes is given the same `wishes` as we.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        *,
        wishes: CameraWishes | None = None,
        first_within_s: float = FIRST_WITHIN_S,
        next_within_s: float = NEXT_WITHIN_S,
        closed_within_s: float = CLOSED_WITHIN_S,
    ) -> None:
        self._name = name
        self._source = source
        self._wishes = wishes or CameraWishes()
        self._first_within_s = first_within_s
        self._next_within_s = next_within_s
        self._closed_within_s = closed_within_s
        self._capture: _Capture | None = None
        self._last_number = -1
        self.dropped = 0  # since this camera was made

    @property
    def stuck_since(self) -> float | None:
        """When its thread was asked to end and did not, in monotonic seconds."""
        capture = self._capture
        if capture is None or capture.closed.is_set():
            return None
        return capture.asked_s

    async def start(self) -> None:
        """Open the device and wait until it has given its first frame.

        Raises:
            DeviceLost: there is no camera, or it gives nothing (DeviceRefused: it is
                there, but not for us).
            FeedUnreadable: the source is a recording that cannot be decoded.
        """
        await self.stop()
        if self._capture is not None:
            raise DeviceLost(f"{self._name}: does not let go; unplug it and plug it in")
        self._last_number = -1
        self._capture = _Capture(self._name, self._source)
        try:
            capture = await self._news(self._first_within_s)
            if not capture.slot:
                capture.complain()
        except BaseException:
            await self.stop()
            raise

    async def frame(self) -> Frame | None:
        """Wait for a frame newer than the last one; None when a recording has ended.

        Raises:
            DeviceLost: no frame came in time, or the device has gone.
            FeedUnreadable: a recording breaks off.
        """
        capture = await self._news(self._next_within_s)
        if not capture.slot:
            capture.complain()
            return None
        frame = capture.slot.popleft()
        self.dropped += frame.number - self._last_number - 1
        self._last_number = frame.number
        return frame

    async def stop(self) -> None:
        """Ask the thread to close the device, and wait for it a little."""
        if self._capture is None:
            return
        self._capture.stop()
        try:
            async with asyncio.timeout(self._closed_within_s):
                await self._capture.closed.wait()
        except TimeoutError:
            return  # the driver hangs: the next start says so
        self._capture = None

    def set_rate(self, fps: float | None) -> None:
        """Wish for so many frames per second; None: as configured."""
        self._wishes.fps = fps

    def hold(self, steady: bool) -> None:
        """Wish that exposure and white balance stay as they are, or run free."""
        self._wishes.steady = steady

    async def _news(self, within_s: float) -> "_Capture":
        """Wait for a frame in the slot or the end."""
        capture = self._capture
        if capture is None:
            raise DeviceLost(f"{self._name}: is not started")
        try:
            async with asyncio.timeout(within_s):
                # One frame may be told of twice, once for the one it has pushed out.
                while not (capture.slot or capture.closed.is_set()):
                    capture.told.clear()
                    await capture.told.wait()
        except TimeoutError:
            raise DeviceLost(
                f"{self._name}: no frame for {within_s:g} s; check its cable"
            ) from None
        return capture


class _Capture:
    """One run of the thread; a late thread of an earlier run touches only its own."""

    def __init__(self, name: str, source: Source) -> None:
        self.slot: deque[Frame] = deque(maxlen=1)
        self.told = asyncio.Event()  # of a frame, or the end
        self.closed = asyncio.Event()
        self.stopping = threading.Event()
        self.asked_s: float | None = None  # to stop
        self._fault: BaseException | None = None
        self._source = source
        self._loop = asyncio.get_running_loop()
        # A daemon thread: a driver that hangs must not hold up the end of the process.
        threading.Thread(target=self._run, name=f"camera {name}", daemon=True).start()

    def stop(self) -> None:
        """Ask the thread to end, which it does with its next frame."""
        self.stopping.set()
        self.asked_s = self.asked_s or time.monotonic()

    def complain(self) -> None:
        """Raise what ended the source, if it was a fault."""
        if self._fault is not None:
            raise self._fault

    def _run(self) -> None:
        try:
            with closing(self._source()) as frames:
                for frame in frames:
                    self.slot.append(frame)
                    self._tell(self.told.set)
                    if self.stopping.is_set():
                        break
        except BaseException as fault:  # noqa: BLE001 - the loop raises it
            self._fault = fault
        self._tell(self._end)

    def _end(self) -> None:
        self.closed.set()
        self.told.set()

    def _tell(self, what: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # the loop has ended before us: nobody listens
            self.stopping.set()
