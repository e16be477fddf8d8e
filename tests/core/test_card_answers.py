import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.card_answers import (
    Answer,
    Command,
    Meaning,
    Record,
    parse_answer,
    parse_reader_id,
    parse_record,
)

TEXT, PORTRAIT, FINGER = b"t" * 256, b"p" * 1024, b"f" * 1024


def record_data(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(part)) for part in parts) + b"".join(parts)


# card-readers A.4.
@pytest.mark.parametrize(
    ("command", "frame"),
    [
        (Command.RESET, "AA AA AA 96 69 00 03 10 FF EC"),
        (Command.STATUS, "AA AA AA 96 69 00 03 11 FF ED"),
        (Command.READER_ID, "AA AA AA 96 69 00 03 12 FF EE"),
        (Command.FIND, "AA AA AA 96 69 00 03 20 01 22"),
        (Command.SELECT, "AA AA AA 96 69 00 03 20 02 21"),
        (Command.READ, "AA AA AA 96 69 00 03 30 01 32"),
        (Command.READ_APPENDED, "AA AA AA 96 69 00 03 30 03 30"),
        (Command.READ_CHIP_NUMBER, "AA AA AA 96 69 00 03 30 05 36"),
        (Command.READ_WITH_FINGERPRINT, "AA AA AA 96 69 00 03 30 10 23"),
    ],
)
def test_commands(command: Command, frame: str) -> None:
    assert command.frame() == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("size", "frame"),
    [
        (0x50, "AA AA AA 96 69 00 04 61 FF 50 CA"),
        (0x58, "AA AA AA 96 69 00 04 61 FF 58 C2"),
    ],
)
def test_the_command_with_a_number_of_its_own(size: int, frame: str) -> None:
    assert Command.RF_SIZE.frame(bytes([size])) == bytes.fromhex(frame)


def test_no_command_changes_the_readers_rate() -> None:
    assert all(command.value[0] != 0x60 for command in Command)


# card-readers A.7.
@pytest.mark.parametrize(
    ("status", "meaning"),
    [
        ("00 00 90", Meaning.OK),
        ("00 00 9F", Meaning.FOUND),
        ("00 00 80", Meaning.NO_CARD),
        ("00 00 91", Meaning.NO_CONTENT),
        ("00 00 10", Meaning.NOT_HEARD),
        ("00 00 11", Meaning.NOT_HEARD),
        ("00 00 21", Meaning.NOT_SUPPORTED),
        ("00 00 24", Meaning.RETRY),
        ("12 34 31", Meaning.RETRY_THEN_REJECT),
        ("00 00 32", Meaning.REJECTED),
        ("00 00 33", Meaning.RETRY_THEN_REJECT),
        ("00 00 40", Meaning.WRONG_CARD),
        ("90 90 41", Meaning.RETRY),
        ("56 78 47", Meaning.RETRY),
        ("00 00 60", Meaning.READER_FAULT),
        ("00 00 66", Meaning.READER_FAULT),
        ("9A BC 81", Meaning.RETRY),
        ("90 00 00", Meaning.UNKNOWN),
    ],
)
def test_the_third_status_byte_decides(status: str, meaning: Meaning) -> None:
    answer = parse_answer(bytes.fromhex(status) + b"data")
    assert answer.meaning is meaning
    assert answer.status_text == status
    assert answer.data == b"data"


def test_published_reader_id() -> None:
    data = bytes.fromhex("05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A")
    assert parse_reader_id(data) == "05.01-20110511-0001234567-0987654321"
    assert parse_reader_id(data[:-1]) is None
    assert parse_reader_id(data + b"\0") is None


def test_record_without_and_with_a_fingerprint() -> None:
    assert parse_record(record_data(TEXT, PORTRAIT)) == Record(TEXT, PORTRAIT)
    for finger in (FINGER, FINGER[:512], b""):
        with_finger = record_data(TEXT, PORTRAIT, finger)
        assert parse_record(with_finger) == Record(TEXT, PORTRAIT, finger)


def test_a_record_without_a_portrait_is_still_one() -> None:
    assert parse_record(record_data(TEXT, b"")) == Record(TEXT, b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x01\x00\x04",
        record_data(TEXT, PORTRAIT)[:-1],
        record_data(TEXT, PORTRAIT) + b"\0",
        record_data(b"", PORTRAIT),
        record_data(TEXT, PORTRAIT, FINGER)[:-1],
    ],
)
def test_a_record_that_contradicts_its_lengths_is_none(data: bytes) -> None:
    assert parse_record(data) is None


@given(st.binary(max_size=3000))
def test_no_data_raises(data: bytes) -> None:
    parse_record(data)
    parse_reader_id(data)


def test_nothing_personal_shows_in_a_repr() -> None:
    assert "secret" not in repr(Answer(b"\0\0\x90", b"secret"))
    assert "secret" not in repr(Record(b"secret", b"secret", b"secret"))
