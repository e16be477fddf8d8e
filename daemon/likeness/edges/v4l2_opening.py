"""Opens a V4L2 camera beside OpenCV, and refuses one that is not to be believed.

OpenCV only says no; here one line says why. Never run on hardware so far. Leaves to
others: what Linux says (`camera_identity`), who is refused (`core.camera_identity`),
pictures.
"""

import errno
import logging
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from likeness.core.camera_identity import identity_refusal, usb_refusal
from likeness.edges import v4l2
from likeness.edges.camera_identity import SYSFS, identified
from likeness.errors import DeviceLost, DeviceRefused

log = logging.getLogger(__name__)

V4L2_MAJOR = 81  # Linux, admin-guide/devices.txt


@dataclass(frozen=True, slots=True)
class UsbWanted:
    """Which camera, and what is wished of it.

    Attributes:
        identity: vendor:product or vendor:product:serial that it must have; "": any.
        strict: whether one that is not to be believed is refused, not only told of.
        sysfs: where Linux tells of devices.
    """

    path: str
    width_px: int
    height_px: int
    fps: float
    identity: str = ""
    strict: bool = True
    sysfs: Path = field(default=SYSFS, repr=False)


@contextmanager
def opened(path: str) -> Generator[int, None, None]:
    """Open the device beside OpenCV, which only says no, and for its controls.

    Raises:
        DeviceRefused: it is there, but not for us, or it is no camera.
        DeviceLost: it is not there.
    """
    try:
        if not _is_video(Path(path).stat()):
            raise DeviceRefused(f"{path}: is no camera; set camera.path to one")
        device = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno in (errno.EACCES, errno.EPERM):
            text = f"{path}: no permission; add this user to the group 'video'"
            raise DeviceRefused(text) from problem
        if problem.errno == errno.EBUSY:
            raise _used(path) from problem
        text = f"{path}: no such camera; plug it in or set camera.path"
        raise DeviceLost(text) from problem
    try:
        if not _is_video(os.fstat(device)):  # replaced since it was looked at
            raise DeviceRefused(f"{path}: is no camera; set camera.path to one")
        yield device
    finally:
        os.close(device)


def _is_video(status: os.stat_result) -> bool:
    return stat.S_ISCHR(status.st_mode) and os.major(status.st_rdev) == V4L2_MAJOR


def judge(device: int, wanted: UsbWanted) -> None:
    """Refuse what gives no pictures, and whom the configuration does not mean.

    Raises:
        DeviceRefused: with why.
        DeviceLost: it has gone.
    """
    path = wanted.path
    try:
        said = v4l2.capability(device)
    except OSError as problem:
        raise DeviceLost(f"{path}: does not answer; check its cable") from problem
    if said is None:
        raise DeviceRefused(f"{path}: is no camera; set camera.path to one")
    if not said.takes_pictures:
        raise DeviceRefused(
            f"{path}: gives no pictures; set camera.path to its other entry, which"
            " ends with index0"
        )
    found = identified(device, said, wanted.sysfs)
    if (why := identity_refusal(found, wanted.identity)) is not None:
        raise DeviceRefused(f"{path}: {why}; plug that one in")
    if (why := usb_refusal(found)) is None:
        return
    if wanted.strict:
        raise DeviceRefused(f"{path}: {why}; production takes a real camera only")
    log.warning("event=camera_not_believed camera=%r why=%r", path, why)


def unusable(device: int, path: str) -> DeviceRefused:
    """Say why OpenCV does not get on with an opened camera."""
    if v4l2.is_taken(device):
        return _used(path)
    return DeviceRefused(f"{path}: is no camera that gives pictures")


def _used(path: str) -> DeviceRefused:
    return DeviceRefused(f"{path}: another program uses this camera; end it")
