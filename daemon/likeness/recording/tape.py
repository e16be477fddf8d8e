"""A camera around the camera that keeps what it gives: in memory, encoded, bounded.

Kept is exactly what vision was given, so that a replay sees the same; what the camera
dropped is gaps in the times. After the visit has had its last frame the tape runs on
for a moment: a replay must have frames left when a window closes. Encoding goes on a
thread of its own, one frame behind. Leaves to others: sealing (keeping.py), and when a
recording may be kept at all (visit.py).
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from likeness.core.seen import Frame
from likeness.edges.quiet_cv2 import cv2
from likeness.errors import LikenessError
from likeness.service.ports import Camera

# JPEG: a tenth of the pixels' size and of PNG's time. Measured on 300 frames of four
# people: scores of the match move by at most 0.009 at 95 (0.012 at 85), those of the
# texture by 0.004 in the mean; in 4:4:4 and at 98 hardly less, for twice the bytes.
QUALITY = 95
MOST_BYTES_PER_PIXEL = 0.25  # 0.15 to 0.22 were measured
TAIL_S = 1.0
WAITING = 4  # frames as they came, before somebody must wait for the encoder

Encoded = Any  # one-dimensional numpy array of uint8


class Tape:
    """A `Camera`; `finish` ends it.

    Args:
        camera: where frames come from.
        seconds: the longest recording, from its first frame on.
        most_bytes: of encoded frames.
    """

    def __init__(self, camera: Camera, *, seconds: float, most_bytes: int) -> None:
        self._camera = camera
        self._seconds = seconds
        self._room = most_bytes
        self._pending: list[asyncio.Future[None]] = []
        self._tail: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="tape")
        self._shape: tuple[int, ...] = (480, 640, 3)
        self._first_s: float | None = None
        self._last_s = 0.0
        self._closed = False
        self.frames: list[Encoded] = []
        self.times: list[float] = []  # of capture, on the camera's clock
        self.full = ""  # why nothing more was kept

    # --- a camera -------------------------------------------------------------------
    async def start(self) -> None:
        """Begin to capture, or begin again."""
        await self._end_tail()
        await self._camera.start()

    async def frame(self) -> Frame | None:
        """Give the next frame and keep it; None when the tape is full."""
        if self.full:
            return None
        frame = await self._camera.frame()
        if frame is None:
            return None
        begun_s = frame.captured_s if self._first_s is None else self._first_s
        if frame.captured_s - begun_s > self._seconds:
            self.full = f"after {self._seconds:g} s"
            return None
        await self._keep(frame)
        return frame

    async def stop(self) -> None:
        """Run on for the tail; `finish` or the next `start` ends that."""
        if self._tail is None:
            self._tail = asyncio.create_task(self._run_on())

    def set_rate(self, fps: float | None) -> None:
        """Pass the wish on."""
        self._camera.set_rate(fps)

    def hold(self, steady: bool) -> None:
        """Pass the wish on."""
        self._camera.hold(steady)

    # --- a recording ----------------------------------------------------------------
    async def finish(self, *, keep: bool) -> None:
        """Stop the camera, after the tail if this is to be kept; else forget it all."""
        if keep and self._tail is not None:
            await asyncio.wait([self._tail])
        await self._end_tail()
        await self._settled(0)
        if not keep:
            self.wipe()

    def wipe(self) -> None:
        """Write over every frame, and over what the encoder had in hand."""
        for frame in self.frames:
            frame.fill(0)
        self.frames.clear()
        self.times.clear()
        if not self._closed:
            self._thread.submit(encoded, np.full(self._shape, 127, np.uint8))

    def close(self) -> None:
        """Let the thread end, after what was given to it."""
        self.wipe()
        self._closed = True
        self._thread.shutdown(wait=True)

    # --- inside ---------------------------------------------------------------------
    async def _run_on(self) -> None:
        until_s = self._last_s + TAIL_S
        # A camera that is lost has no tail; that it is lost was said already.
        with contextlib.suppress(LikenessError):
            while self._first_s is not None and not self.full:
                frame = await self._camera.frame()
                if frame is None or frame.captured_s > until_s:
                    return
                await self._keep(frame)

    async def _end_tail(self) -> None:
        tail, self._tail = self._tail, None
        if tail is not None:
            tail.cancel()
            await asyncio.wait([tail])
            await self._camera.stop()

    async def _keep(self, frame: Frame) -> None:
        await self._settled(WAITING)
        self._shape, self._last_s = frame.image.shape, frame.captured_s
        self._first_s = frame.captured_s if self._first_s is None else self._first_s
        loop = asyncio.get_running_loop()
        self._pending.append(
            loop.run_in_executor(self._thread, self._add, frame.captured_s, frame.image)
        )

    async def _settled(self, most: int) -> None:
        while len(self._pending) > most:
            await self._pending[0]
            del self._pending[0]

    def _add(self, captured_s: float, image: Any) -> None:
        """On the tape's own thread, in the order of the frames."""
        if self._room < 0:
            return
        data = encoded(image)
        self._room -= data.nbytes
        if self._room < 0:
            self.full = "when record.most_mib was reached"
            return
        self.frames.append(data)
        self.times.append(captured_s)


def encoded(image: Any) -> Encoded:
    """Encode one picture as JPEG.

    Raises:
        ValueError: it is none.
    """
    good, data = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    if not good:
        raise ValueError("a frame that cannot be encoded")
    return data
