"""Says whether bytes from outside are a plausible small picture, before using them.

Only BMP, PNG and JPEG, told by their first bytes; the size is read from the header, so
that a picture which is small as a file but huge when decoded is never decoded.
"""

import struct
from dataclasses import dataclass

import cv2
import numpy as np

LEAST_PX = 60
MOST_PX = 2000
LEAST_CONTRAST = 2.0  # standard deviation of grey values 0 to 255

_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int


def why_unusable(image: bytes) -> str:
    """Return "" for a usable picture, else a short word."""
    size = stated_size(image)
    if size is None:
        return "no-picture"
    if not all(LEAST_PX <= side <= MOST_PX for side in (size.width, size.height)):
        return "odd-size"
    grey = cv2.imdecode(np.frombuffer(image, np.uint8), cv2.IMREAD_GRAYSCALE)
    if grey is None:
        return "no-picture"
    return "blank" if float(grey.std()) < LEAST_CONTRAST else ""


def stated_size(image: bytes) -> Size | None:
    """Read the size from a BMP, PNG or JPEG header; None for anything else."""
    try:
        if image.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", image, 18)
            return Size(width, abs(height))  # a negative height: the top row first
        if image.startswith(b"\x89PNG\r\n\x1a\n"):
            return Size(*struct.unpack_from(">II", image, 16))
        if image.startswith(b"\xff\xd8\xff"):
            return _jpeg_size(image)
    except struct.error:
        return None
    return None


def _jpeg_size(image: bytes) -> Size | None:
    at = 2
    while at + 9 <= len(image):
        mark, kind, length = struct.unpack_from(">BBH", image, at)
        if mark != 0xFF:  # noqa: PLR2004 - every segment begins so
            return None
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", image, at + 5)
            return Size(width, height)
        at += 2 + length
    return None
