"""Which cameras may be believed: what a device says of itself in, a refusal out.

In production a picture must come from a lens that was put there by its installer.
Known pretenders are refused by their name; beside that only what a camera of the kind
can be is let through: `uvcvideo` on a USB device, a sensor on an I2C bus. All of it is
what drivers say: a USB device that lies about itself is not found out. Leaves to
others: asking the device (`edges`), and whether a refusal stops anything.
"""

import re
from dataclasses import dataclass
from typing import Final

# Kernel drivers that make pictures from no lens: whole words of a driver or its bus.
VIRTUAL_DRIVERS: Final = frozenset(
    {
        *("v4l2loopback", "loopback", "vivid", "vimc", "visl", "vicodec", "vim2m"),
        *("akvcam", "vcam", "virtual", "gadget", "webcam_gadget", "g_webcam"),
    }
)
# Programs that show themselves as cameras: anywhere in a name, signs left out.
VIRTUAL_NAMES: Final = (
    *("loopback", "virtual", "akvcam", "droidcam", "iriun", "epoccam", "manycam"),
    *("obscamera", "scrcpy", "dummyvideo", "uvcgadget", "webcamgadget", "snapcamera"),
)
# Hosts of USB that lead to no plug: a device of software, or one of another computer.
NO_PLUG: Final = ("dummy_hcd", "vhci_hcd", "usbip", "raw_gadget")
# Converters of a foreign picture. They are good USB devices: only names tell.
CAPTURE_CARDS: Final = (
    "hdmi",
    "capture",
    "grabber",
    "camlink",
    "gamelink",
    "livegamer",
    "magewell",
    "elgatohd",
)
CAPTURE_IDS: Final = ("534d:", "345f:", "2935:", "0fd9:0066", "0fd9:007b")
BRIDGES: Final = ("tc358743", "tc358746", "lt6911", "adv7", "tw99", "tvp5150")
# What Linux calls itself where a computer plays a USB device (drivers/usb/gadget); the
# host's own uvcvideo drives it, and its name is free text.
GADGET_IDS: Final = ("1d6b:", "0525:a4")
USB_DRIVER: Final = "uvcvideo"
WRITABLE: Final = re.compile("[!-~]{1,128}")  # a serial, as the configuration takes it
# A sensor as firmware names it, e.g. /base/soc/i2c0mux/i2c@1/imx708@1a on a Pi.
SENSOR: Final = re.compile(r"/base/(?:.+/)?i2c@?[^/]*/(?P<chip>[a-z0-9_,-]+)@[0-9a-f]+")


@dataclass(frozen=True, slots=True)
class UsbCamera:
    """What Linux says of a V4L2 device.

    Attributes:
        driver, card, bus: as VIDIOC_QUERYCAP gives them.
        place: of the physical device, below /sys; "" without one.
        hosts: kernel drivers of that device and of all above it.
        usb_id: vendor:product as lsusb prints it; "" if it is on no USB.
        serial: "" if it tells none. It names one camera: for its installer, in no log.
    """

    driver: str
    card: str
    bus: str
    place: str = ""
    hosts: tuple[str, ...] = ()
    usb_id: str = ""
    serial: str = ""

    @property
    def identity(self) -> str:
        """What camera.identity may demand: vendor:product:serial.

        Without a serial that can be written there (`config.UsbCameraId`): its model.
        """
        if not WRITABLE.fullmatch(self.serial):
            return self.usb_id
        return f"{self.usb_id}:{self.serial}"

    @property
    def model(self) -> str:
        """Driver and model, without what names this one camera."""
        return f"{self.driver} {self.usb_id}".strip()


def usb_refusal(found: UsbCamera) -> str | None:
    """Say why a V4L2 device is none to believe, as the rest of a line; None: it is."""
    for said in (found.driver, found.bus):
        if not VIRTUAL_DRIVERS.isdisjoint(re.findall(r"[a-z0-9_]+", said.lower())):
            return f"is a virtual camera ('{said}')"
    if _names(found.card, VIRTUAL_NAMES):
        return f"is a virtual camera ('{found.card}')"
    hosts = " ".join((*found.hosts, *found.place.split("/"), found.bus))
    for host in NO_PLUG:
        if host in hosts:
            return f"is no plugged-in camera: it comes through '{host}'"
    if not found.place or "virtual" in found.place.split("/"):
        return "is a virtual camera: no physical device is behind it"
    if found.driver != USB_DRIVER or not found.usb_id:
        return f"is no USB camera: its driver is '{found.driver}', not '{USB_DRIVER}'"
    if found.usb_id.startswith(GADGET_IDS):
        return f"is another computer that plays a camera ('{found.card}')"
    if _names(found.card, CAPTURE_CARDS) or found.usb_id.startswith(CAPTURE_IDS):
        return f"takes the picture of another device ('{found.card}')"
    return None


def identity_refusal(found: UsbCamera, wanted: str) -> str | None:
    """Say that it is not the configured camera.

    Args:
        found: the device.
        wanted: vendor:product or vendor:product:serial; "" demands nothing.
    """
    if not wanted or wanted in (found.usb_id, found.identity):
        return None
    if wanted.startswith(found.usb_id + ":"):
        return "is another camera of that model than camera.identity demands"
    return f"is {found.usb_id or found.driver}, and camera.identity demands {wanted}"


def libcamera_refusal(camera_id: str, model: str) -> str | None:
    """Say why a camera of libcamera is none to believe; None: it is.

    Args:
        camera_id: `Camera.id`; the path of a sensor on I2C for the Pi's own.
        model: `properties.Model`, e.g. "imx708".
    """
    for said in (camera_id, model):
        words = re.findall(r"[a-z_]+", said.lower())
        if not VIRTUAL_DRIVERS.isdisjoint(words) or _names(said, VIRTUAL_NAMES):
            return f"is a virtual camera ('{said}')"
    sensor = SENSOR.fullmatch(camera_id)
    if sensor is None:
        return f"is no camera on the board's own connector ('{camera_id}')"
    for chip in (sensor["chip"], model.lower()):
        if chip.startswith(BRIDGES):
            return f"takes the picture of another device ('{chip}')"
    return None


def _names(said: str, known: tuple[str, ...]) -> bool:
    plain = re.sub(r"[^a-z0-9]", "", said.lower())
    return any(name in plain for name in known)
