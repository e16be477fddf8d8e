"""Who is believed to be a camera: a table of what devices say of themselves."""

import re

import pytest

from likeness.core.camera_identity import (
    UsbCamera,
    identity_refusal,
    libcamera_refusal,
    usb_refusal,
)

PI_USB = "devices/platform/scb/fd500000.pcie/pci0000:00/0000:01:00.0/usb1/1-1/1-1.2"
REAL = UsbCamera(
    driver="uvcvideo",
    card="HD Webcam C525",
    bus="usb-0000:01:00.0-1.2",
    place=f"{PI_USB}/1-1.2:1.0",
    hosts=("uvcvideo", "usb", "usb", "xhci_hcd", "pcieport"),
    usb_id="046d:0826",
    serial="8A5F31C0",
)


def like(**changes: object) -> UsbCamera:
    return UsbCamera(**{name: getattr(REAL, name) for name in REAL.__slots__} | changes)


@pytest.mark.parametrize(
    "card",
    [
        "HD Webcam C525",
        "UVC Camera (046d:0825)",
        "UV Camera",  # not "vcam"
        "USB 2.0 Camera: USB Camera",
        "Arducam_12MP: Arducam_12MP",
        "",
    ],
)
def test_a_real_usb_camera_is_believed(card: str) -> None:
    assert usb_refusal(like(card=card)) is None


LOOPBACK = {"place": "devices/virtual/video4linux/video0", "hosts": (), "usb_id": ""}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        # driver and bus as these drivers give them
        ({"driver": "v4l2 loopback", **LOOPBACK}, "a virtual camera ('v4l2 loopback')"),
        ({"driver": "v4l2loopback"}, "a virtual camera ('v4l2loopback')"),
        ({"bus": "platform:v4l2loopback-000"}, "('platform:v4l2loopback-000')"),
        ({"driver": "vivid", "bus": "platform:vivid-000"}, "virtual camera ('vivid')"),
        ({"driver": "vimc", "bus": "platform:vimc"}, "a virtual camera ('vimc')"),
        ({"driver": "visl"}, "a virtual camera ('visl')"),
        ({"driver": "vim2m"}, "a virtual camera ('vim2m')"),
        ({"driver": "akvcam", "bus": "platform:akvcam-0"}, "virtual camera ('akvcam')"),
        ({"driver": "vcam"}, "a virtual camera ('vcam')"),
        ({"driver": "g_webcam", "bus": "gadget.0"}, "a virtual camera ('g_webcam')"),
        # names of programs
        ({"card": "OBS Virtual Camera"}, "a virtual camera ('OBS Virtual Camera')"),
        ({"card": "Droidcam"}, "a virtual camera ('Droidcam')"),
        ({"card": "Iriun Webcam"}, "a virtual camera"),
        ({"card": "Dummy video device (0x0000)"}, "a virtual camera"),
        ({"card": "Loopback video device 0"}, "a virtual camera"),
        ({"card": "UVC Gadget Camera"}, "a virtual camera"),
        # hosts without a plug
        ({"place": "devices/platform/dummy_hcd.0/usb3/3-1/3-1:1.0"}, "'dummy_hcd'"),
        ({"bus": "usb-dummy_hcd.0-1"}, "comes through 'dummy_hcd'"),
        ({"place": "devices/platform/vhci_hcd.0/usb5/5-1/5-1:1.0"}, "'vhci_hcd'"),
        ({"hosts": ("uvcvideo", "usb", "vhci_hcd")}, "comes through 'vhci_hcd'"),
        # a module that calls itself what it is not
        (LOOPBACK, "no physical device is behind it"),
        ({"place": ""}, "no physical device is behind it"),
        # what is there, and on no USB
        ({"driver": "unicam", "usb_id": ""}, "its driver is 'unicam', not 'uvcvideo'"),
        ({"driver": "em28xx"}, "its driver is 'em28xx', not 'uvcvideo'"),
        ({"usb_id": ""}, "is no USB camera"),
        # takers of a foreign picture
        ({"card": "HDMI to U3 capture"}, "another device ('HDMI to U3 capture')"),
        ({"card": "Cam Link 4K: Cam Link 4K"}, "takes the picture of another device"),
        ({"card": "UVC Camera", "usb_id": "1d6b:0104"}, "another computer that plays"),
        ({"card": "HD Camera", "usb_id": "0525:a4a2"}, "another computer that plays"),
        ({"card": "USB Video", "usb_id": "534d:2109"}, "takes the picture of another"),
    ],
)  # fmt: skip
def test_a_pretender_is_refused_by_name(changes: dict[str, object], says: str) -> None:
    refusal = usb_refusal(like(**changes))
    assert refusal is not None
    assert says in refusal
    assert refusal.startswith(("is ", "takes "))


