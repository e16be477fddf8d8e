"""Finds out what stands behind a video device: its driver's word, and Linux's (sysfs).

Never run on hardware so far. Leaves to others: who is refused for it
(`core.camera_identity`), and pictures.
"""

from dataclasses import replace
from pathlib import Path

from likeness.core.camera_identity import UsbCamera
from likeness.edges import v4l2

SYSFS = Path("/sys")


def identified(device: int, said: v4l2.Capability, sysfs: Path = SYSFS) -> UsbCamera:
    """Say what an opened device is.

    Args:
        device: the opened file: its number is asked for, not its name.
        said: its driver's answer.
        sysfs: where Linux tells of devices.
    """
    return _looked_up(said.named(), sysfs / "dev/char" / v4l2.number(device), sysfs)


def found(path: str, sysfs: Path = SYSFS) -> UsbCamera | None:
    """Say what Linux knows of the camera at a path, and open nothing; None: nothing."""
    entry = sysfs / "class/video4linux" / Path(path).resolve().name
    link = entry / "device/driver"
    if not link.exists():
        return None
    return _looked_up(UsbCamera(link.resolve().name, "", ""), entry, sysfs)


def _looked_up(said: UsbCamera, entry: Path, sysfs: Path) -> UsbCamera:
    """Add what sysfs says of the device below a video node, and of all above it."""
    link = entry / "device"
    if not link.exists():  # a node that no bus has given
        return replace(said, place=_below(entry, sysfs))
    place, top = link.resolve(), sysfs.resolve()
    above = [place, *(one for one in place.parents if one.is_relative_to(top))]
    drivers = [one / "driver" for one in above]
    usb = next((one for one in above if (one / "idVendor").is_file()), None)
    return replace(
        said,
        place=_below(place, sysfs),
        hosts=tuple(link.resolve().name for link in drivers if link.exists()),
        usb_id=f"{_line(usb, 'idVendor')}:{_line(usb, 'idProduct')}" if usb else "",
        serial=_line(usb, "serial") if usb else "",
    )


def _below(place: Path, sysfs: Path) -> str:
    """The path below /sys; "" for a node of which Linux knows nothing."""
    if not place.exists():
        return ""
    return str(place.resolve().relative_to(sysfs.resolve()))


def _line(folder: Path, name: str) -> str:
    """A short text that the device gave; what is no text in it is taken out."""
    try:
        text = (folder / name).read_text("utf-8", "replace").strip()
    except OSError:
        return ""
    return "".join(sign for sign in text if sign.isprintable())
