"""Commands and answers of chips: what is written is what the standard says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.apdu import BadApdu, Command, Response


@pytest.mark.parametrize(
    ("command", "written"),
    [
        # The seven forms of ISO/IEC 7816-4 clause 5.1.
        (Command(0x00, 0x44, 0x00, 0x00), "00440000"),
        (Command(0x00, 0x84, 0x00, 0x00, expected=8), "0084000008"),
        (Command(0x00, 0xA4, 0x02, 0x0C, b"\x01\x1e"), "00A4020C02011E"),
        (Command(0x10, 0x86, 0, 0, b"\x7c\0", 256), "10860000027C0000"),
        (Command(0x00, 0xB0, 0x00, 0x00, expected=257), "00B00000000101"),
        (Command(0x00, 0x22, 0, 0, bytes(256)), "00220000000100" + "00" * 256),
        (Command(0x00, 0x88, 0, 0, b"\7", 65536), "00880000000001070000"),
        (Command(0x00, 0x88, 0, 0, bytes(256), 8), f"00880000000100{'00' * 256}0008"),
    ],
)
def test_each_form_of_a_command(command: Command, written: str) -> None:
    assert command.encode() == bytes.fromhex(written)


def test_short_lengths_up_to_their_limit() -> None:
    assert len(Command(0, 0, 0, 0, bytes(255), 256).encode()) == 4 + 1 + 255 + 1
    assert not Command(0, 0, 0, 0, bytes(255), 256).is_extended
    assert Command(0, 0, 0, 0, bytes(256)).is_extended
    assert Command(0, 0, 0, 0, expected=257).is_extended


@pytest.mark.parametrize(
    ("data", "expected"), [(bytes(65536), None), (b"", 0), (b"", 65537)]
)
def test_what_no_command_can_say_is_refused(data: bytes, expected: int | None) -> None:
    with pytest.raises(ValueError, match="bytes"):
        Command(0, 0, 0, 0, data, expected)


def test_an_answer_is_data_and_status() -> None:
    answer = Response.decode(bytes.fromhex("60145F019000"))
    assert answer == Response(bytes.fromhex("60145F01"), 0x9000)
    assert answer.ok
    assert not Response.decode(bytes.fromhex("6282")).ok


def test_counts_in_a_status() -> None:
    assert Response(b"", 0x6110).waiting == 16
    assert Response(b"", 0x6100).waiting == 256
    assert Response(b"", 0x9000).waiting is None
    assert Response(b"", 0x6C05).right_length == 5
    assert Response(b"", 0x6700).right_length is None
    assert Response(b"", 0x63C2).tries_left == 2
    assert Response(b"", 0x63C0).tries_left == 0
    assert Response(b"", 0x6300).tries_left is None


@pytest.mark.parametrize("answer", [b"", b"\x90", bytes(65539)])
def test_no_answer_at_all(answer: bytes) -> None:
    with pytest.raises(BadApdu):
        Response.decode(answer)


@given(st.binary(min_size=2, max_size=300))
def test_every_answer_is_read_whole(answer: bytes) -> None:
    read = Response.decode(answer)
    assert read.data + read.status.to_bytes(2) == answer


def test_data_never_shows_in_a_repr() -> None:
    assert "SECRET" not in repr(
        (Command(0, 0, 0, 0, b"SECRET"), Response(b"SECRET", 1))
    )
