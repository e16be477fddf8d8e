"""Pictures from outside: what is decoded, and what bombs and bad children cost."""

import asyncio
import struct
import subprocess
import sys
import zlib

import cv2
import numpy as np
import pytest

from likeness.edges.picture_child import HEADER, READY
from likeness.edges.picture_decoding import (
    ENVIRONMENT,
    PROGRAM,
    NoPicture,
    PictureDecoder,
    Pixels,
)
from stories import story

# A process counts the memory of the one that started it as its own: a small one starts.
WATCH = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:]).returncode
used_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(code, used_kib, file=sys.stderr)
"""


def encoded(suffix: str, width: int = 102, height: int = 126) -> bytes:
    shades = np.add.outer(np.arange(height) * 3, np.arange(width)) % 200
    image = np.dstack([shades, shades[::-1], shades[:, ::-1]]).astype(np.uint8)
    return cv2.imencode(suffix, image)[1].tobytes()


def decode(picture: bytes, decoder: PictureDecoder | None = None) -> Pixels:
    return asyncio.run((decoder or PictureDecoder()).decode(picture))


def refusal(picture: bytes, decoder: PictureDecoder | None = None) -> str:
    with pytest.raises(NoPicture) as why:
        decode(picture, decoder)
    return str(why.value)


def acting(code: str, within_s: float = 10.0) -> PictureDecoder:
    """A decoder whose child is another program."""
    ready = f"import sys, time; out = sys.stdout.buffer; out.write({READY!r})\n"
    program = (sys.executable, "-I", "-S", "-c", ready + code)
    return PictureDecoder(program=program, within_s=within_s)


def png(width: int, height: int, data: bytes) -> bytes:
    """A PNG whose header says so much, and whose rows are these."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n"
    for kind, body in ((b"IHDR", header), (b"IDAT", data), (b"IEND", b"")):
        sum_ = zlib.crc32(kind + body)
        out += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", sum_)
    return out


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".jpg"])
def test_the_pixels_are_those_that_opencv_gives_here(suffix: str) -> None:
    picture = encoded(suffix)
    here = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    assert np.array_equal(decode(picture), here)


def test_the_largest_that_is_allowed_fits_into_its_memory() -> None:
    assert decode(encoded(".png", 2000, 2000)).shape == (2000, 2000, 3)


def test_a_bomb_is_not_even_given_to_the_child() -> None:
    never = PictureDecoder(program=["/nowhere/child"])
    bomb = png(50_000, 50_000, zlib.compress(bytes(50_001 * 2_000), 9))
    assert len(bomb) < 200_000
    assert refusal(bomb, never) == "odd-size"
    assert refusal(encoded(".jpg", 59, 126), never) == "odd-size"
    assert refusal(b"GIF89a" + bytes(100), never) == "no-picture"


@pytest.mark.parametrize("side", [50_000, 20_000])
def test_a_bomb_ends_the_child_and_nothing_else(side: int) -> None:
    """Past our check of its header, as by a mistake in it."""
    bomb = png(side, side, zlib.compress(bytes((side + 1) * 500), 9))
    watched = [sys.executable, "-I", "-S", "-c", WATCH, *PROGRAM]
    child = subprocess.run(
        watched, input=bomb, env=ENVIRONMENT, capture_output=True, check=True
    )
    code, used_kib = map(int, child.stderr.split()[-2:])
    assert code != 0
    assert child.stdout == READY  # it was confined, and gave no pixels
    assert used_kib < 400 << 10


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".jpg"])
def test_a_picture_that_was_cut_short(suffix: str) -> None:
    whole = encoded(suffix)
    for share in (0.5, 0.9):
        assert refusal(whole[: int(len(whole) * share)]) == "no-picture"


def test_damage_within_is_no_crash() -> None:
    picture = bytearray(encoded(".png"))
    for at in range(40, len(picture) - 12, len(picture) // 7):
        picture[at] ^= 0xFF
    assert refusal(bytes(picture)) == "no-picture"


def test_a_plain_area_is_blank() -> None:
    grey = np.full((126, 102, 3), 128, np.uint8)
    assert refusal(cv2.imencode(".png", grey)[1].tobytes()) == "blank"


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import ctypes; out.flush(); ctypes.string_at(0)", "no-picture"),
        ("out.flush(); time.sleep(1000)", "no-picture"),
        ("while True: out.write(bytes(65536))", "odd-size"),
        (f"out.write({HEADER.pack(50_000, 50_000)!r})", "odd-size"),
        (f"import os; os.close(0); out.write({HEADER.pack(9, 9)!r})", "odd-size"),
        (f"out.write({HEADER.pack(102, 126)!r} + bytes(100))", "no-picture"),
        ("sys.exit(125)", "unconfined"),
    ],
)
def test_a_child_that_is_not_itself(code: str, why: str) -> None:
    assert refusal(encoded(".png"), acting(code, within_s=1.5)) == why


def test_a_child_that_is_not_confined_gets_no_picture() -> None:
    program = (sys.executable, "-I", "-S", "-c", "import sys; sys.stdin.read()")
    assert refusal(encoded(".png"), PictureDecoder(program=program, within_s=1.0)) == (
        "no-picture"
    )


def test_a_child_that_cannot_be_started() -> None:
    assert refusal(encoded(".png"), PictureDecoder(program=["/nowhere"])) == (
        "no-picture"
    )


@story
async def test_one_that_was_started_ahead_is_used_and_then_the_next() -> None:
    decoder = PictureDecoder()
    decoder.prepare()
    decoder.prepare()
    for suffix in (".jpg", ".png"):
        assert (await decoder.decode(encoded(suffix))).shape == (126, 102, 3)
    await decoder.close()


@story
async def test_one_that_nobody_needs_is_let_go() -> None:
    decoder = PictureDecoder(kept_s=0.05)
    decoder.prepare()
    await asyncio.sleep(0.2)
    assert (await decoder.decode(encoded(".jpg"))).shape == (126, 102, 3)
    decoder.prepare()
    await decoder.close()


def test_the_child_is_confined_before_it_reads() -> None:
    """It says what it may do itself, in the place of decoding."""
    code = (
        "import os, socket, sys\n"
        "from likeness.edges import picture_child\n"
        "def tried(deed):\n"
        "    try: deed()\n"
        "    except PermissionError: return 'refused'\n"
        "    return 'done'\n"
        "def instead(*_):\n"
        "    os.write(1, ' '.join(map(tried, (\n"
        "        lambda: open('/etc/hostname'), socket.socket, os.fork,\n"
        "        lambda: os.execv('/bin/true', ['true']), lambda: None,\n"
        "    ))).encode())\n"
        "picture_child.cv2.imdecode = instead\n"
        "picture_child.main()\n"
    )
    child = subprocess.run(
        [sys.executable, "-I", "-c", code],
        input=b"x",
        env=ENVIRONMENT,
        capture_output=True,
        check=False,
    )
    assert child.stdout == READY + b"refused refused refused refused done"
