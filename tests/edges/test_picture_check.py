import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.edges.picture_check import Size, stated_size, why_unusable


def picture(width: int, height: int, suffix: str, *, blank: bool = False) -> bytes:
    shades = np.add.outer(np.arange(height), np.arange(width)) % 200
    image = np.full((height, width), 128) if blank else shades
    done, encoded = cv2.imencode(suffix, image.astype(np.uint8))
    assert done
    return encoded.tobytes()


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".jpg"])
@pytest.mark.parametrize(("width", "height"), [(102, 126), (60, 60), (2000, 60)])
def test_plausible_pictures_are_usable(suffix: str, width: int, height: int) -> None:
    image = picture(width, height, suffix)
    assert stated_size(image) == Size(width, height)
    assert why_unusable(image) == ""


@pytest.mark.parametrize("suffix", [".bmp", ".png", ".jpg"])
def test_odd_pictures_are_named(suffix: str) -> None:
    assert why_unusable(picture(59, 126, suffix)) == "odd-size"
    assert why_unusable(picture(102, 2001, suffix)) == "odd-size"
    assert why_unusable(picture(102, 126, suffix, blank=True)) == "blank"
    assert why_unusable(picture(102, 126, suffix)[:60]) == "no-picture"


def test_a_bmp_with_its_top_row_first() -> None:
    image = bytearray(picture(102, 126, ".bmp"))
    struct.pack_into("<i", image, 22, -126)
    assert stated_size(bytes(image)) == Size(102, 126)
    assert why_unusable(bytes(image)) == ""


def test_a_bomb_is_not_decoded() -> None:
    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header)) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk))
    assert why_unusable(bomb) == "odd-size"


@pytest.mark.parametrize("image", [b"", b"BM", b"GIF89a" + bytes(100), b"<svg/>"])
def test_other_bytes_are_no_picture(image: bytes) -> None:
    assert why_unusable(image) == "no-picture"


@given(
    st.sampled_from([b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]),
    st.binary(max_size=80),
)
def test_no_bytes_raise(start: bytes, rest: bytes) -> None:
    assert isinstance(why_unusable(start + rest), str)
