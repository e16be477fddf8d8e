"""Gives tests a V4L2 camera where there is none: a library in front of the C library.

`tests/edges/v4l2/*.c` answers open, ioctl and mmap of one path as the kernel documents
it; the real OpenCV and our real edge run over it in a process of their own. UNTESTED
AGAINST A KERNEL: it follows the documentation, no driver was looked at in use.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from likeness.edges.quiet_cv2 import cv2

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests" / "edges" / "v4l2"
WIDTH_PX, HEIGHT_PX = 640, 480
PICTURES = 20
BRIGHTER_BELOW = 150  # from its first row to its last
FOLDER = "LIKENESS_V4L2"  # environment: where the child finds the stand-in's files
VENDOR, PRODUCT, SERIAL = "046d", "0825", "8A5F31C0"


def build(folder: Path) -> Path:
    """Compile the library."""
    library = folder / "v4l2_standin.so"
    sources = sorted(str(source) for source in SOURCES.glob("*.c"))
    command = "gcc -shared -fPIC -O1 -Wall -Wextra -Werror -fvisibility=hidden"
    subprocess.run(
        [*command.split(), "-o", str(library), *sources, "-ldl", "-lpthread"],
        check=True,
    )
    return library


@dataclass(frozen=True)
class StandIn:
    """The stand-in's files: a camera's name, what is set, what was asked of it."""

    folder: Path

    @property
    def path(self) -> str:
        """The camera; nothing stands there, and only the library knows it."""
        return str(self.folder / "video0")

    @property
    def sysfs(self) -> Path:
        return self.folder / "sys"

    def set(self, **settings: object) -> None:
        """Set faults and abilities, see `device.c`; all others are as usual."""
        text = "".join(f"{name}={value}\n" for name, value in settings.items())
        new = self.folder / "settings.new"
        new.write_text(text, encoding="ascii")
        new.replace(self.folder / "settings")

    def asked(self) -> list[str]:
        """Return what programs did with it so far."""
        log = self.folder / "asked"
        return log.read_text("ascii").splitlines() if log.exists() else []

    def forget(self) -> None:
        (self.folder / "asked").unlink(missing_ok=True)

    def environment(self, library: Path) -> dict[str, str]:
        """Return what a program needs to see the camera."""
        return {
            **os.environ,
            "LD_PRELOAD": str(library),
            "V4L2_STANDIN_PATH": self.path,
            "V4L2_STANDIN_SETTINGS": str(self.folder / "settings"),
            "V4L2_STANDIN_LOG": str(self.folder / "asked"),
            "V4L2_STANDIN_FRAMES": str(self.folder / "frames"),
            FOLDER: str(self.folder),
        }


def make(folder: Path) -> StandIn:
    """Draw its pictures, each brighter than the one before, and plug it in."""
    frames = folder / "frames"
    frames.mkdir()
    rows = np.linspace(0, BRIGHTER_BELOW, HEIGHT_PX).reshape(-1, 1, 1)
    for number in range(PICTURES):
        grey = np.broadcast_to(rows + 5 * number, (HEIGHT_PX, WIDTH_PX, 3))
        picture = grey.astype(np.uint8)
        cv2.imwrite(str(frames / f"{number:03}.jpg"), picture)
    one = StandIn(folder)
    one.set()
    plug(one.sysfs)
    return one


def plug(
    sysfs: Path,
    *,
    host: str = "platform/soc/3f980000.usb",
    driver: str = "uvcvideo",
    node: str = "video0",
) -> None:
    """Make what Linux tells in /sys of a USB camera at 81:0."""
    device = sysfs / "devices" / host / "usb1" / "1-1"
    face = device / "1-1:1.0"
    entry = face / "video4linux" / node
    entry.mkdir(parents=True)
    for name, text in (("idVendor", VENDOR), ("idProduct", PRODUCT)):
        (device / name).write_text(text + "\n", encoding="ascii")
    (device / "serial").write_text(SERIAL + "\n", encoding="ascii")
    drivers = sysfs / "bus" / "usb" / "drivers"
    for below, name in ((face, driver), (device, "usb"), (device.parent, "usb")):
        (drivers / name).mkdir(parents=True, exist_ok=True)
        (below / "driver").symlink_to(drivers / name)
    (entry / "device").symlink_to(face)
    _name(sysfs, entry)


def conjure(sysfs: Path, node: str = "video0") -> None:
    """Make what Linux tells of a video node with no device behind it."""
    entry = sysfs / "devices" / "virtual" / "video4linux" / node
    entry.mkdir(parents=True)
    _name(sysfs, entry)


def _name(sysfs: Path, entry: Path) -> None:
    for folder, name in (("dev/char", "81:0"), ("class/video4linux", entry.name)):
        (sysfs / folder).mkdir(parents=True, exist_ok=True)
        (sysfs / folder / name).symlink_to(entry)


@contextmanager
def here() -> Iterator[StandIn | None]:
    """Give the stand-in that this process runs over, well and unasked; or none."""
    folder = os.environ.get(FOLDER)
    if folder is None:
        yield None
        return
    one = StandIn(Path(folder))
    one.set()
    one.forget()
    yield one
    one.set()


def run_pytest(
    library: Path, folder: Path, *what: str
) -> subprocess.CompletedProcess[str]:
    """Run tests over a new stand-in, in a process of their own."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *what],
        cwd=ROOT,
        env=make(folder).environment(library),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
