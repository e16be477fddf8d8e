"""Decodes one small picture from outside, confined, and ends.

    python -I -m likeness.edges.picture_child

Says READY when it has loaded OpenCV and confined itself: from then on it can compute,
read its standard input and write to its standard output, and nothing else. Then it
takes an encoded picture to the end of its input and gives width, height (two numbers of
32 bits, little end first) and height × width × 3 bytes BGR. Exit 1: no picture.
Leaves to others: what may be decoded at all (`picture_check`), killing it.
"""

import resource
import struct
import sys
from pathlib import Path

import cv2
import numpy as np

from likeness.edges.confinement import EXIT_UNCONFINED, Limits, Unconfined, confine

READY = b"\x01"
HEADER = struct.Struct("<II")
EXIT_NO_PICTURE = 1
CPU_S = 5
# For 2000×2000 pixels, once as the decoder's rows and once as BGR.
ROOM_MIB = 64


def main() -> int:
    """Decode standard input."""
    cv2.setNumThreads(1)
    try:
        limits = Limits(CPU_S, _addresses_mib() + ROOM_MIB, open_files=16)
        confine(limits, start_programs=False, read_files=False)
    except Unconfined:
        return EXIT_UNCONFINED
    out = sys.stdout.buffer
    out.write(READY)
    out.flush()
    encoded = np.frombuffer(sys.stdin.buffer.read(), np.uint8)
    if not encoded.size:
        return EXIT_NO_PICTURE
    try:
        picture = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    except cv2.error:
        return EXIT_NO_PICTURE
    # cv2 is typed as if it never gave None; it does for what it cannot decode.
    if picture is None:
        return EXIT_NO_PICTURE
    height, width = picture.shape[:2]
    out.write(HEADER.pack(width, height))
    out.write(picture.tobytes())
    out.flush()
    return 0


def _addresses_mib() -> int:
    """What this process has mapped by now, its libraries included (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    return (pages * resource.getpagesize() >> 20) + 1


if __name__ == "__main__":
    sys.exit(main())
