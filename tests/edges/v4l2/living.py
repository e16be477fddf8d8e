"""What a USB camera does: the real OpenCV and our edge over the stand-in.

Not collected by itself: `test_camera_usb.py` runs it in a process that has the stand-in
before its C library.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import v4l2_standin
from camera_contract import CHECKS
from cameras import Stage
from likeness.core.seen import Frame
from likeness.edges import v4l2
from likeness.edges.camera import SlotCamera
from likeness.edges.camera_usb import usb_camera
from likeness.edges.v4l2_opening import UsbWanted
from likeness.errors import DeviceLost, DeviceRefused
from stories import story
from v4l2_standin import HEIGHT_PX, WIDTH_PX, StandIn

FAST = 120  # frames per second, where their number matters and their time does not


@pytest.fixture(autouse=True)
def standin() -> Iterator[StandIn]:
    with v4l2_standin.here() as one:
        assert one is not None, "run by test_camera_usb.py"
        yield one


@pytest.fixture
def wanted(standin: StandIn) -> UsbWanted:
    return UsbWanted(
        standin.path, WIDTH_PX, HEIGHT_PX, 30.0, strict=False, sysfs=standin.sysfs
    )


async def taken(camera: SlotCamera, count: int) -> list[Frame]:
    frames = [await camera.frame() for _ in range(count)]
    return [frame for frame in frames if frame is not None]


async def until_asked(camera: SlotCamera, standin: StandIn, *lines: str) -> None:
    """Take frames until the device was asked for something."""
    while not set(lines) <= set(standin.asked()):
        await camera.frame()


# --- the contract of every camera -----------------------------------------------------
@pytest.fixture
def stage(wanted: UsbWanted, standin: StandIn) -> Iterator[Stage]:
    standin.set(fps_max=FAST)
    device = os.open(standin.path, os.O_RDWR)
    yield Stage(
        usb_camera(replace(wanted, fps=FAST)),
        FAST,
        stall=partial(standin.set, fps_max=FAST, stall_after=0),
        vanish=partial(standin.set, gone=1),
        mend=partial(standin.set, fps_max=FAST),
        exposure=partial(v4l2.control, device, v4l2.EXPOSURE_ABSOLUTE),
        darken=lambda: None,  # what is automatic wanders here anyway
    )
    os.close(device)
    asked = standin.asked()
    assert asked.count("open") == asked.count("close")


@pytest.mark.parametrize("check", CHECKS)
def test_it_keeps_the_contract(check: str, stage: Stage) -> None:
    async def run() -> None:
        try:
            await CHECKS[check](stage)
        finally:
            await stage.camera.stop()

    asyncio.run(run())


# --- pictures -------------------------------------------------------------------------
@story
async def test_pictures_come_numbered_and_timed(wanted: UsbWanted) -> None:
    camera = usb_camera(wanted)
    began_s = time.monotonic()
    await camera.start()
    frames = await taken(camera, 10)
    await camera.stop()

    assert {frame.image.shape for frame in frames} == {(HEIGHT_PX, WIDTH_PX, 3)}
    times = [frame.captured_s for frame in frames]
    assert times == sorted(set(times))
    assert began_s < times[0]
    assert times[-1] < time.monotonic()
    numbers = [frame.number for frame in frames]
    assert camera.dropped == numbers[-1] + 1 - len(numbers)


@story
async def test_it_is_asked_for_motion_jpeg_and_keeps_its_rate(
    wanted: UsbWanted, standin: StandIn
) -> None:
    camera = usb_camera(replace(wanted, width_px=1280, height_px=720))
    standin.set(dim=1)
    await camera.start()
    await camera.stop()

    begun = standin.asked().index("stream on")
    before = standin.asked()[:begun]
    assert [line for line in before if line.startswith("format")][-1:] == [
        "format MJPG 1280x720"
    ]
    assert "control exposure_dynamic_framerate=0" in before


@story
async def test_one_without_motion_jpeg_gives_pictures_too(
    wanted: UsbWanted, standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    standin.set(mjpg=0)
    caplog.set_level(logging.INFO)
    camera = usb_camera(wanted)
    await camera.start()
    (frame,) = await taken(camera, 1)
    await camera.stop()

    assert frame.image.shape == (HEIGHT_PX, WIDTH_PX, 3)
    assert any("fps=30 mjpeg=False" in line for line in caplog.messages)


@story
async def test_times_of_another_clock_are_not_believed(
    wanted: UsbWanted, standin: StandIn
) -> None:
    for clock in ("realtime", "zero"):
        standin.set(clock=clock)
        camera = usb_camera(wanted)
        began_s = time.monotonic()
        await camera.start()
        times = [frame.captured_s for frame in await taken(camera, 3)]
        await camera.stop()
        assert times == sorted(set(times))
        assert began_s < times[0] < times[-1] < time.monotonic()


@story
async def test_pictures_that_came_broken_are_left_out(
    wanted: UsbWanted, standin: StandIn
) -> None:
    """One cut short would decode to a picture whose lower part is all the same."""
    standin.set(cut_every=3, broken_every=5, fps_max=FAST, fps=FAST)
    camera = usb_camera(wanted)
    await camera.start()
    frames = await taken(camera, 20)
    await camera.stop()

    for frame in frames:
        above, below = int(frame.image[0, 0, 0]), int(frame.image[-1, -1, 0])
        assert below - above == pytest.approx(v4l2_standin.BRIGHTER_BELOW, abs=6)


@story
async def test_nothing_but_broken_pictures_is_a_lost_camera(
    wanted: UsbWanted, standin: StandIn
) -> None:
    standin.set(broken_every=1)
    with pytest.raises(DeviceLost, match="broken pictures only; check its cable"):
        await usb_camera(wanted).start()


@story
async def test_a_slow_camera_is_told_once_each_time_it_is_opened(
    wanted: UsbWanted, standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    standin.set(dim=1, fps=20, without="exposure_dynamic_framerate")
    camera = usb_camera(wanted)
    await camera.start()
    while not any("event=camera_slow" in line for line in caplog.messages):
        await camera.frame()
    await taken(camera, 3)
    await camera.stop()

    (said,) = [line for line in caplog.messages if "event=camera_slow" in line]
    assert "needs=24 what_to_do='more light;" in said


# --- wishes ---------------------------------------------------------------------------
@story
async def test_a_lower_rate_is_had_without_a_new_stream(
    wanted: UsbWanted, standin: StandIn
) -> None:
    standin.set(fps_max=100)
    camera = usb_camera(replace(wanted, fps=100))
    camera.set_rate(20)
    await camera.start()
    slow = [frame.captured_s for frame in await taken(camera, 10)]
    camera.set_rate(None)
    quick = [frame.captured_s for frame in await taken(camera, 30)]
    await camera.stop()

    assert 0.044 < (slow[-1] - slow[0]) / 9 < 0.07
    assert min(np.diff(quick)) < 0.02
    assert camera.dropped < 40  # what was not wished for is no loss
    assert standin.asked().count("stream on") == 1


@story
async def test_exposure_and_white_balance_hold_and_go_free(
    wanted: UsbWanted, standin: StandIn
) -> None:
    camera = usb_camera(wanted)
    await camera.start()
    await taken(camera, 2)
    standin.forget()
    camera.hold(True)
    await until_asked(camera, standin, "control white_balance_automatic=0")
    first, second, third = standin.asked()
    assert first == "control auto_exposure=1"
    assert second.startswith("control exposure_time_absolute=")
    assert third == "control white_balance_automatic=0"
    standin.forget()
    camera.hold(False)
    both = ("control auto_exposure=3", "control white_balance_automatic=1")
    await until_asked(camera, standin, *both)
    await camera.stop()


@story
async def test_a_wish_from_before_the_start_is_heard(
    wanted: UsbWanted, standin: StandIn
) -> None:
    camera = usb_camera(wanted)
    camera.hold(True)
    await camera.start()
    assert "control auto_exposure=1" in standin.asked()
    await camera.stop()
    # Nobody else begins with a camera whose exposure stands.
    assert "control auto_exposure=3" in standin.asked()


@story
async def test_what_a_camera_refuses_to_hold_is_told_once(
    wanted: UsbWanted, standin: StandIn, caplog: pytest.LogCaptureFixture
) -> None:
    standin.set(refuses="auto_exposure", without="white_balance_automatic")
    camera = usb_camera(wanted)
    await camera.start()
    for steady in (True, False, True):
        camera.hold(steady)
        await taken(camera, 3)
    await camera.stop()

    said = [line for line in caplog.messages if "event=camera_not_held" in line]
    assert len(said) == 1
    assert said[0].endswith("refused=exposure,white_balance")


# --- faults ---------------------------------------------------------------------------
@story
async def test_an_unplugged_camera_is_lost_at_once_and_back_when_plugged_in(
    wanted: UsbWanted, standin: StandIn
) -> None:
    standin.set(gone_after=5)
    camera = usb_camera(wanted)
    await camera.start()
    with pytest.raises(DeviceLost, match="gives no more frames; check its cable"):
        await taken(camera, 50)
    standin.set(gone=1)
    with pytest.raises(DeviceLost, match="no such camera; plug it in") as fault:
        await camera.start()
    assert not isinstance(fault.value, DeviceRefused)
    standin.set()
    await camera.start()
    assert len(await taken(camera, 3)) == 3
    await camera.stop()


@story
async def test_a_driver_that_fails_is_a_lost_camera(
    wanted: UsbWanted, standin: StandIn
) -> None:
    standin.set(eio_after=5)
    camera = usb_camera(wanted)
    await camera.start()
    with pytest.raises(DeviceLost, match="gives no more frames"):
        await taken(camera, 50)
    await camera.stop()


@story
async def test_a_driver_that_hangs_is_not_opened_twice(
    wanted: UsbWanted, standin: StandIn
) -> None:
    standin.set(hang_after=5)
    camera = usb_camera(wanted)
    await camera.start()
    with pytest.raises(DeviceLost, match="no frame for 2 s"):
        await taken(camera, 50)
    with pytest.raises(DeviceLost, match="does not let go"):
        await camera.start()
    assert camera.stuck_since is not None
    standin.set()
    while camera.stuck_since is not None:
        await asyncio.sleep(0.01)
    await camera.start()
    assert len(await taken(camera, 3)) == 3
    await camera.stop()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"open_busy": 1}, "another program uses this camera; end it"),
        ({"busy": 1}, "another program uses this camera; end it"),
        ({"no_v4l2": 1}, "is no camera; set camera.path to one"),
        ({"caps": 0x04A00000}, "gives no pictures; set camera.path to its other entry"),
    ],
)
def test_what_stands_in_the_way_is_named(
    wanted: UsbWanted, standin: StandIn, settings: dict[str, int], says: str
) -> None:
    standin.set(**settings)
    with pytest.raises(DeviceRefused, match=says):
        asyncio.run(usb_camera(wanted).start())


def test_one_that_begins_no_stream_is_lost(wanted: UsbWanted, standin: StandIn) -> None:
    standin.set(stream_busy=1)
    with pytest.raises(DeviceLost, match="begins no stream; end other programs"):
        asyncio.run(usb_camera(wanted).start())


# --- who is believed ------------------------------------------------------------------
@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"driver": "v4l2 loopback", "bus": "platform:v4l2loopback-000"}, "v4l2 loopb"),
        ({"card": "OBS Virtual Camera"}, "is a virtual camera"),
        ({"driver": "bm2835 mmal"}, "is no USB camera: its driver is 'bm2835 mmal'"),
        ({"card": "HDMI Video Capture"}, "takes the picture of another device"),
    ],
)
def test_production_takes_a_real_camera_only(
    wanted: UsbWanted,
    standin: StandIn,
    caplog: pytest.LogCaptureFixture,
    settings: dict[str, str],
    says: str,
) -> None:
    standin.set(**settings)
    with pytest.raises(DeviceRefused, match=says):
        asyncio.run(usb_camera(replace(wanted, strict=True)).start())
    assert "stream on" not in standin.asked()
    asyncio.run(open_once(wanted))
    (said,) = [one for one in caplog.messages if "event=camera_not_believed" in one]
    assert says.partition("'")[0] in said


async def open_once(wanted: UsbWanted) -> None:
    camera = usb_camera(wanted)
    await camera.start()
    await camera.stop()


def test_a_node_without_a_device_is_refused_in_production(
    wanted: UsbWanted, tmp_path: Path
) -> None:
    """Whatever its driver calls itself."""
    v4l2_standin.conjure(tmp_path)
    with pytest.raises(DeviceRefused, match="no physical device is behind it"):
        asyncio.run(usb_camera(replace(wanted, strict=True, sysfs=tmp_path)).start())


def test_a_believed_camera_opens_in_production(wanted: UsbWanted) -> None:
    asyncio.run(open_once(replace(wanted, strict=True)))


@pytest.mark.parametrize("identity", ["046d:0825", "046d:0825:8A5F31C0"])
def test_the_camera_that_is_demanded_opens(wanted: UsbWanted, identity: str) -> None:
    asyncio.run(open_once(replace(wanted, identity=identity)))


@pytest.mark.parametrize(
    ("identity", "says"),
    [
        ("046d:0825:9", "is another camera of that model"),
        ("046d:0826", "is 046d:0825, and camera.identity demands 046d:0826"),
    ],
)
def test_another_camera_is_refused_in_every_environment(
    wanted: UsbWanted, identity: str, says: str
) -> None:
    with pytest.raises(DeviceRefused, match=says):
        asyncio.run(usb_camera(replace(wanted, identity=identity)).start())
