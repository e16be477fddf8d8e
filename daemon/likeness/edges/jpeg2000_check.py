"""Says how large a JPEG 2000 picture states to be, before anything decodes it.

Both forms that a chip may hold: boxes around a codestream (JP2, ISO/IEC 15444-1 annex
I) and the codestream alone (annex A). The codestream decides, since it is what a
decoder takes room for; boxes that say otherwise make it no picture. Leaves to others:
which size is too large (`picture_check`), decoding.
"""

import struct

from likeness.edges.picture_check import Size

JP2_START = bytes.fromhex("0000000C6A5020200D0A870A")  # the signature box
STREAM_START = bytes.fromhex("FF4FFF51")  # SOC, then SIZ at once
# Lsiz, Rsiz, then sizes and offsets of image and tiles, and the count of components.
_SIZ = struct.Struct(">HHIIIIIIIIH")
_BOX = struct.Struct(">I4s")
MOST_TILES = 64  # each costs a decoder room and time; a portrait has one
MOST_COMPONENTS = 4
MOST_BOXES = 64


def is_jpeg2000(image: bytes) -> bool:
    """Tell by the first bytes."""
    return image.startswith((JP2_START, STREAM_START))


def stated_size(image: bytes) -> Size | None:
    """Return the size in pixels; None: this is no picture that may be decoded."""
    try:
        if image.startswith(STREAM_START):
            return _stream_size(image)
        if image.startswith(JP2_START):
            return _boxed_size(image)
    except struct.error:
        return None
    return None


def _stream_size(stream: bytes) -> Size | None:
    siz = _SIZ.unpack_from(stream, len(STREAM_START))
    right, bottom, left, top = siz[2:6]
    tile_width, tile_height, tile_left, tile_top, components = siz[6:]
    if not (left < right and top < bottom and tile_width and tile_height):
        return None
    if tile_left > left or tile_top > top or not 0 < components <= MOST_COMPONENTS:
        return None
    across = -(-(right - tile_left) // tile_width)
    down = -(-(bottom - tile_top) // tile_height)
    if across * down > MOST_TILES:
        return None
    return Size(right - left, bottom - top)


def _boxed_size(image: bytes) -> Size | None:
    header = stream = None
    at = 0
    for _ in range(MOST_BOXES):
        if at >= len(image):
            break
        length, kind = _BOX.unpack_from(image, at)
        size = length or len(image) - at  # 0: to the end
        # 1 would be a length of eight bytes, which no portrait needs.
        if size < _BOX.size or at + size > len(image):
            return None
        inside = image[at + _BOX.size : at + size]
        if kind == b"jp2h" and header is None:
            header = _header_size(inside)
        if kind == b"jp2c" and stream is None:
            stream = _stream_size(inside) if inside.startswith(STREAM_START) else None
        at += size
    return stream if stream == header else None


def _header_size(inside: bytes) -> Size | None:
    """Read ihdr, which stands first in jp2h (annex I.5.3.1)."""
    _, kind = _BOX.unpack_from(inside)
    if kind != b"ihdr":
        return None
    height, width = struct.unpack_from(">II", inside, _BOX.size)
    return Size(width, height)
