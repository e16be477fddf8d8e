"""The age of the oldest record without a receipt."""

from likeness.core.chain import Link, Waiting
from likeness.core.vocabulary import Moment
from likeness.service.waiting_ages import BELIEVABLE_S, WaitingAges

UTC = 1_795_000_000
SET = Moment(utc_s=UTC, quality="ntp", boot="b", mono_ms=1)
UNSET = Moment(utc_s=UTC, quality="unsynced", boot="b", mono_ms=1)


def link(seq: int, epoch: str = "e") -> Link:
    return Link(epoch, seq, "h")


def test_none_waits() -> None:
    assert WaitingAges().oldest_s(100.0) == 0


def test_the_oldest_counts_until_it_is_receipted() -> None:
    ages = WaitingAges()
    ages.kept(link(1), 10.0)
    ages.kept(link(2), 40.0)
    ages.kept(link(1, "old"), 30.0)
    assert ages.oldest_s(100.0) == 90
    ages.receipted("e", 1)
    assert ages.oldest_s(100.0) == 70
    ages.receipted("old", 7)
    assert ages.oldest_s(100.0) == 60
    ages.set_aside("e", 2)
    assert ages.oldest_s(100.0) == 0


def test_a_record_that_is_told_twice_does_not_grow_younger() -> None:
    ages = WaitingAges()
    ages.kept(link(1), 10.0)
    ages.kept(link(1), 90.0)
    assert ages.oldest_s(100.0) == 90


def test_a_start_dates_what_waited_before_it() -> None:
    ages = WaitingAges()
    ages.begin([Waiting(link(1), UTC - 500), Waiting(link(2), UTC - 20)], SET, 7.0)
    assert ages.oldest_s(7.0) == 500
    assert ages.oldest_s(17.0) == 510


def test_what_cannot_be_dated_waits_from_the_start_on() -> None:
    for moment, made in (
        (UNSET, UTC - 500),
        (SET, UTC + 500),
        (SET, UTC - int(BELIEVABLE_S) - 1),
    ):
        ages = WaitingAges()
        ages.begin([Waiting(link(1), made)], moment, 7.0)
        assert ages.oldest_s(9.0) == 2
