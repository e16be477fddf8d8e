import asyncio
from pathlib import Path

import pytest

from likeness.edges.camera_usb import capture_time, usb_camera
from likeness.errors import DeviceLost, DeviceRefused


def start(path: str) -> None:
    asyncio.run(usb_camera(path, 1280, 720, 30.0).start())


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
