"""What each command becomes, and what the dialogue hears of the answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import card_frames, stx_frames
from likeness.core.card_answers import Answer, Command, parse_answer, parse_record
from likeness.core.card_frames import Frame, FrameCutter
from likeness.core.stx_talk import Said, StxTalk

WHOLE = bytes.fromhex("02 00 03 CA 01 00 CB 03")
NUMBER = bytes.fromhex("02 00 03 CA 01 02 C9 03")
SECRET = "110105194912310021".encode("utf-16-le")
RECORD = b"\x01\0\x04\0" + b"t" * 256 + b"p" * 1024


def heard(asked: Command, status: str, data: bytes = b"") -> Answer | None:
    talk = StxTalk()
    talk.ask(asked.frame())
    return understood(talk.hear(stx_frames.encode(bytes.fromhex(status) + data)))


def understood(frames: bytes) -> Answer | None:
    found = [one for one in FrameCutter().feed(frames) if isinstance(one, Frame)]
    return parse_answer(found[0].body) if found else None


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        (Command.STATUS, NUMBER),
        (Command.FIND, NUMBER),
        (Command.READ_APPENDED, NUMBER),
        (Command.READ, WHOLE),
    ],
)
def test_what_is_asked_of_the_module(asked: Command, sent: bytes) -> None:
    assert StxTalk().ask(asked.frame()) == Said(sent, b"")


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        (Command.SELECT, "00 00 90"),
        (Command.RESET, "00 00 90"),
        (Command.READER_ID, "00 00 91"),
        (Command.READ_CHIP_NUMBER, "00 00 21"),
        (Command.READ_WITH_FINGERPRINT, "00 00 21"),
        (Command.RF_SIZE, "00 00 21"),
    ],
)
def test_what_the_module_does_not_know_is_answered_here(
    asked: Command, status: str
) -> None:
    said = StxTalk().ask(asked.frame(b"\x50" if asked is Command.RF_SIZE else b""))
    assert said.to_module == b""
    assert said.to_dialogue == card_frames.encode(bytes.fromhex(status))


@pytest.mark.parametrize(
    ("asked", "status", "becomes"),
    [
        (Command.FIND, "90 00", "00 00 9F"),
        (Command.FIND, "9F 00", "00 00 9F"),
        (Command.FIND, "80 00", "00 00 80"),
        (Command.FIND, "66 00", "00 00 66"),
        (Command.STATUS, "90 00", "00 00 90"),
        (Command.STATUS, "80 00", "00 00 90"),  # no card, but a module
        (Command.STATUS, "60 00", "00 00 60"),
        (Command.READ_APPENDED, "90 00", "00 00 90"),
        (Command.READ_APPENDED, "80 00", "00 00 80"),
        (Command.READ, "41 12", "00 12 41"),
    ],
)
def test_a_status_stands_the_other_way_round(
    asked: Command, status: str, becomes: str
) -> None:
    answer = heard(asked, status)
    assert answer is not None
    assert answer.status_text == becomes


def test_a_record_comes_through_whole() -> None:
    answer = heard(Command.READ, "90 00", RECORD)
    assert answer is not None
    record = parse_record(answer.data)
    assert record is not None
    assert (record.text, record.portrait) == (b"t" * 256, b"p" * 1024)


@pytest.mark.parametrize("asked", [Command.STATUS, Command.FIND, Command.READ_APPENDED])
def test_the_number_goes_no_further(asked: Command) -> None:
    answer = heard(asked, "90 00", SECRET)
    assert answer is not None
    assert answer.data == b""


def test_the_longest_frame_still_fits() -> None:
    data = bytes(stx_frames.LENGTH_MAX - 2)
    answer = heard(Command.READ, "90 00", data)
    assert answer is not None
    assert answer.data == data


def test_what_nobody_asked_for_is_dropped() -> None:
    talk = StxTalk()
    answer = stx_frames.encode(b"\x80\0")
    assert talk.hear(answer) == b""
    talk.ask(Command.FIND.frame())
    assert talk.hear(answer + answer) != b""
    assert talk.hear(answer) == b""
    talk.ask(Command.SELECT.frame())  # answered here: nothing is under way
    assert talk.hear(answer) == b""


def test_what_is_left_of_an_older_answer_does_not_spoil_the_next() -> None:
    talk = StxTalk()
    talk.ask(Command.READ.frame())
    assert talk.hear(stx_frames.encode(b"\x90\0" + RECORD)[:700]) == b""
    talk.ask(Command.FIND.frame())
    assert talk.hear(stx_frames.encode(b"\x80\0")) != b""


@given(st.sampled_from(Command), st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_raise(asked: Command, parts: list[bytes]) -> None:
    talk = StxTalk()
    talk.ask(asked.frame())
    for part in parts:
        talk.hear(part)
    talk.ask(b"".join(parts))


def test_nothing_personal_shows_in_a_repr() -> None:
    assert "secret" not in repr(Said(b"", b"secret"))
