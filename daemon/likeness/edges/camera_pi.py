"""The Raspberry Pi's own camera, through picamera2.

Tested with the real picamera2 over a stand-in for libcamera; never run on hardware so
far. Two pictures come of each exposure: `main` for vision, and `lores`, made by the
Pi's own scaler, for the page. Leaves to others: the newest-frame slot, when to open it
again, which cameras are believed (core/camera_identity.py).
"""

import importlib.util
import itertools
import logging
import os
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError as JobTimeoutError
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from likeness.core.camera_identity import libcamera_refusal
from likeness.core.seen import Frame
from likeness.edges.camera import CameraWishes, Frames, SlotCamera
from likeness.edges.quiet_cv2 import cv2
from likeness.errors import ConfigError, DeviceLost, DeviceRefused

log = logging.getLogger(__name__)

NAME = "Pi camera"
BUFFERS = 4  # fewer and the sensor waits for us (picamera2 manual, 4.2.1.3)
NS = 1_000_000_000
SMALL_WIDTH_PX = 480  # as wide as the page draws it
# The pipeline is put together before the first; then we give up before the slot does
# (edges/camera.py), so that the device is free again when it is to be started anew.
FIRST_WITHIN_S = 5.0
NEXT_WITHIN_S = 1.5


@dataclass(frozen=True, slots=True)
class PiWanted:
    """What is asked of the camera; `strict` refuses one that may be no lens."""

    width_px: int
    height_px: int
    fps: float
    strict: bool = False

    @property
    def small(self) -> tuple[int, int] | None:
        """Return the size of the page's picture; None: the whole one is small."""
        if self.width_px <= SMALL_WIDTH_PX:
            return None
        height = self.height_px * SMALL_WIDTH_PX / self.width_px
        return SMALL_WIDTH_PX, 2 * round(height / 2)


def pi_camera(
    width_px: int, height_px: int, fps: float, *, strict: bool = False
) -> SlotCamera:
    """Return the first camera of this Pi; its start opens it.

    Args:
        width_px: of the whole picture.
        height_px: of the whole picture.
        fps: while nothing else is wished.
        strict: refuse one that may be no lens (production), not only tell of it.

    Raises:
        ConfigError: picamera2 is not installed.
    """
    if importlib.util.find_spec("picamera2") is None:
        raise ConfigError(
            "camera.source 'picamera2' needs picamera2: apt install"
            " python3-picamera2, and a virtual environment made with"
            " --system-site-packages; or set camera.source to 'usb'"
        )
    wishes = CameraWishes()
    wanted = PiWanted(width_px, height_px, fps, strict)
    return SlotCamera(NAME, partial(_captured, wanted, wishes), wishes=wishes)


def _captured(wanted: PiWanted, wishes: CameraWishes) -> Frames:
    with _opened(wanted) as camera:
        try:
            camera.configure(_configuration(camera, wanted, wishes))
            camera.start()
            yield from _taken(camera, wanted, wishes)
        except JobTimeoutError as problem:
            camera.cancel_all_and_flush()  # as its documentation has it
            raise DeviceLost(
                f"{NAME}: gives no frames; check its ribbon cable"
            ) from problem
        except (OSError, RuntimeError) as problem:  # what libcamera raises
            raise DeviceLost(f"{NAME}: gives no more frames: {problem}") from problem


@contextmanager
def _opened(wanted: PiWanted) -> Iterator[Any]:
    """Open the first camera and close it again.

    Raises:
        DeviceLost: there is none.
        DeviceRefused: another program has it, or it may be no lens.
    """
    from picamera2 import Picamera2  # noqa: PLC0415 - only on a Pi

    there = Picamera2.global_camera_info()
    if not there:
        # libcamera looks for cameras once, when its manager is made.
        Picamera2._cm.reset()
        there = Picamera2.global_camera_info()
    if not there:
        raise DeviceLost(
            f"{NAME}: none was found; check its ribbon cable with"
            " 'rpicam-hello --list-cameras'"
        )
    _judge(there[0]["Id"], there[0]["Model"], strict=wanted.strict)
    camera = Picamera2.__new__(Picamera2)
    try:
        camera.__init__()  # in two steps: a failed one leaves its pipe open
    except (IndexError, RuntimeError) as problem:
        camera.notifymeread.close()
        os.close(camera.notifyme_w)
        raise DeviceRefused(
            f"{NAME}: cannot be opened; end the other program that uses it"
        ) from problem
    try:
        yield camera
    finally:
        camera.close()


