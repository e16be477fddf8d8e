"""JPEG and JPEG 2000 of a chip become a plain picture, or a word why not."""

import asyncio
import struct
import subprocess
import sys
import zlib
from hashlib import sha256
from io import BytesIO

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from likeness.core.vocabulary import Portrait
from likeness.edges import jpeg2000_check, picture_child
from likeness.edges.chip_portrait import (
    MOST_BYTES,
    ChipPortrait,
    EitherPortrait,
    is_chip_picture,
    why_no_portrait,
)
from likeness.edges.picture_check import Size

FORMS = ("jpeg", "jp2", "j2k")


def drawing(width: int = 240, height: int = 320, mode: str = "RGB") -> Image.Image:
    across = np.linspace(0, 255, width, dtype=np.uint8)[None, :]
    down = np.linspace(0, 255, height, dtype=np.uint8)[:, None]
    grey = np.broadcast_to(across // 2 + down // 2, (height, width))
    red = np.broadcast_to(across, (height, width))
    return Image.fromarray(np.dstack((red, grey, 255 - red))).convert(mode)


def encoded(form: str, picture: Image.Image | None = None) -> bytes:
    out = BytesIO()
    picture = picture or drawing()
    if form == "jpeg":
        picture.save(out, "JPEG", quality=90)
    else:
        picture.save(out, "JPEG2000", no_jp2=form == "j2k")
    return out.getvalue()


def decode(record: bytes) -> Portrait:
    return asyncio.run(ChipPortrait().decode(record))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_pixels_are_those_that_pillow_gives_here(form: str, mode: str) -> None:
    record = encoded(form, drawing(mode=mode))
    portrait = decode(record)
    assert portrait.digest == sha256(record).hexdigest()
    assert portrait.image is not None
    found = cv2.imdecode(np.frombuffer(portrait.image, np.uint8), cv2.IMREAD_COLOR)
    with Image.open(BytesIO(record)) as here:
        expected = np.asarray(here.convert("RGB"))[:, :, ::-1]
    assert found.shape == (320, 240, 3)
    # Two decoders of JPEG may round otherwise; of JPEG 2000 there is one.
    assert np.abs(found.astype(int) - expected).max() <= (3 if form == "jpeg" else 0)


def test_the_largest_that_is_allowed_fits_into_its_memory() -> None:
    assert decode(encoded("jp2", drawing(2000, 2000))).image is not None


@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_the_size_is_read_without_decoding(form: str) -> None:
    size = jpeg2000_check.stated_size(encoded(form, drawing(101, 203)))
    assert size == Size(101, 203)


@pytest.mark.parametrize("form", FORMS)
def test_a_bomb_is_not_even_given_to_the_child(form: str) -> None:
    record = encoded(form, Image.new("L", (2100, 100)))
    assert why_no_portrait(record) == "odd-size"
    assert decode(record) == Portrait(None, "chip-odd-size")


def test_boxes_that_contradict_the_codestream_are_no_picture() -> None:
    record = bytearray(encoded("jp2"))
    at = record.index(b"ihdr") + 4
    struct.pack_into(">II", record, at, 100, 100)
    assert why_no_portrait(bytes(record)) == "no-picture"


def test_too_many_tiles_are_no_picture() -> None:
    record = bytearray(encoded("j2k"))
    struct.pack_into(">II", record, 4 + 4 + 16, 2, 2)  # XTsiz, YTsiz
    assert why_no_portrait(bytes(record)) == "no-picture"


@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_damage_within_is_no_crash(form: str) -> None:
    record = bytearray(encoded(form))
    start = record.index(b"\xff\x93")  # SOD: the coded data follow
    record[start + 2 : start + 200] = zlib.compress(bytes(10_000), 9).ljust(
        198, b"\xa5"
    )
    portrait = decode(bytes(record))
    assert portrait.image is not None or portrait.reason.startswith("chip-")


@pytest.mark.parametrize("form", ["jp2", "j2k"])
def test_without_pillow_jpeg_2000_is_no_picture(form: str) -> None:
    # As an SDT terminal has it. OpenCV could decode it, and had a hole just there.
    child = [sys.executable, "-I", "-m", picture_child.__name__]
    sent = encoded(form)
    ended = subprocess.run(child, input=sent, stdout=subprocess.PIPE, check=False)
    assert ended.returncode == picture_child.EXIT_NO_PICTURE
    assert ended.stdout == picture_child.READY


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", "no-record"),
        (b"WLf" + bytes(1021), "chip-no-picture"),
        (jpeg2000_check.JP2_START, "chip-no-picture"),
        (jpeg2000_check.STREAM_START + bytes(60), "chip-no-picture"),
        (jpeg2000_check.STREAM_START + bytes(MOST_BYTES), "chip-too-much"),
        (encoded("jpeg")[:-400], "chip-no-picture"),
        (encoded("jp2", Image.new("RGB", (240, 320))), "chip-blank"),
    ],
)
def test_what_is_no_portrait_has_a_word(record: bytes, reason: str) -> None:
    assert decode(record) == Portrait(None, reason)


@given(st.binary(max_size=300), st.sampled_from([0, 4, 12, 60, 10_000]))
def test_any_bytes_are_judged(junk: bytes, keep: int) -> None:
    for form in ("jp2", "j2k"):
        data = SAMPLES[form][:keep] + junk
        size = jpeg2000_check.stated_size(data)
        assert size is None or (size.width > 0 and size.height > 0)


SAMPLES = {form: encoded(form, drawing(64, 64)) for form in FORMS}


class Named:
    """A source that says who it is."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.prepared = 0

    def prepare(self) -> None:
        self.prepared += 1

    async def decode(self, record: bytes) -> Portrait:
        return Portrait(None, f"{self._name} {len(record)}")


def test_a_terminal_with_both_gives_each_record_to_its_own() -> None:
    chip, other = Named("chip"), Named("wlt")
    either = EitherPortrait(chip, other)

    def who(record: bytes) -> str:
        return asyncio.run(either.decode(record)).reason.split()[0]

    assert [who(SAMPLES[form]) for form in FORMS] == ["chip"] * 3
    assert who(b"WLf" + bytes(1021)) == "wlt"
    assert who(b"") == "wlt"
    assert not is_chip_picture(b"BM")
    either.prepare(chip=True)
    assert (chip.prepared, other.prepared) == (1, 0)
