"""The sensor behind the stand-in, and the switches by which a test breaks it.

Exposure follows the scene's light while AeEnable stands, as an automatic does; else it
stays what it is, or was set to. What is set comes into force some frames later.
"""

import mmap
import os
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

DELAY_FRAMES = 2  # of a control; real sensors have 2 to 3
CREEP = 0.3  # of the way that exposure goes in one frame
BLUE, GREEN, RED = 60, 90, 120  # of the wall that is looked at, well exposed


@dataclass
class Switches:
    """What the test says of the world; read at each frame."""

    there: bool = True  # else there is no camera
    busy: bool = False  # another process has it
    stalled: bool = False  # started, and gives nothing
    cable_off: bool = False  # its requests come back cancelled, and no new one is taken
    padding: int = 0  # bytes after each row
    scene: float = 1.0  # light in the shop
    camera_id: str = "/base/soc/i2c0mux/i2c@1/imx708@1a"
    model: str = "imx708"
    without: tuple[str, ...] = ()  # controls that this camera has not
    made: list[Any] = field(default_factory=list)  # every manager
    starts: int = 0
    configured: list[Any] = field(default_factory=list)  # sizes of streams
    metadata: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=500))


switches = Switches()


class Sensor:
    """Fills requests at the frame rate, on a thread of its own."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {
            "AeEnable": True,
            "AwbEnable": True,
            "ExposureTime": 10_000,
            "AnalogueGain": 1.0,
            "ColourGains": (1.5, 2.0),
            "FrameDurationLimits": (33_333, 33_333),
        }
        self._coming: deque[dict[str, Any]] = deque()
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None
        self.queue: deque[Any] = deque()

    def start(self, controls: dict[str, Any], complete: Any) -> None:
        """Begin; `complete` is called with each request on our thread."""
        self._set(controls)
        self._ends.clear()
        self._thread = threading.Thread(target=self._run, args=(complete,))
        self._thread.start()

    def stop(self) -> None:
        """End; what is queued stays."""
        self._ends.set()
        if self._thread is not None:
            self._thread.join()
        self._thread = None

    def _run(self, complete: Any) -> None:
        due_s = time.monotonic()
        while not self._ends.wait(max(0.0, due_s - time.monotonic())):
            duration_s = self.state["FrameDurationLimits"][0] / 1e6
            due_s = max(due_s + duration_s, time.monotonic() - duration_s)
            if switches.stalled or not self.queue:
                continue
            request = self.queue.popleft()
            if switches.cable_off:
                complete(request, None)
                continue
            self._coming.append(request.wanted())
            if len(self._coming) > DELAY_FRAMES:
                self._set(self._coming.popleft())
            complete(request, self._shoot(request))

    def _set(self, controls: dict[str, Any]) -> None:
        """Take what is given; automatics that are switched off keep what they found."""
        self.state.update(controls)

    def _shoot(self, request: Any) -> dict[str, Any]:
        state = self.state
        wanted_us = 10_000 / switches.scene
        if state["AeEnable"]:
            exposure = state["ExposureTime"]
            state["ExposureTime"] = round(exposure + CREEP * (wanted_us - exposure))
        if state["AwbEnable"]:
            red, blue = state["ColourGains"]
            goal = 1.5 * switches.scene**0.2
            state["ColourGains"] = (red + CREEP * (goal - red), blue)
        level = state["ExposureTime"] * state["AnalogueGain"] / wanted_us
        for stream, buffer in request.buffers.items():
            stream.draw(buffer.planes[0].fd, min(2.0, level))
        stamp_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME) - 15_000_000
        told = {
            "SensorTimestamp": stamp_ns,
            "ExposureTime": state["ExposureTime"],
            "AnalogueGain": state["AnalogueGain"],
            "ColourGains": state["ColourGains"],
            "FrameDuration": state["FrameDurationLimits"][0],
        }
        switches.metadata.append(told)
        return told


def draw(fd: int, name: str, size: tuple[int, int], stride: int, level: float) -> None:
    """Write the wall into a buffer, as the format lies in memory; padding is 255."""
    width, height = size
    length = os.fstat(fd).st_size
    with mmap.mmap(fd, length) as memory:
        pixels: Any = np.frombuffer(memory, np.uint8)
        pixels[:] = 255
        if name == "RGB888":
            rows = pixels[: stride * height].reshape(height, stride)[:, : 3 * width]
            colour = np.clip(np.array([BLUE, GREEN, RED]) * level, 0, 255)
            rows[:] = np.tile(colour.astype(np.uint8), width)
        elif name == "YUV420":
            pixels[: stride * height].reshape(height, stride)[:, :width] = min(
                235, round(90 * level)
            )
            pixels[stride * height :] = 128
        del pixels
        if name == "RGB888":
            del rows
