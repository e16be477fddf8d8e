"""Steps that the dialogue's transcripts do not show; the rest is tested with it."""

import pytest

from likeness.core.card_answers import Answer, Command
from likeness.core.card_cycle import (
    NO_WISHES,
    CardCycle,
    CardFound,
    CardRead,
    CardRemoved,
    CardTrouble,
    Step,
    Wishes,
)
from likeness.core.card_trouble import Trouble

RECORD = bytes.fromhex("00 02 00 01") + b"tt" + b"p"


def status(word: int, data: bytes = b"") -> Answer:
    return Answer(bytes([0, 0, word]), data)


def wanting(*words: int, wishes: Wishes = NO_WISHES) -> CardCycle:
    cycle = CardCycle(wishes)
    cycle.wanted, cycle.reader_id = True, "reader"
    for word in words:
        cycle.answered(status(word, RECORD), 0.0)
    return cycle


def test_a_record_is_told_with_its_reader() -> None:
    cycle = wanting(0x9F, 0x90)
    assert cycle.answered(status(0x90, RECORD), 0.0) == [
        CardRead(b"tt", b"p", "reader")
    ]
    assert cycle.step is Step.HELD


def test_a_record_that_came_too_late_is_not_told_but_its_card_must_go() -> None:
    cycle = wanting(0x9F, 0x90)
    cycle.wanted = False
    assert cycle.answered(status(0x90, RECORD), 0.0) == []
    assert cycle.step is Step.HELD


def test_a_record_that_contradicts_itself_is_a_missed_cycle() -> None:
    cycle = wanting(0x9F, 0x90)
    assert cycle.answered(status(0x90, RECORD[:-1]), 0.0) == []
    assert cycle.step is Step.FIND


def test_a_card_is_announced_once_per_laying() -> None:
    cycle = wanting()
    assert cycle.answered(status(0x9F), 0.0) == [CardFound()]
    cycle.answered(status(0x81), 0.1)
    assert cycle.answered(status(0x9F), 0.4) == []
    cycle.answered(status(0x81), 0.5)
    cycle.answered(status(0x80), 0.8)
    assert cycle.answered(status(0x9F), 1.1) == [CardFound()]


def test_a_card_taken_before_it_was_read_is_told_once_after_a_second() -> None:
    cycle = wanting(0x9F, 0x81)
    told = [cycle.answered(status(0x80), at / 4) for at in range(1, 240)]
    assert told.index([CardRemoved()]) == 4  # a second after the first that found none
    assert sum(map(len, told)) == 1
    assert cycle.answered(status(0x9F), 60.0) == [CardFound()]


def test_a_card_that_is_moved_about_is_not_told_as_taken() -> None:
    cycle = wanting(0x9F, 0x81)
    for at in range(1, 20):
        for absent_s in (0.0, 0.25, 0.5, 0.95):
            assert cycle.answered(status(0x80), at + absent_s) == []
        assert cycle.answered(status(0x9F), at + 0.97) == [CardFound()]
        cycle.answered(status(0x81), at + 0.98)


def test_a_card_that_was_never_announced_is_not_told_as_taken() -> None:
    cycle = wanting()
    assert not any(cycle.answered(status(0x80), float(at)) for at in range(9))


@pytest.mark.parametrize(
    "ends",
    [(0x40, 0x80, 0x80), (0x90, 0x90, 0x41), (0x90, 0x90, 0x21, 0x21)],
    ids=["refused", "read", "read, and the reader has no test"],
)
def test_a_removal_that_was_told_or_cannot_be_is_not_told_again(
    ends: tuple[int, ...],
) -> None:
    cycle = wanting(0x9F, *ends)
    assert cycle.step is Step.FIND
    assert not any(cycle.answered(status(0x80), float(at)) for at in range(9))
    assert cycle.answered(status(0x9F), 9.0) == [CardFound()]


def test_four_seconds_without_success_are_told_even_after_one_cycle() -> None:
    cycle = wanting()
    cycle.answered(status(0x9F), 0.0)
    cycle.answered(status(0x90), 1.0)
    told = cycle.unanswered("silent", 4.1)
    assert told == [CardTrouble(Trouble.HOLD_STILL, "silent")]
    assert cycle.take_reset()
    assert not cycle.take_reset()


def test_a_refused_card_may_flicker_at_the_edge_of_the_field() -> None:
    cycle = wanting(0x9F, 0x40)
    assert cycle.step is Step.SPENT
    assert cycle.answered(status(0x80), 0.0) == []
    assert cycle.answered(status(0x9F), 0.0) == []
    assert cycle.answered(status(0x80), 0.0) == []
    assert cycle.answered(status(0x80), 0.0) == [CardRemoved()]


def test_a_reader_without_30_03_is_tested_with_30_05() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    asked = [cycle.asks[0]]
    assert cycle.answered(status(0x21), 0.0) == []
    asked.append(cycle.asks[0])
    assert cycle.answered(status(0x90, bytes(28)), 0.0) == []
    assert cycle.answered(status(0x41), 0.0) == [CardRemoved()]
    for word in (0x9F, 0x90, 0x90):
        cycle.answered(status(word, RECORD), 1.0)
    asked.append(cycle.asks[0])  # it is known by now
    cycle.reader_is_new()
    asked.append(cycle.asks[0])
    tests = (Command.READ_APPENDED, Command.READ_CHIP_NUMBER)
    assert asked == [tests[0], tests[1], tests[1], tests[0]]


