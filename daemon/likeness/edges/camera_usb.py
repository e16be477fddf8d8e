"""A USB camera through Video4Linux (V4L2), by OpenCV. Never run on hardware so far.

What runs in the tests is the real OpenCV over a stand-in for the kernel's side. Leaves
to others: opening and who is believed (`v4l2_opening`), the newest-frame slot, when to
open it again.
"""

import itertools
import logging
import time
from functools import partial
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from likeness.core.frame_pace import Pace
from likeness.core.seen import Frame
from likeness.edges.camera import (
    FIRST_WITHIN_S,
    NEXT_WITHIN_S,
    CameraWishes,
    Frames,
    SlotCamera,
)
from likeness.edges.quiet_cv2 import cv2
from likeness.edges.v4l2_opening import UsbWanted, judge, opened, unusable
from likeness.edges.v4l2_steady import SteadyLight
from likeness.errors import DeviceLost

log = logging.getLogger(__name__)

# A capture time further back than this is none of the monotonic clock.
STALE_S = 1.0
MJPG: Final = cv2.VideoWriter.fourcc(*"MJPG")
SLOW_FPS = 24.0  # below, a short blink may fall between two frames
RATED_AFTER = 50  # frames

Image = npt.NDArray[np.uint8]


def usb_camera(wanted: UsbWanted) -> SlotCamera:
    """Return the camera at a stable path (/dev/v4l/by-id/…); its start opens it.

    Motion JPEG is asked for, since raw pictures of this size do not fit through USB 2
    at 25 frames/s. Size and rate are wishes: the driver takes what is nearest. A lower
    rate while it runs is had by leaving frames out.
    """
    wishes = CameraWishes()
    return SlotCamera(wanted.path, partial(_captured, wanted, wishes), wishes=wishes)


def _captured(wanted: UsbWanted, wishes: CameraWishes) -> Frames:
    with opened(wanted.path) as device:
        judge(device, wanted)
        light = SteadyLight(device, wanted.path)
        # By the opened file, so that it is the very device that was judged.
        capture = cv2.VideoCapture(f"/proc/self/fd/{device}", cv2.CAP_V4L2)
        try:
            if not capture.isOpened():
                raise unusable(device, wanted.path)
            light.keep_rate()
            _set_up(capture, wanted)
            yield from _read(capture, wanted.path, wishes, light)
        finally:
            light.obey(False)  # a camera keeps what was set when nobody has it open
            capture.release()


def _set_up(capture: cv2.VideoCapture, wanted: UsbWanted) -> None:
    capture.set(cv2.CAP_PROP_FOURCC, MJPG)
    capture.set(cv2.CAP_PROP_FRAME_WIDTH, wanted.width_px)
    capture.set(cv2.CAP_PROP_FRAME_HEIGHT, wanted.height_px)
    capture.set(cv2.CAP_PROP_FPS, wanted.fps)
    packed = int(capture.get(cv2.CAP_PROP_FOURCC)) == MJPG
    if packed:
        # The bytes as they came: what OpenCV's camera makes of a JPEG that was cut
        # short is a picture whose lower part is of the one before.
        capture.set(cv2.CAP_PROP_CONVERT_RGB, 0)
    log.info(
        "event=camera_opened camera=%r width_px=%d height_px=%d fps=%g mjpeg=%s",
        wanted.path,
        capture.get(cv2.CAP_PROP_FRAME_WIDTH),
        capture.get(cv2.CAP_PROP_FRAME_HEIGHT),
        capture.get(cv2.CAP_PROP_FPS),
        packed,
    )


def _read(
    capture: cv2.VideoCapture, path: str, wishes: CameraWishes, light: SteadyLight
) -> Frames:
    packed = int(capture.get(cv2.CAP_PROP_FOURCC)) == MJPG
    numbers, pace, speed = itertools.count(), Pace(), _Speed(path)
    patience_s, last_s = FIRST_WITHIN_S, 0.0
    whole_s = time.monotonic()  # when the last picture came that was none the worse
    light.obey(wishes.steady)
    while True:
        _grab(capture, path, patience_s, is_first=not last_s)
        patience_s = NEXT_WITHIN_S
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        captured_s = capture_time(stamp_s, time.monotonic(), last_s)
        last_s = captured_s
        speed.note(captured_s)
        light.obey(wishes.steady)
        if not pace.is_due(captured_s, wishes.fps):
            continue
        if (image := _picture(capture, packed=packed)) is not None:
            whole_s = captured_s
            yield Frame(captured_s, next(numbers), image)
        elif captured_s - whole_s > NEXT_WITHIN_S:
            raise DeviceLost(f"{path}: gives broken pictures only; check its cable")


def _grab(
    capture: cv2.VideoCapture, path: str, within_s: float, *, is_first: bool
) -> None:
    """Wait for the next frame; OpenCV gives up each second, and at once on a fault."""
    give_up_s = time.monotonic() + within_s
    while True:
        asked_s = time.monotonic()
        try:
            if capture.grab():
                return
        except cv2.error:  # what it does not expect of a driver
            pass
        now_s = time.monotonic()
        if now_s - asked_s < 1 / 2 and is_first:  # no silence: a fault
            raise DeviceLost(
                f"{path}: begins no stream; end other programs that use it, or give it"
                " a USB plug of its own"
            )
        if now_s - asked_s < 1 / 2:
            raise DeviceLost(f"{path}: gives no more frames; check its cable")
        if now_s >= give_up_s - 1 / 2:
            raise DeviceLost(f"{path}: no frame for {within_s:g} s; check its cable")


def _picture(capture: cv2.VideoCapture, *, packed: bool) -> Image | None:
    """Decode the frame that was grabbed; None if it is broken, as on a bad cable.

    Where bytes are missing inside a JPEG, what follows is grey, and nobody is told.
    """
    try:
        taken, image = capture.retrieve()
        if not taken or image is None or not image.size:
            return None
        if packed:
            image = cv2.imdecode(image, cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)


def capture_time(stamp_s: float, now_s: float, last_s: float = 0.0) -> float:
    """Return the driver's time of a frame, or now if it is on another clock.

    The driver of USB cameras (uvcvideo) stamps on the monotonic clock (V4L2,
    V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC), which is also Python's; others may not. Nor does
    a time stand still or go back: `last_s` is the one before.
    """
    return stamp_s if max(now_s - STALE_S, last_s) < stamp_s <= now_s else now_s


class _Speed:
    """Says once that a camera is slower than the acts need, or that it no longer is.

    The rules see for themselves how slow the frames of a visit come, and the visitor is
    told; this is for whoever mends it.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._last_s: float | None = None
        self._steps_s: list[float] = []

    def note(self, captured_s: float) -> None:
        """Take in the time of a frame."""
        if self._last_s is not None and len(self._steps_s) < RATED_AFTER:
            self._steps_s.append(captured_s - self._last_s)
            if len(self._steps_s) == RATED_AFTER:
                self._rate()
        self._last_s = captured_s

    def _rate(self) -> None:
        fps = 1 / median(self._steps_s)
        if fps < SLOW_FPS:
            log.warning(
                "event=camera_slow camera=%r fps=%.1f needs=%g what_to_do=%r",
                self._path,
                fps,
                SLOW_FPS,
                "more light; another plug or no hub; or a camera with motion JPEG",
            )
