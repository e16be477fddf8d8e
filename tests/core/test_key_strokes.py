"""A wedge scanner's keys become the lines that it read."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.key_strokes import KeyStrokes

SHIFT, ENTER, COMMA, BACKSPACE = 42, 28, 51, 14
ROWS = ((2, "1234567890"), (16, "QWERTYUIOP"), (30, "ASDFGHJKL"), (44, "ZXCVBNM"))
CODES = {sign: first + at for first, row in ROWS for at, sign in enumerate(row)}
MRZ = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def event(code: int, value: int, kind: int = 1) -> bytes:
    return struct.pack("@llHHi", 1, 2, kind, code, value) + struct.pack(
        "@llHHi",
        1,
        2,
        0,
        0,
        0,  # EV_SYN behind each
    )


def press(code: int) -> bytes:
    return event(code, 1) + event(code, 0)


def typed(text: str) -> bytes:
    """Type as a scanner does: capitals and `<` with shift."""
    strokes = b""
    for sign in text:
        shifted = sign == "<" or sign.isalpha()
        strokes += event(SHIFT, 1) if shifted else b""
        strokes += press(COMMA if sign == "<" else CODES[sign])
        strokes += event(SHIFT, 0) if shifted else b""
    return strokes


@pytest.mark.parametrize("slices", [1, 7, 24, 10_000])
def test_an_mrz_line_in_any_slices(slices: int) -> None:
    strokes = KeyStrokes()
    data = typed(MRZ) + press(ENTER) + typed("123456") + press(96)
    lines: list[str] = []
    for at in range(0, len(data), slices):
        lines += strokes.feed(data[at : at + slices])
    assert lines == [MRZ, "123456"]


def test_keypad_and_corrections() -> None:
    strokes = KeyStrokes()
    keypad = b"".join(map(press, (79, 80, 81, 75, 76, 77)))
    assert strokes.feed(keypad + press(ENTER)) == ["123456"]
    assert strokes.feed(typed("13") + press(BACKSPACE) + press(3) + press(ENTER)) == [
        "12"
    ]


def test_a_key_that_repeats_itself_counts() -> None:
    strokes = KeyStrokes()
    held = event(2, 1) + event(2, 2) + event(2, 0)
    assert strokes.feed(held + press(ENTER)) == ["11"]


def test_other_keys_and_events_are_passed_over() -> None:
    strokes = KeyStrokes()
    other = press(59) + event(3, 5, kind=4) + event(SHIFT, 1) + press(2)
    assert strokes.feed(other + event(SHIFT, 0) + press(ENTER)) == []  # F1, "!"


def test_what_waits_is_bounded_and_shows_nowhere() -> None:
    strokes = KeyStrokes()
    strokes.feed(typed("7" * 500))
    assert repr(strokes) == "KeyStrokes(128 signs waiting)"
    assert strokes.feed(press(ENTER)) == ["7" * 128]


@given(st.lists(st.binary(max_size=100), max_size=20))
def test_any_bytes_are_keys_or_nothing(parts: list[bytes]) -> None:
    strokes = KeyStrokes()
    for part in parts:
        assert all(line.isascii() for line in strokes.feed(part))


def test_after_lost_events_nothing_of_the_line_and_no_held_shift_is_believed() -> None:
    strokes = KeyStrokes()
    dropped = event(3, 0, kind=0)  # SYN_DROPPED
    assert strokes.feed(typed("99") + event(SHIFT, 1) + dropped) == []
    assert strokes.feed(typed("123456") + press(ENTER)) == ["123456"]