def test_a_reader_without_any_removal_test_tells_no_removal() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    assert cycle.answered(status(0x21), 0.0) == []
    assert cycle.answered(status(0x21), 0.0) == []
    assert cycle.step is Step.FIND


def test_a_reader_that_tests_by_finding_is_asked_twice_more() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    assert cycle.answered(status(0x80), 0.0) == []
    assert cycle.answered(status(0x80), 0.0) == []
    assert cycle.answered(status(0x9F), 0.0) == []  # it was the edge of the field
    assert cycle.answered(status(0x80), 0.0) == []
    assert cycle.answered(status(0x80), 0.0) == [CardRemoved()]


WITH_FINGER = bytes.fromhex("00 02 00 01 00 03") + b"tt" + b"p" + b"fff"


def test_a_fingerprint_that_nobody_asked_for_is_dropped() -> None:
    cycle = wanting(0x9F, 0x90)
    assert cycle.asks[0] == Command.READ
    assert cycle.answered(status(0x90, WITH_FINGER), 0.0) == [
        CardRead(b"tt", b"p", "reader")
    ]


def test_a_fingerprint_is_read_where_the_operator_asks_for_it() -> None:
    cycle = wanting(0x9F, 0x90, wishes=Wishes(fingerprint=True))
    assert cycle.asks[0] == Command.READ_WITH_FINGERPRINT
    assert cycle.answered(status(0x90, WITH_FINGER), 0.0) == [
        CardRead(b"tt", b"p", "reader", fingerprint=b"fff")
    ]


def test_a_reader_that_reads_no_fingerprints_reads_the_card_without() -> None:
    cycle = wanting(0x9F, 0x90, wishes=Wishes(fingerprint=True))
    assert cycle.can_do_without
    assert cycle.answered(status(0x21), 0.0) == []
    assert cycle.asks[0] == Command.READ  # the card is still selected
    assert not cycle.can_do_without
    assert cycle.answered(status(0x90, RECORD), 0.0) == [
        CardRead(b"tt", b"p", "reader")
    ]


ADDRESSES = Wishes(addresses=True)


@pytest.mark.parametrize(
    ("word", "appended", "after"),
    [
        (0x90, b"here", []),
        (0x91, b"", []),  # none was added
        (0x21, b"", []),  # this reader cannot
        (0x41, b"", [CardRemoved()]),  # lifted at this very moment
    ],
)
def test_added_addresses_come_with_the_card_and_never_cost_it(
    word: int, appended: bytes, after: list[CardRemoved]
) -> None:
    cycle = wanting(0x9F, 0x90, 0x90, wishes=ADDRESSES)
    assert (cycle.step, cycle.asks[0]) == (Step.ADDRESSES, Command.READ_APPENDED)
    told = cycle.answered(status(word, b"here"), 0.0)
    assert told == [CardRead(b"tt", b"p", "reader", appended), *after]


def test_without_an_answer_about_addresses_the_card_is_told() -> None:
    cycle = wanting(0x9F, 0x90, 0x90, wishes=ADDRESSES)
    assert cycle.unanswered("silent", 0.0) == [CardRead(b"tt", b"p", "reader")]
    assert cycle.step is Step.HELD


def test_between_record_and_addresses_an_interruption_owes_a_reset() -> None:
    cycle = wanting(0x9F, 0x90, 0x90, wishes=ADDRESSES)
    cycle.interrupted()
    assert cycle.step is Step.FIND
    assert cycle.take_reset()


def test_addresses_of_a_card_that_nobody_wants_are_not_asked_for() -> None:
    cycle = wanting(0x9F, 0x90, wishes=ADDRESSES)
    cycle.wanted = False
    assert cycle.answered(status(0x90, RECORD), 0.0) == []
    assert cycle.step is Step.HELD


def test_without_wishes_30_03_is_a_removal_test_and_its_data_is_dropped() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    assert cycle.answered(status(0x90, b"an address"), 0.0) == []
    assert cycle.step is Step.HELD


def test_a_card_that_nobody_wants_any_more_is_let_go() -> None:
    for words in ((0x9F,), (0x9F, 0x90)):
        cycle = wanting(*words)
        cycle.wanted = False
        assert cycle.answered(status(0x32), 0.0) == []
        assert cycle.idle


def test_an_interrupted_read_owes_a_reset() -> None:
    cycle = wanting(0x9F, 0x90)
    cycle.interrupted()
    assert cycle.step is Step.FIND
    assert cycle.take_reset()


def test_after_an_interruption_an_error_is_no_proof_of_removal() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    cycle.interrupted()
    assert cycle.answered(status(0x41), 0.0) == []
    assert cycle.step is Step.SPENT
    sure = wanting(0x9F, 0x90, 0x90)
    sure.interrupted()
    sure.answered(status(0x91), 0.0)  # it still answers as the same card
    assert sure.answered(status(0x41), 0.0) == [CardRemoved()]
