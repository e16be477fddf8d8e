from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from likeness.core import dating
from likeness.core.dating import Dated, Source
from likeness.core.vocabulary import Moment

BOOTED = 1_800_000_000  # when the machine was switched on
RECEIVED = BOOTED + 90_000


def at(mono_s: int, quality: str, off_s: int = 0) -> Moment:
    """Return a moment of one boot, by a clock that is wrong by so much."""
    utc_s = BOOTED + mono_s + off_s if quality != "unsynced" else mono_s
    return Moment(utc_s, quality, "boot-1", mono_s * 1000)


def test_a_record_by_a_set_clock_dates_itself() -> None:
    found = dating.dated(at(50, "ntp"), [at(60, "ntp", off_s=9)], RECEIVED)
    assert found == Dated(BOOTED + 50, Source.OWN)


def test_an_earlier_record_is_dated_by_the_anchor_of_its_boot() -> None:
    anchors = [replace(at(10, "ntp"), boot="boot-0"), at(7200, "ntp")]
    found = dating.dated(at(50, "unsynced"), anchors, RECEIVED)
    assert found == Dated(BOOTED + 50, Source.ANCHOR)


def test_the_network_comes_before_a_battery() -> None:
    rtc, ntp = at(60, "rtc", off_s=-40), at(9000, "ntp")
    unsynced = at(50, "unsynced")
    assert dating.dated(unsynced, [rtc, ntp], RECEIVED).utc_s == BOOTED + 50
    assert dating.dated(unsynced, [rtc], RECEIVED).utc_s == BOOTED + 10
    own = at(50, "rtc", off_s=-40)
    assert dating.dated(own, [], RECEIVED) == Dated(BOOTED + 10, Source.OWN)
    assert dating.dated(own, [ntp], RECEIVED) == Dated(BOOTED + 50, Source.ANCHOR)


def test_the_nearest_anchor_counts() -> None:
    """The clock was set twice; before the second time it was wrong."""
    anchors = [at(9000, "ntp"), at(100, "ntp", off_s=30)]
    assert dating.dated(at(50, "unsynced"), anchors, RECEIVED).utc_s == BOOTED + 80
    assert dating.dated(at(8000, "unsynced"), anchors, RECEIVED).utc_s == BOOTED + 8000


def test_without_an_anchor_it_was_made_before_it_was_received() -> None:
    other = replace(at(60, "ntp"), boot="boot-2")
    found = dating.dated(at(50, "unsynced"), [other], RECEIVED)
    assert found == Dated(RECEIVED, Source.RECEIVED)


def test_a_date_after_its_reception_is_passed_over() -> None:
    late = at(50, "ntp", off_s=10**6)
    doubted = Dated(RECEIVED, Source.RECEIVED, clock_ahead=True)
    assert dating.dated(late, [], RECEIVED) == doubted
    good = at(7200, "ntp")
    doubted = Dated(BOOTED + 50, Source.ANCHOR, clock_ahead=True)
    assert dating.dated(late, [good], RECEIVED) == doubted


def test_only_a_clock_that_was_set_can_be_ahead() -> None:
    just = Moment(RECEIVED + dating.LATE_S, "ntp", "boot-1", 0)
    ahead = replace(just, utc_s=just.utc_s + 1)
    assert not dating.is_ahead(just, RECEIVED)
    assert dating.is_ahead(ahead, RECEIVED)
    assert not dating.is_ahead(replace(ahead, quality="unsynced"), RECEIVED)


def test_an_anchor_is_due_once_in_a_boot_and_after_each_step() -> None:
    first = at(100, "ntp")
    assert not dating.is_due(None, at(50, "unsynced"))
    assert dating.is_due(None, first)
    assert not dating.is_due(first, at(9000, "ntp", off_s=2))
    assert dating.is_due(first, at(9000, "ntp", off_s=3))
    assert dating.is_due(first, at(9000, "ntp", off_s=-3))
    assert not dating.is_due(first, at(9000, "unsynced"))
    assert dating.is_due(at(100, "rtc"), at(101, "ntp")), "a better clock"


@given(st.integers(0, 80_000), st.integers(0, 80_000))
def test_an_anchor_dates_to_the_second_wherever_it_lies(
    record_s: int, anchor_s: int
) -> None:
    found = dating.dated(at(record_s, "unsynced"), [at(anchor_s, "ntp")], RECEIVED)
    assert found == Dated(BOOTED + record_s, Source.ANCHOR)
