"""Pictures from outside: what is let through to the decoder, and the decoder confined.

`picture size` also decodes what was let through, here, to see that what the header
states is what comes out; `picture child` asks the real child, one process for each.
"""

import asyncio
import os
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np

from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, any_bytes
from likeness.edges.picture_check import LEAST_PX, MOST_PX, stated_size
from likeness.edges.picture_decoding import NoPicture, PictureDecoder

LEAST, MOST = LEAST_PX, MOST_PX
SIZES = (0, 1, 59, 60, 102, 126, 2000, 2001, 20_000, 65_535)


def pictures() -> list[bytes]:
    """Return small pictures of each kind that is taken."""
    shades = (np.add.outer(np.arange(80), np.arange(64)) % 200).astype(np.uint8)
    ways: tuple[tuple[str, list[int]], ...] = (
        (".bmp", []),
        (".png", []),
        (".jpg", []),
        (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]),
        (".jpg", [cv2.IMWRITE_JPEG_RST_INTERVAL, 2]),
    )
    return [cv2.imencode(kind, shades, more)[1].tobytes() for kind, more in ways]


def _changed(dice: Dice, data: bytes, other: bytes) -> bytes:
    """Change segments and chunks; let a PNG's sums fit again."""
    done = bytearray(data)
    if data.startswith(b"\xff\xd8") and dice.random() < 0.7:
        _change_jpeg(dice, done)
    elif data.startswith(b"\x89PNG") and dice.random() < 0.7:
        done = bytearray(_change_png(dice, data))
    elif data.startswith(b"BM") and dice.random() < 0.5:
        field = dice.choice((10, 14, 18, 22, 26, 28, 30, 46))
        value = dice.choice((*SIZES, -126, -1, 1 << 31, 4, 8, 24, 32))
        done[field : field + 4] = (value & 0xFFFFFFFF).to_bytes(4, "little")
    if dice.random() < 0.4:
        return any_bytes(dice, bytes(done), other)
    return bytes(done)


def _change_jpeg(dice: Dice, done: bytearray) -> None:
    marks = [at for at in range(2, len(done) - 9) if done[at] == 0xFF and done[at + 1]]
    if not marks:
        return
    at = dice.choice(marks)
    match dice.randrange(5):
        case 0:
            done[at:at] = dice.choice((b"\xff", b"\xff\x01", b"\xff\xd0", b"\xff\xd8"))
        case 1:
            done[at + 1] = dice.choice((0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xE0, 0xFE))
        case 2:
            done[at + 2 : at + 4] = struct.pack(">H", dice.choice((0, 1, 2, 11, 65535)))
        case 3 if 0xC0 <= done[at + 1] <= 0xC2:
            sides = (dice.choice(SIZES), dice.choice(SIZES))
            done[at + 5 : at + 9] = struct.pack(">HH", *sides)
        case _:
            piece = done[at : at + dice.choice((14, 40))]
            done[at:at] = piece * dice.choice((1, 5, 100, 1000))


def _change_png(dice: Dice, data: bytes) -> bytes:
    chunks, at = [], 8
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        chunks.append((data[at + 4 : at + 8], data[at + 8 : at + 8 + length]))
        at += 12 + length
    if not chunks:
        return data
    at = dice.randrange(len(chunks))
    kind, content = chunks[at]
    match dice.randrange(4):
        case 0:
            sides = (dice.choice(SIZES), dice.choice(SIZES))
            chunks[0] = (b"IHDR", struct.pack(">II", *sides) + chunks[0][1][8:])
        case 1:
            chunks[at] = (kind, any_bytes(dice, content, b"")[: 1 << 15])
        case 2:
            new = dice.choice((b"zTXt", b"iTXt", b"acTL", b"fcTL", b"PLTE", b"tRNS"))
            text = b"a\0\0" + zlib.compress(bytes(dice.choice((10, 1 << 20))))
            chunks.insert(at, (new, text))
        case _:
            dice.shuffle(chunks)
    whole = b"".join(
        struct.pack(">I", len(one))
        + name
        + one
        + struct.pack(">I", zlib.crc32(name + one))
        for name, one in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + whole


# --- what is let through ------------------------------------------------------------
def _size(folder: Path) -> Subject:
    del folder
    _silence_decoders()

    def run(data: bytes) -> str:
        stated = stated_size(data)
        if stated is None:
            return "refused no-picture:"
        if not all(LEAST <= side <= MOST for side in (stated.width, stated.height)):
            return "refused odd-size:"
        try:
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error as fault:
            return f"refused cv2: {fault.err[:40]}"
        if picture is None:
            return "refused decoder:"
        sides = sorted(picture.shape[:2])  # a note in it may turn it
        if sides != sorted((stated.width, stated.height)):
            raise AssertionError("another size than was stated")
        return "picture"

    return Subject(pictures(), _changed, run)


def _silence_decoders() -> None:
    """Their libraries complain on standard error, of every second input."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    os.close(nothing)


# --- the child ----------------------------------------------------------------------
def _child(folder: Path) -> Subject:
    del folder
    loop = asyncio.new_event_loop()
    decoder = PictureDecoder()

    async def decode(data: bytes) -> str:
        try:
            pixels = await decoder.decode(data)
        except NoPicture as why:
            if str(why) == "unconfined":
                raise AssertionError("the child is not confined here") from why
            return f"refused {why}:"
        if not all(LEAST <= side <= MOST for side in pixels.shape[:2]):
            raise AssertionError("an odd size came through")
        return "picture"

    def close() -> None:
        loop.run_until_complete(decoder.close())
        loop.close()

    def run(data: bytes) -> str:
        return loop.run_until_complete(decode(data))

    return Subject(pictures(), _changed, run, close)


TARGETS = (
    Target("picture size", _size, share=2, room_mib=160),
    Target("picture child", _child, share=0.005),
)
