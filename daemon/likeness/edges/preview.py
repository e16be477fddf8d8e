"""The camera's picture for the page: small JPEGs of the frames that vision takes.

`Preview` is a camera around the camera: whoever takes a frame of it shows it as well.
A frame is scaled and encoded on a thread of its own, the newest one only, and only
while somebody watches and has drawn the ones before. Nothing is kept: at a visit's end
the last picture goes, and the thread's own memory is written over with grey. Leaves to
others: the wire (page_server.py), mirroring and the oval (the page).
"""

import asyncio
import logging
import math
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from likeness.core.guidance import Picture
from likeness.core.seen import Frame
from likeness.edges.quiet_cv2 import cv2

log = logging.getLogger(__name__)

WIDTH_PX = 480
QUALITY = 70  # of JPEG: some 12 kB for a face before a wall
EARLY_S = 0.02  # half a frame at 25 frames per second
LUMA_STEP = 24  # every so many-th pixel tells how bright a picture is


@dataclass(frozen=True, slots=True)
class Shown:
    """One encoded frame; `captured_s` on the clock of its camera."""

    number: int
    captured_s: float
    jpeg: bytes = field(repr=False)


class Camera(Protocol):
    """What is tapped; see `service.ports.Camera`."""

    async def start(self) -> None:
        """Begin to capture."""
        ...

    async def frame(self) -> Frame | None:
        """Wait for the next frame."""
        ...

    async def stop(self) -> None:
        """Stop capturing."""
        ...

    def set_rate(self, fps: float | None) -> None:
        """Wish for so many frames per second."""
        ...

    def hold(self, steady: bool) -> None:
        """Wish that exposure and white balance stay as they are."""
        ...


class Preview:
    """A `Camera` that shows what it gives.

    Args:
        camera: where frames come from.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._wanted: Callable[[], bool] = lambda: False
        self._show: Callable[[Shown], None] = lambda _shown: None
        self._newest: Frame | None = None
        self._working = False
        self._looking = False
        self._thread: ThreadPoolExecutor | None = None
        self._least_s = 0.0  # between two pictures
        self._shown_s = -math.inf  # when the last one was captured
        self.picture = Picture(640, 480)  # of the last frame
        self.taken = 0  # frames, by whoever looks at them

    def watched_by(
        self, wanted: Callable[[], bool], show: Callable[[Shown], None]
    ) -> None:
        """Give frames to `show`, on the loop, whenever `wanted` says so."""
        self._wanted, self._show = wanted, show

    def set_pace(self, per_s: float | None) -> None:
        """Show at most so many pictures per second; None: as many as are drawn."""
        self._least_s = 0.0 if per_s is None else 1 / per_s

    # --- a camera -------------------------------------------------------------------
    async def start(self) -> None:
        """Begin to capture."""
        await self._camera.start()
        self._looking = True

    async def frame(self) -> Frame | None:
        """Wait for the next frame, and show it too."""
        frame = await self._camera.frame()
        if frame is not None:
            self._take(frame)
        return frame

    async def stop(self) -> None:
        """Stop capturing, and drop what was to be shown."""
        self._looking = False
        self._newest = None
        self._shown_s = -math.inf
        self._wipe()
        await self._camera.stop()

    def set_rate(self, fps: float | None) -> None:
        """Pass the wish on."""
        self._camera.set_rate(fps)

    def hold(self, steady: bool) -> None:
        """Pass the wish on."""
        self._camera.hold(steady)

    def close(self) -> None:
        """Let the thread end."""
        if self._thread is not None:
            self._thread.shutdown(wait=False)

    # --- the picture ----------------------------------------------------------------
    def _take(self, frame: Frame) -> None:
        self.taken += 1
        height, width = frame.image.shape[:2]
        # Green stands for luma: it is most of it, and costs no conversion.
        sample = frame.image[::LUMA_STEP, ::LUMA_STEP, 1]
        self.picture = Picture(width, height, float(sample.mean()) / 255)
        if self._wanted() and self._is_due(frame):
            self._newest = frame
            self._work()

    def _is_due(self, frame: Frame) -> bool:
        # Half a frame's time early is not early: else 10 of 25 would become 8.
        return frame.captured_s - self._shown_s >= self._least_s - EARLY_S

    def _work(self) -> None:
        frame = self._newest
        if self._working or frame is None:
            return
        self._newest, self._working = None, True
        self._shown_s = frame.captured_s
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="preview")
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._thread, encoded, frame)
        work.add_done_callback(self._worked)

    def _worked(self, work: "asyncio.Future[Shown]") -> None:
        self._working = False
        if work.cancelled() or not self._looking:
            return
        if (fault := work.exception()) is not None:  # the visit goes on without it
            log.error("event=preview_failed why=%r", fault)
            return
        self._show(work.result())
        if self._wanted():
            self._work()

    def _wipe(self) -> None:
        if self._thread is not None:
            grey = np.full((self.picture.height, self.picture.width, 3), 127, np.uint8)
            self._thread.submit(encoded, Frame(0.0, 0, grey))


def encoded(frame: Frame) -> Shown:
    """Scale a frame to at most WIDTH_PX, unless its camera did, and encode it."""
    image = frame.image if frame.small is None else frame.small
    height, width = image.shape[:2]
    if width > WIDTH_PX:
        size = (WIDTH_PX, max(1, round(height * WIDTH_PX / width)))
        # Not by areas: that looks a little better, and takes six times as long.
        image = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
    _, jpeg = cv2.imencode(".jpg", image, (cv2.IMWRITE_JPEG_QUALITY, QUALITY))
    return Shown(frame.number, frame.captured_s, jpeg.tobytes())
