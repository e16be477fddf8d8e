"""Files are laid out by hand from ICAO 9303-10 and ISO/IEC 19794-5, by no simulator."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.data_groups import (
    TAGS,
    BadGroup,
    Details,
    FaceImage,
    ImageFormat,
    UnsupportedGroup,
    content,
    read_com,
    read_dg1,
    read_dg2,
    read_dg11,
)
from likeness.core.tlv import write

MRZ = (
    b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
    b"L898902C36UTO7408122F1204159ZE184226B<<<<<10"
)
JPEG = b"\xff\xd8\xff\xe0" + b"pixels"
JP2 = bytes.fromhex("0000000C6A5020200D0A870A") + b"pixels"
J2K = bytes.fromhex("FF4FFF51") + b"pixels"


def face(image: bytes, points: int = 0, size: int | None = None) -> bytes:
    """One face block: 20 bytes, 8 for each point, 12 of the image, the image."""
    whole = 20 + 8 * points + 12 + len(image)
    head = struct.pack(">IH14x", whole if size is None else size, points)
    # Image type 1, data type 0 whatever the image is, 102 × 126 pixels.
    about = bytes([1, 0]) + struct.pack(">HH", 102, 126) + bytes(6)
    return head + bytes(8 * points) + about + image


def record(*faces: bytes, count: int | None = None, version: bytes = b"010\0") -> bytes:
    body = b"".join(faces)
    stated = len(faces) if count is None else count
    return b"FAC\0" + version + struct.pack(">IH", 14 + len(body), stated) + body


def dg2(*records: bytes, tag: int = 0x5F2E, stated: int | None = None) -> bytes:
    header = write(0xA1, write(0x87, b"\1\1"), write(0x88, b"\0\x08"))
    templates = [write(0x7F60, header, write(tag, one)) for one in records]
    count = bytes([len(records) if stated is None else stated])
    return write(0x75, write(0x7F61, write(0x02, count), *templates))


# --- EF.COM and contents --------------------------------------------------------------


def test_the_sample_of_the_standard() -> None:
    # ICAO 9303-11 appendix D.4: EF.COM, LDS 1.6, with DG1 and DG2.
    com = "60145F0104303130365F36063034303030305C026175"
    assert read_com(bytes.fromhex(com)) == ("DG1", "DG2")


def test_tags_of_no_group_are_passed_over() -> None:
    tags = bytes([0x61, 0x6E, 0x01, 0x77])
    assert read_com(write(0x60, write(0x5C, tags))) == ("DG1", "DG14", "SOD")


@pytest.mark.parametrize("com", [b"", write(0x61, b""), write(0x60, b"\x5f\x01")])
def test_a_broken_list_of_files(com: bytes) -> None:
    with pytest.raises(BadGroup):
        read_com(com)


def test_content_is_found_by_the_files_own_tag() -> None:
    assert content("SOD", write(0x77, b"signed")) == b"signed"
    with pytest.raises(BadGroup, match="DG15"):
        content("DG15", write(0x6E, b"key"))


# --- DG1 ------------------------------------------------------------------------------


def test_the_zone() -> None:
    found = read_dg1(write(0x61, write(0x5F1F, MRZ)))
    assert (found.number, found.name) == ("L898902C3", "ERIKSSON, ANNA MARIA")


@pytest.mark.parametrize(
    "file",
    [
        b"",
        write(0x61, write(0x5F1F, MRZ[:-1])),
        write(0x61, write(0x5F1F, MRZ.lower())),
        write(0x61, write(0x5F1F, b"\xc3" + MRZ[1:])),
        write(0x61, write(0x5F0E, MRZ)),
        write(0x61, write(0x5F1F, MRZ))[:-1],
    ],
)
def test_a_broken_zone_is_refused_without_showing_it(file: bytes) -> None:
    with pytest.raises(BadGroup) as wrong:
        read_dg1(file)
    assert "ERIKSSON" not in str(wrong.value)
    assert wrong.value.__cause__ is None or "ERIKSSON" not in repr(
        wrong.value.__cause__
    )


# --- DG2 ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("image", "form"),
    [(JPEG, ImageFormat.JPEG), (JP2, ImageFormat.JP2), (J2K, ImageFormat.J2K)],
)
def test_the_first_bytes_tell_the_format(image: bytes, form: ImageFormat) -> None:
    # The header says JPEG each time: it is not believed.
    assert read_dg2(dg2(record(face(image)))) == (FaceImage(form, 102, 126, image),)


def test_feature_points_are_passed_over() -> None:
    assert read_dg2(dg2(record(face(JPEG, points=33))))[0].image == JPEG


def test_many_portraits_come_in_order() -> None:
    file = dg2(record(face(JPEG + b"1"), face(JPEG + b"2")), record(face(JP2)))
    assert [one.image for one in read_dg2(file)] == [JPEG + b"1", JPEG + b"2", JP2]


def test_a_portrait_that_cannot_be_read_leaves_the_others() -> None:
    assert [one.image for one in read_dg2(dg2(record(face(b"?"), face(J2K))))] == [J2K]


@pytest.mark.parametrize(
    ("file", "says"),
    [
        (dg2(write(0xA1, b"39794"), tag=0x7F2E), "39794-5"),
        (dg2(write(0xA1, b"39794")), "39794-5"),
        (dg2(b"something else"), "no ISO 19794-5"),
        (dg2(record(face(JPEG), version=b"030\0")), "not ISO 19794-5:2005"),
        (dg2(record(face(b"GIF89a"))), "no JPEG"),
        (dg2(record(face(JPEG + bytes(1_000_000)))), "no JPEG"),
    ],
)
def test_an_unsupported_encoding_is_named(file: bytes, says: str) -> None:
    with pytest.raises(UnsupportedGroup, match="unsupported encoding") as wrong:
        read_dg2(file)
    assert says in str(wrong.value)


@pytest.mark.parametrize(
    "file",
    [
        b"",
        write(0x75, b""),
        dg2(),
        dg2(record(face(JPEG)), stated=2),
        dg2(*[record(face(JPEG))] * 10),
        dg2(record(face(JPEG), count=2)),
        dg2(record(face(JPEG), count=0)),
        dg2(record(*[face(JPEG)] * 10)),
        dg2(record(face(JPEG, size=10_000))),
        dg2(record(face(JPEG, size=31))),
        dg2(record(face(JPEG, size=0))),
        dg2(record(face(JPEG))[:-1]),
        dg2(b"FAC\0" + b"010\0" + struct.pack(">IH", 999, 1) + face(JPEG)),
        dg2(record(face(JPEG))[:20]),
        dg2(b"FAC\0" + b"010\0"),
        write(0x75, write(0x7F61, write(0x02, b"\1"), write(0x7F60, b""))),
    ],
)
def test_a_count_or_size_that_cannot_be(file: bytes) -> None:
    with pytest.raises(BadGroup) as wrong:
        read_dg2(file)
    assert not isinstance(wrong.value, UnsupportedGroup)


def test_feature_points_beyond_the_block_are_refused() -> None:
    broken = bytearray(dg2(record(face(JPEG))))
    at = broken.index(b"FAC\0") + 14 + 4
    broken[at : at + 2] = b"\xff\xff"
    with pytest.raises(BadGroup):
        read_dg2(bytes(broken))


# --- DG11 -----------------------------------------------------------------------------


def dg11(**fields: bytes) -> bytes:
    tags = {"name": 0x5F0E, "number": 0x5F10, "birth": 0x5F2B}
    inside = [write(tags[name], value) for name, value in fields.items()]
    return write(0x6B, write(0x5C, b"\x5f\x0e"), *inside)


def test_further_details() -> None:
    name = "Müller-Łoś<<Zoë<Маша".encode()
    found = read_dg11(dg11(name=name, number=b"4711", birth=b"19740812"))
    assert found == Details("Müller-Łoś, Zoë Маша", "4711", "19740812")


def test_a_name_of_one_part_stays_one() -> None:
    assert read_dg11(dg11(name="王小明".encode())).name == "王小明"


def test_a_birth_may_be_packed() -> None:
    assert read_dg11(dg11(birth=bytes.fromhex("19740812"))).birth == "19740812"


def test_absent_details_are_empty() -> None:
    assert read_dg11(dg11()) == Details()


@pytest.mark.parametrize(
    "file",
    [
        b"",
        dg11(name=b"\xff\xfe"),
        dg11(name=b"A" * 513),
        dg11(name=b"ERIKSSON\x1b[2J<<ANNA"),
        dg11(birth=b"1974081"),
        dg11(birth=b"1974O812"),
        dg11(birth=bytes.fromhex("197408FF")),
        dg11(birth="١٩٧٤٠٨١٢".encode()),
    ],
)
def test_broken_details_are_refused(file: bytes) -> None:
    with pytest.raises(BadGroup):
        read_dg11(file)


def test_nothing_personal_shows() -> None:
    details = read_dg11(dg11(name=b"ERIKSSON<<ANNA", number=b"4711", birth=b"19740812"))
    shown = repr(details) + repr(read_dg2(dg2(record(face(JPEG)))))
    for secret in ("ERIKSSON", "4711", "1974", "pixels"):
        assert secret not in shown


# --- any bytes ------------------------------------------------------------------------

READERS = (read_com, read_dg1, read_dg2, read_dg11)
WHOLE = (
    write(0x60, write(0x5C, b"\x61")),
    write(0x61, write(0x5F1F, MRZ)),
    dg2(record(face(JPEG, points=2), face(JP2)), record(face(J2K))),
    dg11(name=b"ERIKSSON<<ANNA", number=b"4711", birth=b"19740812"),
)


@given(st.sampled_from(range(4)), st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_or_refused(which: int, data: bytes, tagged: bool) -> None:
    tag = [TAGS[name] for name in ("COM", "DG1", "DG2", "DG11")][which]
    with suppress(BadGroup):
        READERS[which](write(tag, data) if tagged else data)


@given(st.sampled_from(range(4)), st.data())
def test_any_change_is_read_or_refused(which: int, data: st.DataObject) -> None:
    file = bytearray(WHOLE[which])
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, len(file) - 1))] = data.draw(st.integers(0, 255))
    with suppress(BadGroup):
        READERS[which](bytes(file))
