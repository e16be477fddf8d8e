"""What Linux tells of a video device, read from trees made like /sys."""

import struct
from pathlib import Path

import pytest

import v4l2_standin
from likeness.core.camera_identity import usb_refusal
from likeness.edges import v4l2
from likeness.edges.camera_identity import found as found_at
from likeness.edges.camera_identity import identified


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device that is opened stands at 81:0 here."""
    monkeypatch.setattr(v4l2, "number", lambda _device: "81:0")


SAID = v4l2.Capability("uvcvideo", "A camera", "usb-3f980000.usb-1", True)


@pytest.mark.usefixtures("here")
def test_a_plugged_in_camera_is_known_by_its_device(tmp_path: Path) -> None:
    v4l2_standin.plug(tmp_path)
    found = identified(0, SAID, tmp_path)

    assert found.place == "devices/platform/soc/3f980000.usb/usb1/1-1/1-1:1.0"
    assert found.hosts == ("uvcvideo", "usb", "usb")
    assert found.identity == "046d:0825:8A5F31C0"
    assert usb_refusal(found) is None


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("host", ["platform/dummy_hcd.0", "platform/vhci_hcd.0"])
def test_a_usb_of_software_is_seen(tmp_path: Path, host: str) -> None:
    v4l2_standin.plug(tmp_path, host=host)
    assert "is no plugged-in camera" in (
        usb_refusal(identified(0, SAID, tmp_path)) or ""
    )


@pytest.mark.usefixtures("here")
def test_a_node_that_nothing_is_behind_is_seen(tmp_path: Path) -> None:
    v4l2_standin.conjure(tmp_path)
    found = identified(0, SAID, tmp_path)
    assert found.place == "devices/virtual/video4linux/video0"
    assert "no physical device" in (usb_refusal(found) or "")


@pytest.mark.usefixtures("here")
def test_a_device_of_which_linux_knows_nothing_is_not_believed(tmp_path: Path) -> None:
    assert usb_refusal(identified(0, SAID, tmp_path)) is not None


@pytest.mark.usefixtures("here")
def test_what_a_device_calls_itself_steers_no_terminal(tmp_path: Path) -> None:
    v4l2_standin.plug(tmp_path)
    serial = tmp_path / "devices/platform/soc/3f980000.usb/usb1/1-1/serial"
    serial.write_bytes(b"\x1b[31mA\xff\n")
    assert identified(0, SAID, tmp_path).serial == "[31mA\ufffd"


def test_the_model_is_told_without_opening(tmp_path: Path) -> None:
    v4l2_standin.plug(tmp_path)
    found = found_at("/dev/video0", tmp_path)
    assert found is not None
    assert found.model == "uvcvideo 046d:0825"
    assert found_at("/dev/video7", tmp_path) is None


def test_the_shapes_are_those_of_the_header() -> None:
    """As `sizeof` says of struct v4l2_capability, v4l2_control on 64 bits."""
    assert v4l2.CAPABILITY.size == 104
    assert v4l2.CONTROL.size == struct.calcsize("=Ii") == 8
    assert [request >> 16 & 0x3FFF for request in (v4l2.QUERYCAP, v4l2.S_FMT)] == [
        v4l2.CAPABILITY.size,
        v4l2.FORMAT_BYTES,
    ]
