from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import time_floor
from likeness.core.vocabulary import Moment

FLOOR = 1_800_000_000
GOOD = Moment(utc_s=FLOOR + 1000, quality="ntp", boot="b", mono_ms=5_000)

moments = st.builds(
    Moment,
    utc_s=st.integers(0, 4_000_000_000),
    quality=st.sampled_from(["ntp", "rtc", "unsynced"]),
    boot=st.just("b"),
    mono_ms=st.integers(0, 10**10),
)


@pytest.mark.parametrize("quality", ["ntp", "rtc"])
def test_a_set_clock_is_believed_above_the_floor_only(quality: str) -> None:
    good = replace(GOOD, quality=quality)
    assert time_floor.judged(good, FLOOR) == good
    assert time_floor.believed_now(good, FLOOR) == good.utc_s
    low = replace(good, utc_s=FLOOR - 1)
    assert time_floor.judged(low, FLOOR).quality == "unsynced"
    assert time_floor.believed_now(low, FLOOR) is None
    assert time_floor.earliest_now(low, FLOOR) == FLOOR


def test_an_unset_clock_is_never_believed() -> None:
    ahead = replace(GOOD, quality="unsynced", utc_s=FLOOR + 10**6)
    assert time_floor.believed_now(ahead, FLOOR) is None
    assert time_floor.earliest_now(ahead, FLOOR) == FLOOR


def test_the_carriers_time_raises_the_floor() -> None:
    unset = replace(GOOD, quality="unsynced", utc_s=0)
    assert time_floor.raised(FLOOR, FLOOR + 5, unset) == FLOOR + 5
    assert time_floor.raised(FLOOR, FLOOR - 5, unset) == FLOOR


def test_a_carrier_far_ahead_of_a_believed_clock_raises_nothing() -> None:
    far = GOOD.utc_s + time_floor.AHEAD_S + 1
    assert time_floor.raised(FLOOR, far, GOOD) == FLOOR
    # Nor does one that is ahead by less take the clock away, for the next to use that.
    near = time_floor.raised(FLOOR, far - 1, GOOD)
    assert near == GOOD.utc_s
    assert time_floor.believed_now(GOOD, near) == GOOD.utc_s
    assert time_floor.raised(near, far, GOOD) == near


@pytest.mark.parametrize(
    ("said_s", "clock", "after"),
    [
        (GOOD.utc_s, GOOD, GOOD.utc_s),  # both say the floor is wrong
        (GOOD.utc_s + 300, GOOD, GOOD.utc_s),  # what both have reached
        (GOOD.utc_s - 300, GOOD, GOOD.utc_s - 300),
        (GOOD.utc_s + 301, GOOD, None),  # they do not agree
        (GOOD.utc_s, replace(GOOD, quality="unsynced"), None),  # a guess is no witness
        (FLOOR - 9, replace(GOOD, utc_s=FLOOR - 5), None),  # before the release
        (FLOOR - 9, replace(GOOD, utc_s=FLOOR + 5), FLOOR),
    ],
)
def test_two_that_agree_take_a_floor_back(
    said_s: int, clock: Moment, after: int | None
) -> None:
    far = FLOOR + 10**8
    assert time_floor.mended(far, said_s, clock, FLOOR) == (after or far)


def test_what_is_right_is_not_taken_back() -> None:
    near = GOOD.utc_s + time_floor.AHEAD_S
    assert time_floor.mended(near, GOOD.utc_s, GOOD, FLOOR) == near
    assert time_floor.mended(near + 1, GOOD.utc_s, GOOD, FLOOR) == GOOD.utc_s


def test_floor_and_a_set_clock_in_dispute_let_the_broker_in() -> None:
    far = GOOD.utc_s + 10**8
    assert time_floor.earliest_of_broker(GOOD, far, FLOOR) == GOOD.utc_s
    assert time_floor.earliest_of_broker(GOOD, FLOOR, FLOOR) == GOOD.utc_s
    guess = replace(GOOD, quality="unsynced")
    assert time_floor.earliest_of_broker(guess, far, FLOOR) == far
    wrong = replace(GOOD, utc_s=FLOOR - 1)
    assert time_floor.earliest_of_broker(wrong, far, FLOOR) == far


@given(st.lists(st.tuples(st.integers(0, 4_000_000_000), moments)))
def test_the_floor_never_goes_back_and_now_is_never_below_it(
    said: list[tuple[int, Moment]],
) -> None:
    floor = FLOOR
    for said_s, moment in said:
        higher = time_floor.raised(floor, said_s, moment)
        assert higher >= floor
        floor = higher
        assert time_floor.earliest_now(moment, floor) >= floor
        judged = time_floor.judged(moment, floor)
        assert judged.utc_s == moment.utc_s, "what the clock said stays as it was"
        assert time_floor.is_believed(judged) == (
            time_floor.believed_now(moment, floor) is not None
        )
