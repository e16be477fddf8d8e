"""The real picamera2 over a stand-in for libcamera: no Pi and no camera is needed.

picamera2 and videodev2 come as pinned wheels into the virtual environment's own folder
(`python tests/real_picamera2.py`, by make); they are never part of the project. In
their place stand: libcamera (edges/libcamera_standin), the kernel's DMA heap (memfd),
and, as empty modules, what picamera2 imports for previews, JPEG and DNG files only.
"""

import fcntl
import gc
import importlib
import os
import sys
import types
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from likeness import packages
from likeness.errors import LikenessError
from likeness.pins import Package, is_file_with

PACKAGES = (
    Package(
        name="picamera2",
        version="0.3.38",
        filename="picamera2-0.3.38-py3-none-any.whl",
        sha256="ecf34dfb6c987d2c0948debeb3762a27755d5befc674fe210c3fd2ad8e3cd6cc",
    ),
    Package(
        name="videodev2",
        version="0.0.4",
        filename="videodev2-0.0.4-py3-none-any.whl",
        sha256="d35f7ab39ddb06d50fec96a99bfc8d5b8b525bc7ea03788259d386393f1a64ba",
    ),
)
PLACE = Path(sys.prefix) / "share" / "likeness-tests"
FOLDER = PLACE / "picamera2-0.3.38"
STANDIN = Path(__file__).parent / "edges" / "libcamera_standin"
# Module: what is imported from it by name.
EMPTY: dict[str, tuple[str, ...]] = {
    "kms": ("PixelFormats",),
    "piexif": (),
    "pidng": (),
    "pidng.camdefs": ("Picamera2Camera",),
    "pidng.core": ("PICAM2DNG",),
    "prctl": (),
    "simplejpeg": (),
}


def is_here() -> bool:
    """Say whether the wheels were fetched."""
    return (FOLDER / "picamera2").is_dir() and (FOLDER / "videodev2").is_dir()


def fetch() -> None:
    """Fetch and unpack the wheels, once."""
    for package in PACKAGES:
        if not is_file_with(PLACE / package.filename, package.sha256) or not is_here():
            with zipfile.ZipFile(packages.fetch(package, PLACE)) as wheel:
                wheel.extractall(FOLDER)


def load() -> Any:
    """Put picamera2 into place; return the stand-in's switches."""
    for place in (str(FOLDER), str(STANDIN)):
        if place not in sys.path:
            sys.path.append(place)
    for name, members in EMPTY.items():
        module = types.ModuleType(name)
        vars(module).update(dict.fromkeys(members, Nothing()))
        sys.modules.setdefault(name, module)
    allocator = importlib.import_module("picamera2.allocators.dmaallocator")
    vars(allocator)["DmaHeap"] = MemoryHeap
    vars(allocator)["fcntl"] = NoSync
    return importlib.import_module("libcamera._sensor").switches


def sensor() -> Iterator[Any]:
    """Give the switches, all well; leave no manager and no camera behind."""
    switches = load()
    well = type(switches)
    vars(switches).update(vars(well()))
    yield switches
    vars(switches).update(vars(well()))
    picamera2 = importlib.import_module("picamera2")
    picamera2.Picamera2._cm._cms = None
    gc.collect()


class Nothing:
    """What is imported and not used here; it has any attribute."""

    def __getattr__(self, name: str) -> str:
        return name


class MemoryHeap:
    """`picamera2.dma_heap.DmaHeap` without /dev/dma_heap: memory behind descriptors."""

    def alloc(self, name: str, size: int) -> "Descriptor":
        fd = os.memfd_create(name)
        os.ftruncate(fd, size)
        return Descriptor(fd)

    def close(self) -> None:
        pass


class Descriptor:
    """What `alloc` gives; who takes it closes it."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def get(self) -> int:
        return self._fd

    def isValid(self) -> bool:  # noqa: N802 - picamera2's name
        return self._fd >= 0


class NoSync:
    """`fcntl` without the ioctl that only a DMA buffer knows."""

    @staticmethod
    def ioctl(fd: int, request: int, argument: Any) -> int:
        del request, argument
        fcntl.fcntl(fd, fcntl.F_GETFD)  # it must be open
        return 0


if __name__ == "__main__":
    try:
        fetch()
    except LikenessError as problem:
        sys.exit(f"picamera2: {problem}")