@pytest.mark.parametrize("wanted", ["", "046d:0826", "046d:0826:8A5F31C0"])
def test_the_wanted_camera_is_taken(wanted: str) -> None:
    assert identity_refusal(REAL, wanted) is None


@pytest.mark.parametrize(
    ("found", "wanted", "says"),
    [
        (REAL, "046d:0825", "is 046d:0826, and camera.identity demands 046d:0825"),
        (REAL, "046d:0826:1", "is another camera of that model"),
        (like(serial=""), "046d:0826:8A5F31C0", "is another camera of that model"),
        (UsbCamera("vivid", "", ""), "046d:0826", "is vivid, and camera.identity"),
    ],
)
def test_another_camera_is_named(found: UsbCamera, wanted: str, says: str) -> None:
    assert says in (identity_refusal(found, wanted) or "")


@pytest.mark.parametrize("serial", ["", "A 1", "A\ufffd", "1" * 129])
def test_a_serial_that_cannot_be_demanded_is_in_no_identity(serial: str) -> None:
    assert like(serial=serial).identity == "046d:0826"
    assert REAL.identity == "046d:0826:8A5F31C0"


def test_a_serial_is_in_no_model_and_no_refusal_of_another() -> None:
    assert REAL.model == "uvcvideo 046d:0826"
    assert REAL.serial not in (identity_refusal(REAL, "046d:0826:1") or "")


@pytest.mark.parametrize(
    ("camera_id", "model"),
    [
        ("/base/soc/i2c0mux/i2c@1/imx708@1a", "imx708"),
        ("/base/soc/i2c0mux/i2c@1/ov5647@36", "ov5647"),
        ("/base/axi/pcie@120000/rp1/i2c@88000/imx219@10", "imx219"),
        ("/base/axi/pcie@1000120000/rp1/i2c@80000/imx477@1a", "imx477"),
        ("/base/soc/i2c0mux/i2c@1/imx708@1a", "imx708_wide_noir"),
    ],
)
def test_a_sensor_on_the_board_is_believed(camera_id: str, model: str) -> None:
    assert libcamera_refusal(camera_id, model) is None


@pytest.mark.parametrize(
    ("camera_id", "model", "says"),
    [
        ("Virtual0", "Virtual Video Device", "is a virtual camera"),
        ("virtual1", "imx708", "is a virtual camera"),
        ("platform/vimc.0 Sensor B", "Sensor B", "is a virtual camera"),
        ("/base/soc/i2c0mux/i2c@1/vimc@10", "x", "is a virtual camera"),
        (
            "/base/scb/pcie@7d500000/pci@0,0/usb@0,0-1.2:1.0-046d:0825",
            "HD Webcam",
            "is no camera on the board's own connector",
        ),
        ("\\_SB_.PCI0.XHC_.RHUB.HS04-4:1.0-0bda:5521", "Integrated", "own connector"),
        ("/base/soc/i2c0mux/i2c@1/imx708@1a/x", "imx708", "own connector"),
        ("x/base/soc/i2c0mux/i2c@1/imx708@1a", "imx708", "own connector"),
        ("", "", "own connector"),
        ("/base/soc/i2c0mux/i2c@1/tc358743@f", "tc358743", "another device"),
        ("/base/soc/i2c0mux/i2c@1/adv7282m@20", "adv7282m", "another device"),
    ],
)
def test_another_source_of_libcamera_is_refused(
    camera_id: str, model: str, says: str
) -> None:
    assert says in (libcamera_refusal(camera_id, model) or "")


def test_a_refusal_is_one_line() -> None:
    for text in (
        usb_refusal(like(driver="vivid")),
        libcamera_refusal("Virtual0", ""),
        identity_refusal(REAL, "1:2"),
    ):
        assert text
        assert re.fullmatch(r"[^\n]{10,120}", text)
