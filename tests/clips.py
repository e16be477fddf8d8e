"""Writes small recordings whose every frame says its number: 20 steps of grey each."""

from pathlib import Path

import cv2
import numpy as np

from likeness.core.seen import Frame

STEP = 20
BLOCKS = (b"moov", b"trak", b"mdia", b"minf", b"stbl")  # each within the one before
# 90 degrees clockwise (ISO/IEC 14496-12, 8.3.2): a b u c d v x y w
QUARTER = bytes.fromhex(
    "00000000 00010000 00000000 ffff0000 00000000 00000000 00000000 00000000 40000000"
)


def write_clip(
    path: Path, count: int = 10, fps: float = 25.0, codec: str = "mp4v"
) -> Path:
    """Write `count` frames of 64 × 48 pixels; the upper half is a little brighter."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), fps, (64, 48))
    assert writer.isOpened()
    for number in range(count):
        writer.write(grey(number))
    writer.release()
    return path


def grey(number: int) -> np.ndarray:  # type: ignore[type-arg]
    """Return the picture of one number."""
    image = np.full((48, 64, 3), number * STEP, np.uint8)
    image[:24] += 8
    return image


def number_in(frame: Frame) -> int:
    """Read a frame's number from its lower right corner."""
    return round(float(frame.image[-16:, -16:].mean()) / STEP)


def hurry(path: Path, after: int, count: int) -> None:
    """Give an MP4 a variable rate: frames after the first `after` last half as long."""
    data = bytearray(path.read_bytes())
    at = data.index(b"stts")
    assert int.from_bytes(data[at + 8 : at + 12], "big") == 1
    delta = int.from_bytes(data[at + 16 : at + 20], "big")
    entries = (2, after, delta, count - after, delta // 2)
    data[at + 8 : at + 20] = b"".join(n.to_bytes(4, "big") for n in entries)
    grown = [at] + [data.index(name) for name in BLOCKS]
    assert data.index(b"moov") > data.index(b"mdat")  # so no picture moves
    for name in grown:
        size = int.from_bytes(data[name - 4 : name], "big")
        data[name - 4 : name] = (size + 8).to_bytes(4, "big")
    path.write_bytes(data)


def turn(path: Path) -> None:
    """Mark an MP4 as recorded with the camera turned by a quarter."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 44  # version 0: the matrix comes after 40 bytes
    data[at : at + len(QUARTER)] = QUARTER
    path.write_bytes(data)
