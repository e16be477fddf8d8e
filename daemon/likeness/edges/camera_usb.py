"""A USB camera through Video4Linux (V4L2), by OpenCV. Never run on hardware so far.

Leaves to others: the newest-frame slot, and when to open it again.
"""

import errno
import itertools
import os
import stat
import time
from functools import partial
from pathlib import Path

from likeness.core.seen import Frame
from likeness.edges.camera import Frames, SlotCamera
from likeness.edges.quiet_cv2 import cv2
from likeness.errors import DeviceLost, DeviceRefused

# A capture time further back than this is none of the monotonic clock.
STALE_S = 1.0
V4L2_MAJOR = 81  # Linux, admin-guide/devices.txt


def usb_camera(path: str, width_px: int, height_px: int, fps: float) -> SlotCamera:
    """Return the camera at a stable path (/dev/v4l/by-id/…); its start opens it.

    Motion JPEG is asked for, since raw pictures of this size do not fit through USB 2
    at 25 frames/s. Size and rate are wishes: the driver takes what is nearest.
    """
    return SlotCamera(path, partial(_captured, path, width_px, height_px, fps))


def _captured(path: str, width_px: int, height_px: int, fps: float) -> Frames:
    _check(path)
    capture = cv2.VideoCapture(path, cv2.CAP_V4L2)
    try:
        if not capture.isOpened():
            raise DeviceRefused(f"{path}: is no camera that gives pictures")
        capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        capture.set(cv2.CAP_PROP_FRAME_WIDTH, width_px)
        capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height_px)
        capture.set(cv2.CAP_PROP_FPS, fps)
        yield from _read(capture, path)
    finally:
        capture.release()


def _read(capture: cv2.VideoCapture, path: str) -> Frames:
    for number in itertools.count():
        try:
            taken, image = capture.read()
        except cv2.error:  # half a picture, when it is pulled out
            taken = False
        if not taken:
            raise DeviceLost(f"{path}: gives no more frames; check its cable")
        stamp_s = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        yield Frame(capture_time(stamp_s, time.monotonic()), number, image)


def capture_time(stamp_s: float, now_s: float) -> float:
    """Return the driver's time of a frame, or now if it is on another clock.

    The driver of USB cameras (uvcvideo) stamps on the monotonic clock (V4L2,
    V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC), which is also Python's; others may not.
    """
    return stamp_s if now_s - STALE_S <= stamp_s <= now_s else now_s


def _check(path: str) -> None:
    """Say why a device cannot be opened; OpenCV would only say no.

    Raises:
        DeviceRefused: it is there, but not for us, or it is no camera.
        DeviceLost: it is not there.
    """
    try:
        status = Path(path).stat()
        if not (
            stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == V4L2_MAJOR
        ):
            raise DeviceRefused(f"{path}: is no camera; set camera.path to one")
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EPERM):
            text = f"{path}: no permission; add this user to the group 'video'"
            raise DeviceRefused(text) from problem
        if problem.errno == errno.EBUSY:
            text = f"{path}: another program uses this camera; end it"
            raise DeviceRefused(text) from problem
        text = f"{path}: no such camera; plug it in or set camera.path"
        raise DeviceLost(text) from problem
