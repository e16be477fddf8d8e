"""Steps that the dialogue's transcripts do not show; the rest is tested with it."""

from likeness.core.card_answers import Answer
from likeness.core.card_cycle import (
    CardCycle,
    CardFound,
    CardRead,
    CardRemoved,
    CardTrouble,
    Step,
)
from likeness.core.card_trouble import Trouble

RECORD = bytes.fromhex("00 02 00 01") + b"tt" + b"p"


def status(word: int, data: bytes = b"") -> Answer:
    return Answer(bytes([0, 0, word]), data)


def wanting(*words: int) -> CardCycle:
    cycle = CardCycle()
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


def test_a_reader_without_a_removal_test_tells_no_removal() -> None:
    cycle = wanting(0x9F, 0x90, 0x90)
    assert cycle.answered(status(0x21), 0.0) == []
    assert cycle.step is Step.FIND


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
