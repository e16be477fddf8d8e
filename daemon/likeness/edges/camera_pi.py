"""The Raspberry Pi's own camera, through picamera2. Never run on hardware so far.

Leaves to others: the newest-frame slot, and when to open it again.
"""

import importlib.util
import itertools
import time
from functools import partial

from likeness.core.seen import Frame
from likeness.edges.camera import Frames, SlotCamera
from likeness.errors import ConfigError, DeviceLost

NAME = "Pi camera"
BUFFERS = 4  # fewer and the sensor waits for us (picamera2 manual, 4.2.1.3)
NS = 1_000_000_000


def pi_camera(width_px: int, height_px: int, fps: float) -> SlotCamera:
    """Return the first camera of this Pi; its start opens it.

    Raises:
        ConfigError: picamera2 is not installed.
    """
    if importlib.util.find_spec("picamera2") is None:
        raise ConfigError(
            "camera.source 'picamera2' needs picamera2: apt install"
            " python3-picamera2, and a virtual environment made with"
            " --system-site-packages; or set camera.source to 'usb'"
        )
    return SlotCamera(NAME, partial(_captured, width_px, height_px, fps))


def _captured(width_px: int, height_px: int, fps: float) -> Frames:
    from picamera2 import Picamera2  # noqa: PLC0415 - only on a Pi

    try:
        camera = Picamera2()
    except (IndexError, RuntimeError) as problem:  # none there; another program has it
        raise DeviceLost(
            f"{NAME}: cannot be opened; check its ribbon cable with"
            " 'rpicam-hello --list-cameras', and that no other program uses it"
        ) from problem
    try:
        # "RGB888" lies in memory as blue, green, red: what OpenCV calls BGR.
        camera.configure(
            camera.create_video_configuration(
                main={"size": (width_px, height_px), "format": "RGB888"},
                controls={"FrameRate": fps},
                buffer_count=BUFFERS,
            )
        )
        camera.start()
        for number in itertools.count():
            request = camera.capture_request()
            try:
                image = request.make_array("main")
                stamp_ns = request.get_metadata()["SensorTimestamp"]
            finally:
                request.release()
            yield Frame(_monotonic_s(stamp_ns), number, image)
    except (OSError, RuntimeError) as problem:  # what libcamera raises
        raise DeviceLost(f"{NAME}: gives no more frames: {problem}") from problem
    finally:
        camera.close()


def _monotonic_s(boot_ns: int) -> float:
    """Move a SensorTimestamp (libcamera: the first row's exposure, since boot)."""
    asleep_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - time.monotonic_ns()
    return (boot_ns - asleep_ns) / NS
