"""Says whether bytes from outside are a plausible small picture, before using them.

Only BMP, PNG and JPEG, told by their first bytes; the size is read from the header, so
that a picture which is small as a file but huge when decoded is never decoded. Leaves
to others: decoding (`picture_decoding`), what the pixels show.
"""

import struct
from dataclasses import dataclass

LEAST_PX = 60
MOST_PX = 2000
_JPEG_END = b"\xff\xd9"  # EOI (T.81, B.1.1.3)
_PNG_END = b"IEND\xae\x42\x60\x82"  # the last chunk, with its checksum

_JPEG_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}  # SOF0 to SOF15
# What may stand before the frame and says its length (T.81, B.1.1.3): tables, restart
# interval, APP0 to APP15, comment. Fill bytes and marks without a length are legal too,
# but a header in front of which they stand would be read at another place than by the
# decoder, and state another size.
_JPEG_SEGMENTS = _JPEG_FRAMES | {0xC4, 0xCC, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}
_JPEG_SCAN = b"\xff\xda"  # SOS; within a scan's data 0xFF is always followed by 0
# A progressive JPEG goes over the whole picture once for each scan, and a scan may have
# 14 bytes: 440 kB kept one decoder busy for three minutes. Encoders make about 10.
MOST_SCANS = 64
# No compressed texts: 900 kB of them became 900 MB.
_PNG_CHUNKS = {
    *(b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"),
    *(b"bKGD", b"cHRM", b"eXIf", b"gAMA", b"pHYs", b"sBIT", b"sRGB", b"tEXt", b"tIME"),
}


@dataclass(frozen=True, slots=True)
class Size:
    """Pixels."""

    width: int
    height: int


def why_unusable(image: bytes) -> str:
    """Return "" for a picture that may be decoded, else a short word."""
    size = stated_size(image)
    if size is None:
        return "no-picture"
    if is_odd(size):
        return "odd-size"
    return "" if _is_whole(image) else "no-picture"


def is_odd(size: Size) -> bool:
    """Say whether no portrait is so small or so large."""
    return not all(LEAST_PX <= side <= MOST_PX for side in (size.width, size.height))


def _is_whole(image: bytes) -> bool:
    """Say whether it has its end; OpenCV fills up what is missing, without a word."""
    if image.startswith(b"\xff\xd8"):
        return image.rstrip(b"\0").endswith(_JPEG_END)
    return not image.startswith(b"\x89PNG") or image.endswith(_PNG_END)


def stated_size(image: bytes) -> Size | None:
    """Read the size from a BMP, PNG or JPEG header; None for anything else."""
    try:
        if image.startswith(b"BM"):
            width, height = struct.unpack_from("<ii", image, 18)
            return Size(width, abs(height))  # a negative height: the top row first
        if image.startswith(b"\x89PNG\r\n\x1a\n"):
            return _png_size(image)
        if image.startswith(b"\xff\xd8\xff"):
            return _jpeg_size(image)
    except struct.error:
        return None
    return None


def _png_size(image: bytes) -> Size | None:
    """Read IHDR; a picture that carries more than pixels is none for us."""
    at = 8
    while at + 12 <= len(image):
        length, kind = struct.unpack_from(">I4s", image, at)
        if kind not in _PNG_CHUNKS or (kind == b"IHDR") != (at == 8):  # noqa: PLR2004
            return None
        at += 12 + length
    if at != len(image):  # OpenCV takes room for what a chunk says, whole or not
        return None
    return Size(*struct.unpack_from(">II", image, 16))


def _jpeg_size(image: bytes) -> Size | None:
    if image.count(_JPEG_SCAN) > MOST_SCANS:
        return None
    at = 2
    while at + 9 <= len(image):
        mark, kind, length = struct.unpack_from(">BBH", image, at)
        if mark != 0xFF or kind not in _JPEG_SEGMENTS:  # noqa: PLR2004 - begins all
            return None
        if kind in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", image, at + 5)
            return Size(width, height)
        if length < 2:  # noqa: PLR2004 - it counts itself
            return None
        at += 2 + length
    return None
