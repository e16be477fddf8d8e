"""Every kind of camera that must keep the contract (camera_contract.py), by its name.

Each is opened by a generator: it gives a `Stage`, and tidies up after the test.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

import real_picamera2
from likeness.edges import camera_pi
from likeness.edges.camera import SlotCamera
from likeness.edges.recorded import LiveFeed


def _cannot() -> None:
    raise NotImplementedError


@dataclass
class Stage:
    """One camera and what can be done to its device; None: it cannot be done."""

    camera: SlotCamera
    fps: float
    stall: Callable[[], None] | None = None  # gives nothing from now on
    mend: Callable[[], None] = _cannot  # all is well again
    vanish: Callable[[], None] | None = None  # the device is gone
    rate: Callable[[], float] | None = None  # what the device gives now, per second
    exposure: Callable[[], Any] | None = None  # what the device exposes with now
    darken: Callable[[], None] = _cannot  # the scene has less light from now on


Opener = Callable[[Path], Iterator[Stage]]


def picamera2(folder: Path) -> Iterator[Stage]:
    """The Pi's own, over the real picamera2 and a stand-in for libcamera."""
    del folder
    with _quick(), contextmanager(real_picamera2.sensor)() as sensor:

        def switch(**given: Any) -> Callable[[], None]:
            return lambda: vars(sensor).update(given)

        yield Stage(
            camera_pi.pi_camera(640, 480, 100.0),
            100.0,
            stall=switch(stalled=True),
            vanish=switch(cable_off=True),
            mend=switch(stalled=False, cable_off=False, there=True),
            rate=lambda: 1e6 / sensor.metadata[-1]["FrameDuration"],
            exposure=lambda: (
                sensor.metadata[-1]["ExposureTime"],
                sensor.metadata[-1]["ColourGains"],
            ),
            darken=switch(scene=0.25),
        )


def feed(folder: Path) -> Iterator[Stage]:
    """A recording played as a camera, forth and back."""
    for number in range(8):
        image = np.full((24, 32, 3), 20 * number, np.uint8)
        cv2.imwrite(str(folder / f"{number:03}.png"), image)
    yield Stage(LiveFeed(folder, fps=100.0, start_s=0.0, loop=True), 100.0)


@contextmanager
def _quick() -> Iterator[None]:
    """Notice a stall of the stand-in at once: it gives a hundred frames a second."""
    kept = camera_pi.FIRST_WITHIN_S, camera_pi.NEXT_WITHIN_S
    camera_pi.FIRST_WITHIN_S, camera_pi.NEXT_WITHIN_S = 1.0, 0.3
    try:
        yield
    finally:
        camera_pi.FIRST_WITHIN_S, camera_pi.NEXT_WITHIN_S = kept


# Each with the marker of what it needs; a camera that needs a process of its own calls
# camera_contract.CHECKS there.
CAMERAS: dict[str, Opener] = {"picamera2": picamera2, "feed": feed}