def _judge(camera_id: str, model: str, *, strict: bool) -> None:
    refusal = libcamera_refusal(camera_id, model)
    if refusal is None:
        return
    if strict:
        raise DeviceRefused(f"{NAME}: {refusal}; use a camera of the Pi's own")
    log.warning("event=camera_doubtful why=%r", refusal)


def _configuration(camera: Any, wanted: PiWanted, wishes: CameraWishes) -> Any:
    small = wanted.small
    return camera.create_video_configuration(
        # "RGB888" lies in memory as blue, green, red: what OpenCV calls BGR.
        main={"size": (wanted.width_px, wanted.height_px), "format": "RGB888"},
        # YUV is what every model of the Pi can give here.
        lores={"size": small, "format": "YUV420"} if small else None,
        controls={"FrameRate": wishes.fps or wanted.fps},
        buffer_count=BUFFERS,
    )


def _taken(camera: Any, wanted: PiWanted, wishes: CameraWishes) -> Frames:
    knobs = Knobs(camera, wanted.fps, wishes)
    for number in itertools.count():
        request = camera.capture_request(
            wait=NEXT_WITHIN_S if number else FIRST_WITHIN_S
        )
        try:
            image = request.make_array("main")
            small = request.make_array("lores") if wanted.small else None
            told = request.get_metadata()
        finally:
            request.release()
        knobs.turn(told)
        if small is not None:
            # Rows may be padded: the colour planes too, so convert and then cut.
            small = cv2.cvtColor(small, cv2.COLOR_YUV2BGR_I420)[:, :SMALL_WIDTH_PX]
        yield Frame(_monotonic_s(told["SensorTimestamp"]), number, image, small)


class Knobs:
    """Turns wishes into controls, which come into force with some later frame.

    Args:
        camera: a started Picamera2.
        fps: the configured rate.
        wishes: what is wished for.
    """

    def __init__(self, camera: Any, fps: float, wishes: CameraWishes) -> None:
        self._camera = camera
        self._configured_fps = fps
        self._wishes = wishes
        self._fps = wishes.fps or fps
        self._steady = False

    def turn(self, told: dict[str, Any]) -> None:
        """Set what is wished for and not set yet.

        Args:
            told: metadata of the newest frame.
        """
        fps = self._wishes.fps or self._configured_fps
        if fps != self._fps:
            self._fps = fps
            self._set({"FrameRate": fps})  # picamera2's name for FrameDurationLimits
        if self._wishes.steady != self._steady:
            self._steady = self._wishes.steady
            self._set(_as_it_is(told) if self._steady else _free())

    def _set(self, controls: dict[str, Any]) -> None:
        try:
            self._camera.set_controls(controls)
        except RuntimeError as problem:
            log.warning("event=camera_control_refused why=%r", str(problem))


def _as_it_is(told: dict[str, Any]) -> dict[str, Any]:
    """Return the controls that keep exposure and colours as a frame had them."""
    kept = ("ExposureTime", "AnalogueGain", "ColourGains")
    return {
        "AeEnable": False,
        "AwbEnable": False,
        **{name: told[name] for name in kept if name in told},
    }


def _free() -> dict[str, Any]:
    """Return the controls that let them follow the scene; 0: not set by hand."""
    return {
        "ExposureTime": 0,
        "AnalogueGain": 0.0,
        "AeEnable": True,
        "AwbEnable": True,
    }


def _monotonic_s(boot_ns: int) -> float:
    """Move a SensorTimestamp (libcamera: the first row's exposure, since boot)."""
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return (boot_ns - asleep_ns) / NS
