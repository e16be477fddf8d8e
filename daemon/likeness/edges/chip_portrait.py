"""Turns the picture that an ICAO chip holds into one of our own making.

JPEG and JPEG 2000, told by their first bytes (ICAO 9303-10 leaves both); decoded in a
confined process of its own, and written anew as BMP from the pixels alone: the daemon
itself decodes nothing from outside. Leaves to others: finding the picture in DG2
(`core.data_groups`), the process (`picture_decoding`), the SDT card's record
(`portrait_decoder`).
"""

import logging
import sys
from hashlib import sha256
from typing import Protocol

import cv2

from likeness.core.vocabulary import Portrait
from likeness.edges import jpeg2000_check, picture_child
from likeness.edges.picture_check import is_odd, why_unusable
from likeness.edges.picture_decoding import NoPicture, PictureDecoder

log = logging.getLogger(__name__)

MOST_BYTES = 1_000_000
JPEG_START = b"\xff\xd8\xff"
PROGRAM = (sys.executable, "-I", "-m", picture_child.__name__, picture_child.JPEG_2000)


def is_chip_picture(record: bytes) -> bool:
    """Tell a picture of a chip from the record of an SDT card."""
    return record.startswith(JPEG_START) or jpeg2000_check.is_jpeg2000(record)


def why_no_portrait(record: bytes) -> str:
    """Return "" for a picture that may be decoded, else a short word."""
    if len(record) > MOST_BYTES:
        return "too-much"
    if not jpeg2000_check.is_jpeg2000(record):
        return why_unusable(record) if record.startswith(JPEG_START) else "no-picture"
    size = jpeg2000_check.stated_size(record)
    if size is None:
        return "no-picture"
    return "odd-size" if is_odd(size) else ""


class ChipPortrait:
    """Fits `service.ports.PortraitSource`.

    Reasons: `no-record`, `chip-no-picture`, `chip-odd-size`, `chip-too-much`,
    `chip-blank`, `chip-unconfined`.
    """

    def __init__(self, pictures: PictureDecoder | None = None) -> None:
        self._pictures = pictures or PictureDecoder(
            program=PROGRAM, check=why_no_portrait
        )

    def prepare(self) -> None:
        """A card was found: its portrait will come soon."""
        self._pictures.prepare()

    async def decode(self, record: bytes) -> Portrait:
        """Decode one picture; never raises for a bad one."""
        if not record:
            return Portrait(None, "no-record")
        try:
            pixels = await self._pictures.decode(record)
        except NoPicture as none:
            log.warning("event=portrait_not_decoded reason=chip-%s", none)
            return Portrait(None, f"chip-{none}")
        finally:
            await self._pictures.close()
        plain = cv2.imencode(".bmp", pixels)[1].tobytes()
        return Portrait(plain, digest=sha256(record).hexdigest())


class Source(Protocol):
    """One family's decoder."""

    def prepare(self) -> None:
        """A card was found: its portrait will come soon."""
        ...

    async def decode(self, record: bytes) -> Portrait:
        """Decode one record; never raises for a bad one."""
        ...


class EitherPortrait:
    """For a terminal that reads both families: the record's first bytes tell which.

    A WLT record of an SDT card begins with `WLf`; whichever decoder gets a record that
    is not its own finds no picture in it.
    """

    def __init__(self, chip: Source, other: Source) -> None:
        self._chip = chip
        self._other = other

    def prepare(self, *, chip: bool) -> None:
        """A card was found, on the reader of chips or on the other."""
        (self._chip if chip else self._other).prepare()

    async def decode(self, record: bytes) -> Portrait:
        """Give it to the one that can."""
        source = self._chip if is_chip_picture(record) else self._other
        return await source.decode(record)
