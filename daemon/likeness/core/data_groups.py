"""The files of an ICAO chip (LDS1, ICAO 9303-10), each into a small value.

EF.COM, DG1, DG2 and DG11 are read; of EF.SOD, DG14 and DG15 only the content is found.
Every count and size is bounded. Leaves to others: whether a file can be believed
(`chip.passive`), the MRZ's fields (`mrz`), decoding a portrait, what a card is made of
(`chip_card`).
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from unicodedata import category

from likeness.core import mrz, tlv
from likeness.core.mrz import Mrz
from likeness.core.mrz_days import FILLER
from likeness.core.tlv import BadTlv
from likeness.errors import LikenessError

# Short name → the file's tag (ICAO 9303-10 table 30).
TAGS = {
    "COM": 0x60,
    "DG1": 0x61,
    "DG2": 0x75,
    "DG3": 0x63,
    "DG4": 0x76,
    "DG5": 0x65,
    "DG6": 0x66,
    "DG7": 0x67,
    "DG8": 0x68,
    "DG9": 0x69,
    "DG10": 0x6A,
    "DG11": 0x6B,
    "DG12": 0x6C,
    "DG13": 0x6D,
    "DG14": 0x6E,
    "DG15": 0x6F,
    "DG16": 0x70,
    "SOD": 0x77,
}
GROUPS = tuple(name for name in TAGS if name.startswith("DG"))
GROUPS_BY_TAG = {tag: name for name, tag in TAGS.items() if name != "COM"}

MRZ = 0x5F1F
TAG_LIST = 0x5C
TEMPLATES, TEMPLATE, COUNT = 0x7F61, 0x7F60, 0x02
RECORD, RECORD_OF_TLV = 0x5F2E, 0x7F2E
FULL_NAME, PERSONAL_NUMBER, FULL_BIRTH = 0x5F0E, 0x5F10, 0x5F2B

TEXT_MOST_BYTES = 512  # 9303-10 allows 99 signs; in UTF-8 they may take four bytes each
PORTRAITS_MOST = 9  # instances of DG2, ICAO 9303-10 clause 4.7.2
IMAGE_MOST_BYTES = 1_000_000
BCD_DAY_BYTES = 4

# ISO/IEC 19794-5:2005 clause 5: sizes of the blocks of one face record.
FACE_MARK, FACE_VERSION = b"FAC\0", b"010\0"
RECORD_HEADER = struct.Struct(">4s4sIH")  # mark, version, length, faces
FACE_HEADER = struct.Struct(">IH14x")  # length of the block, feature points
FEATURE_POINT_BYTES = 8
IMAGE_HEADER = struct.Struct(">xxHHxxxxxx")  # width, height in pixels
FACE_OF_TLV = 0xA1  # ISO/IEC 39794-5 begins so, in BER


class BadGroup(LikenessError):
    """A file of the chip is broken: names the file, never its content."""


class UnsupportedGroup(BadGroup):
    """The file is of a form that is not read."""


class ImageFormat(StrEnum):
    """How a portrait is encoded, by its first bytes: the header's word is not taken."""

    JPEG = "jpeg"
    JP2 = "jp2"
    J2K = "j2k"  # a JPEG 2000 codestream without its box


MAGIC = {
    b"\xff\xd8\xff": ImageFormat.JPEG,
    bytes.fromhex("0000000C6A5020200D0A870A"): ImageFormat.JP2,
    bytes.fromhex("FF4FFF51"): ImageFormat.J2K,
}


@dataclass(frozen=True, slots=True)
class FaceImage:
    """One portrait; its size in pixels is what the record says, not what it is."""

    form: ImageFormat
    width: int
    height: int
    image: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Details:
    """What DG11 tells of the person; a field that it lacks is empty."""

    name: str = field(default="", repr=False)
    personal_number: str = field(default="", repr=False)
    birth: str = field(default="", repr=False)  # YYYYMMDD


def content(name: str, file: bytes) -> bytes:
    """Return what is inside a file, e.g. the signed data of the SOD.

    Raises:
        BadGroup: the file has another tag or length.
    """
    try:
        return tlv.one(file, TAGS[name]).value
    except BadTlv as wrong:
        raise BadGroup(f"{name}: {wrong}") from wrong


def read_com(file: bytes) -> tuple[str, ...]:
    """Name the files that the chip says it has; nobody signed this list.

    Raises:
        BadGroup: the file is broken.
    """
    tags = _child(tlv.Tlv(TAGS["COM"], content("COM", file)), TAG_LIST, "COM")
    return tuple(GROUPS_BY_TAG[tag] for tag in tags if tag in GROUPS_BY_TAG)


def read_dg1(file: bytes) -> Mrz:
    """Read the machine readable zone.

    Raises:
        BadGroup: the file is broken, or holds no MRZ.
    """
    signs = _child(tlv.Tlv(TAGS["DG1"], content("DG1", file)), MRZ, "DG1")
    try:
        return mrz.parse(signs.decode("ascii"))
    except (UnicodeDecodeError, mrz.BadMrz):
        raise BadGroup("DG1: holds no machine readable zone") from None


