"""Our adapter and the real picamera2 over a stand-in for libcamera: on no Pi so far."""

import asyncio
import gc
import importlib.util
import logging
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import real_picamera2
from likeness.core.seen import Frame
from likeness.edges import camera_pi
from likeness.edges.camera import SlotCamera
from likeness.edges.camera_pi import pi_camera
from likeness.errors import ConfigError, DeviceLost, DeviceRefused


@pytest.fixture
def sensor() -> Iterator[Any]:
    """The stand-in's switches."""
    yield from real_picamera2.sensor()


needs_picamera2 = pytest.mark.picamera2


@asynccontextmanager
async def started(
    width_px: int = 1280, height_px: int = 720, fps: float = 100.0
) -> AsyncIterator[SlotCamera]:
    camera = pi_camera(width_px, height_px, fps)
    await camera.start()
    try:
        yield camera
    finally:
        await camera.stop()


async def newest(camera: SlotCamera) -> Frame:
    frame = await camera.frame()
    assert frame is not None
    return frame


def test_without_picamera2_the_configuration_is_wrong(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ConfigError, match="apt install python3-picamera2"):
        pi_camera(1280, 720, 30.0)


@needs_picamera2
@pytest.mark.parametrize("padding", [0, 64])
def test_both_pictures_show_the_same_in_the_right_colours(
    sensor: Any, padding: int
) -> None:
    sensor.padding = padding

    async def run() -> None:
        async with started() as camera:
            frame = await newest(camera)
        assert frame.image.shape == (720, 1280, 3)
        assert frame.small.shape == (270, 480, 3)
        assert frame.image[0, 0].tolist() == [60, 90, 120]  # blue, green, red
        assert (frame.image == frame.image[0, 0]).all()  # and nothing of the padding
        assert (frame.small == frame.small[0, 0]).all()

    asyncio.run(run())
    formats = [name for name, _ in sensor.configured[-1]]
    assert formats[:2] == ["RGB888", "YUV420"]


@needs_picamera2
def test_a_picture_that_is_small_anyway_comes_alone(sensor: Any) -> None:
    async def run() -> None:
        async with started(480, 360) as camera:
            assert (await newest(camera)).small is None

    asyncio.run(run())


@needs_picamera2
def test_another_size_is_another_start(sensor: Any) -> None:
    async def run() -> None:
        for width, height in ((1280, 720), (640, 480)):
            async with started(width, height) as camera:
                assert (await newest(camera)).image.shape == (height, width, 3)

    asyncio.run(run())
    assert sensor.starts == 2


@needs_picamera2
def test_held_exposure_and_colours_stay_when_the_light_changes(sensor: Any) -> None:
    async def run() -> None:
        async with started() as camera:
            await newest(camera)
            camera.hold(True)
            for _ in range(20):  # until it is in force
                last = await newest(camera)
            sensor.scene = 0.25
            held = sensor.metadata[-1]
            for _ in range(20):
                frame = await newest(camera)
            now = sensor.metadata[-1]
            for name in ("ExposureTime", "AnalogueGain", "ColourGains"):
                assert now[name] == held[name]
            assert frame.image.mean() < 0.5 * last.image.mean()
            camera.hold(False)
            for _ in range(60):
                frame = await newest(camera)
            assert sensor.metadata[-1]["ExposureTime"] > 2 * held["ExposureTime"]
            assert frame.image.mean() == pytest.approx(last.image.mean(), rel=0.1)

    asyncio.run(run())


@needs_picamera2
def test_another_rate_needs_no_other_start(sensor: Any) -> None:
    async def run() -> None:
        async with started(fps=100) as camera:
            for fps, duration_us in ((50.0, 20_000), (None, 10_000)):
                camera.set_rate(fps)
                while sensor.metadata[-1]["FrameDuration"] != duration_us:
                    await newest(camera)
            camera.set_rate(25.0)
            await camera.stop()
            await camera.start()  # wishes hold over a start
            await newest(camera)
            assert sensor.metadata[-1]["FrameDuration"] == 40_000

    asyncio.run(run())
    assert sensor.starts == 2


@needs_picamera2
def test_a_camera_without_a_control_goes_on_and_says_so(
    sensor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sensor.without = ("AwbEnable",)

    async def run() -> None:
        async with started() as camera:
            camera.hold(True)
            for _ in range(5):
                await newest(camera)

    with caplog.at_level(logging.WARNING):
        asyncio.run(run())
    assert caplog.text.count("event=camera_control_refused") == 1
    assert "AwbEnable" in caplog.text


@needs_picamera2
def test_a_pi_without_a_camera_says_what_to_check_and_finds_it_later(
    sensor: Any,
) -> None:
    sensor.there = False

    async def run() -> None:
        camera = pi_camera(1280, 720, 100)
        with pytest.raises(DeviceLost, match="rpicam-hello --list-cameras"):
            await camera.start()
        sensor.there = True
        await camera.start()
        await newest(camera)
        await camera.stop()

    asyncio.run(run())


@needs_picamera2
def test_a_camera_in_use_is_refused_and_leaves_nothing_open(sensor: Any) -> None:
    sensor.busy = True

    async def run() -> None:
        camera = pi_camera(1280, 720, 100)
        before = 0
        for turn in range(8):
            with pytest.raises(DeviceRefused, match="end the other program"):
                await camera.start()
            gc.collect()
            now = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
            assert turn < 2 or now <= before
            before = now
        sensor.busy = False
        await camera.start()
        await camera.stop()

    asyncio.run(run())


@needs_picamera2
@pytest.mark.parametrize(
    ("camera_id", "model"),
    [
        ("platform/vimc.0 Sensor B", "Sensor B"),
        ("/base/soc/usb@7e980000/uvc", "uvc"),
        ("/base/soc/i2c0mux/i2c@1/tc358743@f", "tc358743"),
    ],
)
def test_what_may_be_no_lens_is_refused_in_production(
    sensor: Any, camera_id: str, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    sensor.camera_id, sensor.model = camera_id, model

    async def run() -> None:
        with pytest.raises(DeviceRefused, match="use a camera of the Pi's own"):
            await pi_camera(1280, 720, 100, strict=True).start()
        async with started() as camera:
            await newest(camera)

    asyncio.run(run())
    assert "event=camera_doubtful" in caplog.text


@needs_picamera2
def test_a_cable_that_comes_off_is_a_lost_device(
    sensor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(camera_pi, "NEXT_WITHIN_S", 0.1)
    monkeypatch.setattr(camera_pi, "FIRST_WITHIN_S", 0.5)

    async def run() -> None:
        async with started() as camera:
            await newest(camera)
            sensor.cable_off = True
            with pytest.raises(DeviceLost, match="gives no frames"):
                while True:
                    await newest(camera)
            await camera.stop()
            with pytest.raises(DeviceLost, match="Remote I/O error"):
                await camera.start()
            sensor.cable_off = False
            await camera.start()
            await newest(camera)

    asyncio.run(run())
