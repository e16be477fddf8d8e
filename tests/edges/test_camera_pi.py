"""The adapter against a fake picamera2, made from its manual; no Pi has run it."""

import asyncio
import importlib.machinery
import importlib.util
import sys
import time
import types
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from likeness.edges.camera_pi import pi_camera
from likeness.errors import ConfigError, DeviceLost


class FakeRequest:
    """One completed request; it must be given back."""

    def __init__(self, camera: "FakePicamera2") -> None:
        self._camera = camera
        self.stamp_ns = time.clock_gettime_ns(time.CLOCK_BOOTTIME)

    def make_array(self, name: str) -> npt.NDArray[np.uint8]:
        assert name == "main"
        width, height = self._camera.configuration["main"]["size"]
        return np.zeros((height, width, 3), np.uint8)

    def get_metadata(self) -> dict[str, int]:
        return {"SensorTimestamp": self.stamp_ns}

    def release(self) -> None:
        self._camera.lent -= 1


class FakePicamera2:
    """As much of Picamera2 as is used; remembers what was done to it."""

    made: "list[FakePicamera2]"
    breaks_after = 1000

    def __init__(self) -> None:
        self.configuration: dict[str, Any] = {}
        self.lent = self.given = 0
        self.started = self.closed = False
        FakePicamera2.made.append(self)

    def create_video_configuration(self, **wishes: Any) -> dict[str, Any]:
        return wishes

    def configure(self, configuration: dict[str, Any]) -> None:
        self.configuration = configuration

    def start(self) -> None:
        self.started = True

    def capture_request(self) -> FakeRequest:
        assert self.started
        if self.given >= self.breaks_after:
            raise RuntimeError("Failed to queue request")
        time.sleep(0.005)
        self.given += 1
        self.lent += 1
        return FakeRequest(self)

    def close(self) -> None:
        self.closed = True


class NoCamera(FakePicamera2):
    """Picamera2 on a Pi without a camera."""

    def __init__(self) -> None:
        raise IndexError("list index out of range")


class BreakingCamera(FakePicamera2):
    """A ribbon cable that comes off."""

    breaks_after = 1


def install(monkeypatch: pytest.MonkeyPatch, camera: type[FakePicamera2]) -> None:
    FakePicamera2.made = []
    module = types.ModuleType("picamera2")
    module.__spec__ = importlib.machinery.ModuleSpec("picamera2", None)
    vars(module)["Picamera2"] = camera
    monkeypatch.setitem(sys.modules, "picamera2", module)


def test_without_picamera2_the_configuration_is_wrong() -> None:
    if importlib.util.find_spec("picamera2"):
        pytest.skip("picamera2 is installed here")
    with pytest.raises(ConfigError, match="apt install python3-picamera2"):
        pi_camera(1280, 720, 30.0)


def test_frames_carry_the_sensors_time_on_the_monotonic_clock(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, FakePicamera2)

    async def run() -> None:
        camera = pi_camera(64, 48, 30.0)
        before = time.monotonic()
        await camera.start()
        frame = await camera.frame()
        after = time.monotonic()
        await camera.stop()
        assert frame is not None
        assert frame.image.shape == (48, 64, 3)
        assert before - 0.001 <= frame.captured_s <= after + 0.001

    asyncio.run(run())

    (device,) = FakePicamera2.made
    assert device.configuration["main"] == {"size": (64, 48), "format": "RGB888"}
    assert device.configuration["controls"] == {"FrameRate": 30.0}
    assert device.closed
    assert device.lent == 0


def test_a_pi_without_a_camera_says_what_to_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, NoCamera)

    with pytest.raises(DeviceLost, match="rpicam-hello --list-cameras"):
        asyncio.run(pi_camera(64, 48, 30.0).start())


def test_a_cable_that_comes_off_is_a_lost_device(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    install(monkeypatch, BreakingCamera)

    async def run() -> None:
        camera = pi_camera(64, 48, 30.0)
        await camera.start()
        assert await camera.frame() is not None
        with pytest.raises(DeviceLost, match="no more frames"):
            await camera.frame()
        await camera.stop()

    asyncio.run(run())

    assert FakePicamera2.made[0].closed
