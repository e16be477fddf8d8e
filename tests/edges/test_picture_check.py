import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.edges.picture_check import Size, stated_size, why_unusable


def picture(width: int, height: int, suffix: str) -> bytes:
    shades = np.add.outer(np.arange(height), np.arange(width)) % 200
    done, encoded = cv2.imencode(suffix, shades.astype(np.uint8))
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


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_one_that_lacks_its_end_is_not_decoded(suffix: str) -> None:
    whole = picture(102, 126, suffix)
    for size in (60, len(whole) // 2, len(whole) - 1):
        assert why_unusable(whole[:size]) == "no-picture"


def test_a_jpeg_may_be_filled_up_with_zeros() -> None:
    assert why_unusable(picture(102, 126, ".jpg") + bytes(100)) == ""


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


@pytest.mark.parametrize("before", [b"\xff", b"\xff\x01"])
def test_a_jpeg_cannot_show_us_another_size_than_its_decoder(before: bytes) -> None:
    # Once so: fill bytes, or a mark without a length, stand before the frame.
    # Read as a segment they lead to a second frame, small and never decoded; 49 kB
    # became 3.4 GB.
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, 20_000, 20_000, 1) + b"\1\x11\0"
    bomb = b"\xff\xd8" + before + frame
    (length,) = struct.unpack_from(">H", bomb, 4)
    bomb = bomb.ljust(2 + 2 + length, b"\0") + frame[:5]
    bomb += struct.pack(">HHB", 126, 102, 1) + bytes(9)
    assert stated_size(bomb) is None


def test_a_jpeg_of_very_many_scans_is_not_decoded() -> None:
    # Once so: each scan of 14 bytes goes over all the picture.
    shades = np.add.outer(np.arange(126), np.arange(102)).astype(np.uint8)
    progressive = [cv2.IMWRITE_JPEG_PROGRESSIVE, 1]
    done, encoded = cv2.imencode(".jpg", shades, progressive)
    image = encoded.tobytes()
    assert done
    assert why_unusable(image) == ""
    scan = image[image.rindex(b"\xff\xda") : -2]
    assert stated_size(image[:-2] + scan * 100 + image[-2:]) is None


def test_a_png_whose_chunk_says_more_than_there_is_is_not_decoded() -> None:
    # Found by fuzzing: 249 bytes took 512 MiB.
    image = bytearray(picture(102, 126, ".png"))
    at = image.index(b"IDAT") - 4
    struct.pack_into(">I", image, at, 0x2000_00C0)
    assert stated_size(bytes(image)) is None


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"IHDR"])
def test_a_png_with_more_than_pixels_is_not_decoded(kind: bytes) -> None:
    # Once so: 900 kB of compressed texts became 900 MB.
    image = picture(102, 126, ".png")
    chunk = kind + b"key\0\0" + zlib.compress(bytes(1000))
    whole = struct.pack(">I", len(chunk) - 4) + chunk
    whole += struct.pack(">I", zlib.crc32(chunk))
    assert stated_size(image) is not None
    assert stated_size(image[:33] + whole + image[33:]) is None
    assert stated_size(image + whole) is None


@pytest.mark.parametrize("image", [b"", b"BM", b"GIF89a" + bytes(100), b"<svg/>"])
def test_other_bytes_are_no_picture(image: bytes) -> None:
    assert why_unusable(image) == "no-picture"


@given(
    st.sampled_from([b"BM", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]),
    st.binary(max_size=80),
)
def test_no_bytes_raise(start: bytes, rest: bytes) -> None:
    assert isinstance(why_unusable(start + rest), str)
