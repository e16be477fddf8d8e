"""A USB camera: what needs no camera, and what runs over a stand-in for V4L2."""

import asyncio
import re
from pathlib import Path

import pytest

import v4l2_standin
from likeness.edges.camera_usb import capture_time, usb_camera
from likeness.edges.v4l2_opening import UsbWanted
from likeness.errors import DeviceLost, DeviceRefused


def start(path: str) -> None:
    asyncio.run(usb_camera(UsbWanted(path, 1280, 720, 30.0)).start())


@pytest.mark.gcc
def test_it_is_a_camera_over_the_stand_in(tmp_path: Path) -> None:
    """All of `v4l2/living.py`, in a process that has the stand-in before its libc."""
    library = v4l2_standin.build(tmp_path)
    ran = v4l2_standin.run_pytest(library, tmp_path, "tests/edges/v4l2/living.py")

    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = re.search(r"(\d+) passed", ran.stdout)
    assert passed
    assert int(passed[1]) >= 37


def test_a_camera_that_is_not_there_is_lost(tmp_path: Path) -> None:
    with pytest.raises(DeviceLost, match="no such camera; plug it in") as fault:
        start(str(tmp_path / "usb-camera"))

    assert not isinstance(fault.value, DeviceRefused)


def test_what_is_no_camera_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"")
    for path in (str(file), str(tmp_path), "/dev/null"):
        with pytest.raises(DeviceRefused, match=f"{path}: is no camera"):
            start(path)

    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("stamp_s", "expected_s"),
    [
        (99.97, 99.97),  # the driver's time, 30 ms ago
        (0.0, 100.0),  # no time at all
        (1.7e9, 100.0),  # wall time
        (98.5, 100.0),  # too old to be believed
        (100.1, 100.0),  # from the future
    ],
)
def test_the_drivers_time_is_taken_if_it_is_plausible(
    stamp_s: float, expected_s: float
) -> None:
    assert capture_time(stamp_s, now_s=100.0) == expected_s


def test_time_stands_still_for_no_driver() -> None:
    assert capture_time(99.97, now_s=100.0, last_s=99.97) == 100.0
