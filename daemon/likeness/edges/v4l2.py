"""What Linux says of a video device and its controls, by ioctl (videodev2.h).

Never run on hardware so far. A second opened file of the device is enough for all of
it, also while OpenCV streams from the first (V4L2: Opening and Closing Devices). Leaves
to others: pictures, and what a control is set to.
"""

import errno
import fcntl
import os
import struct
from dataclasses import dataclass

from likeness.core.camera_identity import UsbCamera

# _IOR/_IOWR('V', n, struct) of videodev2.h; the same numbers on x86 and Arm.
QUERYCAP = 0x80685600
G_FMT = 0xC0D05604
S_FMT = 0xC0D05605
G_CTRL = 0xC008561B
S_CTRL = 0xC008561C
FORMAT_BYTES = 208
VIDEO_CAPTURE = 1
CAP_VIDEO_CAPTURE = 0x1
CAP_DEVICE_CAPS = 0x80000000
CAPABILITY = struct.Struct("=16s32s32sIII12x")
CONTROL = struct.Struct("=Ii")

# Controls of cameras: ids of v4l2-controls.h
EXPOSURE_AUTO = 0x009A0901
EXPOSURE_ABSOLUTE = 0x009A0902
EXPOSURE_DYNAMIC_FRAMERATE = 0x009A0903
AUTO_WHITE_BALANCE = 0x0098090C
EXPOSURE_BY_HAND = 1


@dataclass(frozen=True, slots=True)
class Capability:
    """The answer to VIDIOC_QUERYCAP."""

    driver: str
    card: str
    bus: str
    takes_pictures: bool

    def named(self) -> UsbCamera:
        """Return what the driver says, before Linux is asked for more."""
        return UsbCamera(self.driver, self.card, self.bus)


def capability(device: int) -> Capability | None:
    """Ask an opened device what it is; None if it does not speak V4L2."""
    answer = bytearray(CAPABILITY.size)
    try:
        fcntl.ioctl(device, QUERYCAP, answer)
    except OSError as problem:
        if problem.errno in (errno.ENOTTY, errno.EINVAL):
            return None
        raise
    driver, card, bus, _, whole, own = CAPABILITY.unpack(answer)
    can = own if whole & CAP_DEVICE_CAPS else whole
    return Capability(
        _text(driver), _text(card), _text(bus), bool(can & CAP_VIDEO_CAPTURE)
    )


def is_taken(device: int) -> bool:
    """Say whether another program streams from it: then no format can be set."""
    shape = bytearray(FORMAT_BYTES)
    struct.pack_into("=I", shape, 0, VIDEO_CAPTURE)
    try:
        fcntl.ioctl(device, G_FMT, shape)
        fcntl.ioctl(device, S_FMT, shape)
    except OSError as problem:
        return problem.errno == errno.EBUSY
    return False


def control(device: int, which: int) -> int | None:
    """Read a control; None if the camera has none of this kind."""
    asked = bytearray(CONTROL.pack(which, 0))
    try:
        fcntl.ioctl(device, G_CTRL, asked)
    except OSError:
        return None
    value: int = CONTROL.unpack(asked)[1]
    return value


def set_control(device: int, which: int, value: int) -> bool:
    """Set a control; False if the camera refuses."""
    try:
        fcntl.ioctl(device, S_CTRL, CONTROL.pack(which, value))
    except OSError:
        return False
    return True


def number(device: int) -> str:
    """Return major:minor, as /sys/dev/char names a device."""
    node = os.fstat(device).st_rdev
    return f"{os.major(node)}:{os.minor(node)}"


def _text(raw: bytes) -> str:
    """Text of a fixed field; a device may put anything there, and it goes to a log."""
    text = raw.split(b"\0", 1)[0].decode("ascii", "replace")
    return "".join(sign if sign.isprintable() else "?" for sign in text)