def read_dg2(file: bytes) -> tuple[FaceImage, ...]:
    """Read the portraits, at least one, in the file's order.

    Raises:
        BadGroup: the file is broken.
        UnsupportedGroup: no portrait in it has an encoding that is read.
    """
    try:
        records = tuple(_records(tlv.Tlv(TAGS["DG2"], content("DG2", file))))
        images = [image for record in records for image in _faces(record)]
    except (BadTlv, struct.error) as wrong:
        raise BadGroup(f"DG2: {wrong}") from wrong
    readable = tuple(image for image in images if image is not None)
    if not readable:
        raise UnsupportedGroup("DG2: unsupported encoding: no JPEG and no JPEG 2000")
    return readable


def read_dg11(file: bytes) -> Details:
    """Read what is told of the person besides the MRZ.

    Raises:
        BadGroup: the file is broken.
    """
    try:
        inside = {e.tag: e.value for e in tlv.elements(content("DG11", file))}
        return Details(
            name=_name(_text(inside.get(FULL_NAME, b""))),
            personal_number=_text(inside.get(PERSONAL_NUMBER, b"")),
            birth=_full_day(inside.get(FULL_BIRTH, b"")),
        )
    except (BadTlv, UnicodeDecodeError) as wrong:
        # A text that is no UTF-8 is part of a UnicodeDecodeError: it must not be shown.
        what = wrong if isinstance(wrong, BadTlv) else "a text is no UTF-8"
        raise BadGroup(f"DG11: {what}") from None


def _child(file: tlv.Tlv, tag: int, name: str) -> bytes:
    try:
        return file.child(tag).value
    except BadTlv as wrong:
        raise BadGroup(f"{name}: {wrong}") from wrong


def _records(dg2: tlv.Tlv) -> Iterator[tlv.Tlv]:
    """Yield the face records of a group of biometric templates (9303-10, table 34)."""
    group = dg2.child(TEMPLATES)
    templates = [element for element in group.children() if element.tag == TEMPLATE]
    stated = int.from_bytes(group.child(COUNT).value)
    if len(templates) != stated or not 1 <= stated <= PORTRAITS_MOST:
        raise BadTlv(f"{len(templates)} templates where {stated} are stated")
    for template in templates:
        inside = template.children()
        record = next((e for e in inside if e.tag in (RECORD, RECORD_OF_TLV)), None)
        if record is None:
            raise BadTlv("a template without its record")
        yield record


def _faces(record: tlv.Tlv) -> Iterator[FaceImage | None]:
    """Yield the images of one face record; None for one that we cannot read."""
    data = record.value
    if not data.startswith(FACE_MARK):
        newer = record.tag == RECORD_OF_TLV or data[:1] == bytes([FACE_OF_TLV])
        form = "ISO 39794-5" if newer else "no ISO 19794-5 record"
        raise UnsupportedGroup(f"DG2: unsupported encoding: {form}")
    _, version, length, faces = RECORD_HEADER.unpack_from(data)
    if version != FACE_VERSION:
        raise UnsupportedGroup("DG2: unsupported encoding: not ISO 19794-5:2005")
    if length > len(data) or not 1 <= faces <= PORTRAITS_MOST:
        raise BadTlv("a face record of no possible size")
    at = RECORD_HEADER.size
    for _ in range(faces):
        size, points = FACE_HEADER.unpack_from(data, at)
        headers = FACE_HEADER.size + points * FEATURE_POINT_BYTES + IMAGE_HEADER.size
        if not headers <= size <= len(data) - at:
            raise BadTlv("a face block of no possible size")
        width, height = IMAGE_HEADER.unpack_from(data, at + headers - IMAGE_HEADER.size)
        yield _image(data[at + headers : at + size], width, height)
        at += size


def _image(image: bytes, width: int, height: int) -> FaceImage | None:
    form = next(
        (form for magic, form in MAGIC.items() if image.startswith(magic)), None
    )
    if form is None or len(image) > IMAGE_MOST_BYTES:
        return None
    return FaceImage(form, width, height, image)


def _text(value: bytes) -> str:
    if len(value) > TEXT_MOST_BYTES:
        raise BadTlv("a text that is too long")
    text = value.decode("utf-8").strip()
    if any(category(sign) == "Cc" for sign in text):  # it would steer who shows it
        raise BadTlv("a text with control characters")
    return text


def _name(text: str) -> str:
    """Write a name as a card's MRZ name is written; signs are kept as they are."""
    surname, _, given = text.strip(FILLER).partition(FILLER * 2)
    parts = (" ".join(p.replace(FILLER, " ").split()) for p in (surname, given))
    return ", ".join(part for part in parts if part)


def _full_day(value: bytes) -> str:
    """Return eight digits, of four bytes BCD or eight of text: both are about."""
    text = value.hex() if len(value) == BCD_DAY_BYTES else value.decode("ascii")
    if text and not (len(text) == BCD_DAY_BYTES * 2 and text.isdigit()):
        raise BadTlv("a day of birth that is no eight digits")
    return text
