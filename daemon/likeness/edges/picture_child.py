"""Decodes one small picture from outside, confined, and ends.

    python -I -m likeness.edges.picture_child [jpeg2000]

With the argument it takes JPEG 2000 as well, which Pillow decodes. Says READY when it
has loaded its decoders and confined itself: from then on it can compute,
read its standard input and write to its standard output, and nothing else. Then it
takes an encoded picture to the end of its input and gives width, height (two numbers of
32 bits, little end first) and height × width × 3 bytes BGR. Exit 1: no picture.
Leaves to others: what may be decoded at all (`picture_check`), killing it.
"""

import resource
import struct
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from likeness.edges.confinement import EXIT_UNCONFINED, Limits, Unconfined, confine
from likeness.edges.jpeg2000_check import is_jpeg2000

READY = b"\x01"
HEADER = struct.Struct("<II")
EXIT_NO_PICTURE = 1
CPU_S = 5
# For 2000×2000 pixels, once as the decoder's rows and once as BGR.
ROOM_MIB = 64
JPEG_2000 = "jpeg2000"
JPEG_2000_ROOM_MIB = 192  # its decoder holds each colour in 32 bits, and Pillow its own
MOST_PIXELS = 2000 * 2000

Pixels = npt.NDArray[np.uint8]
Decode = Callable[[bytes], Pixels | None]


def main() -> int:
    """Decode standard input."""
    cv2.setNumThreads(1)
    jpeg_2000 = JPEG_2000 in sys.argv[1:]
    # Before it is confined: no file can be read after that.
    others = _jpeg_2000_decoder() if jpeg_2000 else None
    room_mib = JPEG_2000_ROOM_MIB if jpeg_2000 else ROOM_MIB
    try:
        limits = Limits(CPU_S, _addresses_mib() + room_mib, open_files=16)
        confine(limits, start_programs=False, read_files=False)
    except Unconfined:
        return EXIT_UNCONFINED
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    encoded = sys.stdin.buffer.read()
    if is_jpeg2000(encoded):  # never OpenCV: its decoder of these has had holes
        picture = others(encoded) if others else None
    else:
        picture = _by_opencv(encoded)
    if picture is None:
        return EXIT_NO_PICTURE
    height, width = picture.shape[:2]
    out.write(HEADER.pack(width, height))
    out.write(picture.tobytes())
    out.flush()
    return 0


def _by_opencv(encoded: bytes) -> Pixels | None:
    if not encoded:
        return None
    try:
        # cv2 is typed as if it never gave None; it does for what it cannot decode.
        return cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)  # type: ignore[return-value]
    except cv2.error:
        return None


def _jpeg_2000_decoder() -> Decode | None:
    """Load Pillow's; None: it is not installed, and such pictures are none."""
    try:
        from PIL import Image  # noqa: PLC0415 - an SDT terminal does without it
        from PIL.Jpeg2KImagePlugin import Jpeg2KImageFile  # noqa: PLC0415
    except ImportError:
        return None
    Image.MAX_IMAGE_PIXELS = MOST_PIXELS

    def decode(encoded: bytes) -> Pixels | None:
        try:
            with Jpeg2KImageFile(BytesIO(encoded)) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    return None
                rgb = np.asarray(picture.convert("RGB"), np.uint8)
        # Pillow's plugins raise what they like for broken files.
        except Exception:  # noqa: BLE001 - whatever it was, there is no picture
            return None
        return np.ascontiguousarray(rgb[:, :, ::-1])

    return decode


def _addresses_mib() -> int:
    """What this process has mapped by now, its libraries included (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return (pages * resource.getpagesize() >> 20) + 1


if __name__ == "__main__":
    sys.exit(main())
