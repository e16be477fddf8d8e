"""Deadlines of one command; the whole conversation is tested with the dialogue."""

import pytest

from likeness.core.card_answers import Answer, Command, Meaning
from likeness.core.card_exchange import Exchange, Failure
from likeness.core.card_frames import START, encode

OK = encode(b"\0\0\x90")


def asked(command: Command = Command.FIND, baud: int = 115200) -> Exchange:
    exchange = Exchange(baud)
    exchange.begin(command, 10.0)
    return exchange


def test_an_answer_ends_the_exchange() -> None:
    exchange = asked()
    answer = exchange.take(OK, 10.1)
    assert isinstance(answer, Answer)
    assert answer.meaning is Meaning.OK
    assert not exchange.busy
    assert exchange.deadline is None


@pytest.mark.parametrize(
    ("command", "first_s"),
    [
        (Command.STATUS, 0.5),
        (Command.READER_ID, 0.5),
        (Command.FIND, 0.8),
        (Command.SELECT, 0.8),
        (Command.READ, 2.0),
        (Command.READ_APPENDED, 1.5),
        (Command.RESET, 2.0),
    ],
)
def test_silence_is_told_at_the_deadline_and_not_before(
    command: Command, first_s: float
) -> None:
    exchange = asked(command)
    assert exchange.deadline == pytest.approx(10.0 + first_s)
    assert exchange.check(10.0 + first_s - 0.001) is None
    assert exchange.check(10.0 + first_s + 0.001) is Failure.SILENT


def test_the_first_command_after_opening_has_more_time() -> None:
    exchange = Exchange()
    exchange.begin(Command.STATUS, 0.0, first_s=1.5)
    assert exchange.check(1.4) is None
    assert exchange.check(1.6) is Failure.SILENT


def test_a_slow_line_has_more_time_for_a_record() -> None:
    exchange = asked(Command.READ, baud=9600)
    record = encode(b"\0\0\x90" + bytes(1284))
    for at in range(0, len(record) - 12, 12):
        assert exchange.take(record[at : at + 12], 12.0 + at / 600) is None
        assert exchange.check(12.0 + at / 600) is None
    assert isinstance(exchange.take(record[at + 12 :], 14.2), Answer)


def test_a_gap_inside_a_frame_is_damage() -> None:
    exchange = asked()
    exchange.take(OK[:7], 10.1)
    assert exchange.check(10.29) is None
    assert exchange.check(10.31) is Failure.DAMAGED


def test_a_stray_byte_does_not_shorten_the_patience() -> None:
    exchange = asked()
    exchange.take(b"\xaa", 10.1)  # may be the beginning of a start
    assert exchange.check(10.35) is None
    assert isinstance(exchange.take(OK, 10.6), Answer)


def test_drops_that_never_end_are_given_up() -> None:
    exchange, now = asked(), 10.0
    exchange.take(START + b"\x05\x08", now)
    outcome = None
    while outcome is None:
        now += 0.05
        exchange.take(b"\0", now)
        outcome = exchange.check(now)
    assert outcome is Failure.SLOW
    assert now < 13.0


def test_after_damage_only_silence_counts() -> None:
    exchange = asked()
    bad = OK[:-1] + b"\0"
    assert exchange.take(bad + OK, 10.1) is None
    assert exchange.take(OK, 10.12) is None
    assert exchange.check(10.16) is None
    assert exchange.check(10.18) is Failure.DAMAGED


def test_what_is_left_of_an_older_answer_is_dropped() -> None:
    exchange = asked()
    exchange.take(OK + OK[:6], 10.1)
    exchange.take(OK[6:8], 10.2)
    exchange.begin(Command.FIND, 10.5)
    assert isinstance(exchange.take(OK, 10.6), Answer)


def test_stray_answers_without_a_command_are_counted_only() -> None:
    exchange = Exchange()
    assert exchange.take(OK, 1.0) is None
    assert exchange.deadline is None
    assert exchange.tally.answers == 0
    assert exchange.tally.noise_bytes > 0
