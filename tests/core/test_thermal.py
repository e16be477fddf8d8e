"""Heat step by step: no flapping, 25 frames/s at least, nothing closed for ever."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import frame_pace
from likeness.core.frame_pace import slower
from likeness.core.looking import Looking
from likeness.core.profile import PROFILES, Profile
from likeness.core.seen import Observation
from likeness.core.thermal import (
    COOLER_C,
    MEASURES,
    Adopt,
    Effect,
    FellSilent,
    Felt,
    Level,
    Marks,
    Measures,
    Pace,
    Thermal,
)

PACE = Pace()
MARKS = Marks()
degrees = st.floats(-40, 125) | st.none()
felt = st.builds(Felt, degrees, st.booleans() | st.none())


def heard(rules: Thermal, course: Iterable[Felt], from_s: float = 0.0) -> list[Effect]:
    """Feel each in turn, as often as the rules ask."""
    now = from_s
    effects = []
    for one in course:
        effects += rules.handle(one, now)
        assert rules.deadline == now + PACE.every_s
        now = rules.deadline
    return effects


def play(rules: Thermal, course: Iterable[Felt], from_s: float = 0.0) -> list[Adopt]:
    """Feel each in turn; return the steps alone."""
    return steps_of(heard(rules, course, from_s))


def steps_of(effects: Iterable[Effect]) -> list[Adopt]:
    return [one for one in effects if isinstance(one, Adopt)]


def for_s(seconds: float, celsius: float | None, *, slowed: bool = False) -> list[Felt]:
    return [Felt(celsius, slowed)] * (int(seconds / PACE.every_s) + 1)


def test_it_goes_up_one_step_at_a_time_and_comes_down_again() -> None:
    rules = Thermal()
    up = play(rules, for_s(60, 90.0))
    assert [one.level for one in up] == [Level.WARM, Level.HOT, Level.TOO_HOT]
    assert [one.measures.serves for one in up] == [True, True, False]
    down = play(rules, for_s(300, 40.0), from_s=1000.0)
    assert [one.level for one in down] == [Level.HOT, Level.WARM, Level.COOL]
    assert down[-1].measures == Measures()


@pytest.mark.parametrize("level", [Level.WARM, Level.HOT, Level.TOO_HOT])
def test_a_level_stays_until_it_is_clearly_cooler(level: Level) -> None:
    rules = Thermal()
    mark = MARKS.of(level)
    play(rules, for_s(60, mark))
    assert rules.level is level
    assert not play(rules, for_s(3600, mark - COOLER_C), from_s=1000.0)
    assert play(rules, for_s(60, mark - COOLER_C - 0.1), from_s=9000.0)


def test_a_moment_of_heat_is_nothing() -> None:
    rules = Thermal()
    assert not play(rules, [Felt(95.0), Felt(60.0)] * 100)


def test_a_slowed_processor_takes_fewer_frames_but_closes_nothing() -> None:
    rules = Thermal()
    play(rules, for_s(3600, 50.0, slowed=True))
    assert rules.level is Level.HOT
    down = play(rules, for_s(3600, 50.0), from_s=10_000.0)
    assert down[-1].level is Level.COOL


BROKEN = [None, -273.0, 127.5, float("nan"), float("inf")]
AN_HOUR_S = 3600.0


@pytest.mark.parametrize("broken", BROKEN)
def test_a_sensor_that_falls_silent_closes_nothing_for_ever(
    broken: float | None,
) -> None:
    """Nobody knows that it has cooled: it serves again, as sparingly as it can."""
    rules = Thermal()
    play(rules, for_s(60, 100.0))
    assert rules.level is Level.TOO_HOT
    silence = [Felt(broken)] * int(AN_HOUR_S / PACE.every_s)
    assert heard(rules, silence, from_s=1000.0) == [
        FellSilent(Level.TOO_HOT),
        Adopt(Level.HOT, MEASURES[Level.HOT], None),
    ]
    back = heard(rules, for_s(AN_HOUR_S, 40.0), from_s=9000.0)
    assert [one.level for one in back] == [Level.WARM, Level.COOL]


@pytest.mark.parametrize("level", [Level.COOL, Level.WARM, Level.HOT])
def test_silence_takes_nothing_back(level: Level) -> None:
    rules = Thermal()
    play(rules, for_s(60, MARKS.of(level) if level else 40.0))
    assert rules.level is level
    silence = [Felt(None)] * int(AN_HOUR_S / PACE.every_s)
    assert heard(rules, silence, from_s=1000.0) == [FellSilent(level)]
    assert rules.level is level


def test_a_firmware_that_is_well_vouches_for_a_silent_sensor() -> None:
    rules = Thermal()
    play(rules, for_s(60, 100.0))
    assert [one.level for one in play(rules, for_s(AN_HOUR_S, None), 1000.0)] == [
        *(Level.HOT, Level.WARM, Level.COOL)
    ]
    assert play(rules, for_s(60, None, slowed=True), 9000.0)[-1].level is Level.HOT


def test_each_silence_is_told_once_and_a_stumble_is_none() -> None:
    rules = Thermal()
    assert not heard(rules, [Felt(40.0), Felt(None), Felt(None)] * 100)
    silence = [Felt(None)] * 100
    assert heard(rules, silence, 5000.0) == [FellSilent(Level.COOL)]
    assert heard(rules, [Felt(40.0), *silence], 9000.0) == [FellSilent(Level.COOL)]


def test_a_sensor_that_often_stumbles_is_believed_all_the_same() -> None:
    """One that takes seven seconds is heard in every other round only."""
    rules = Thermal()
    for celsius, levels in ((90.0, Level.TOO_HOT), (40.0, Level.COOL)):
        course = [one for _ in range(60) for one in (Felt(None), Felt(celsius))]
        effects = heard(rules, course, from_s=0.0 if celsius > 50 else 10_000.0)
        assert len(steps_of(effects)) == len(effects) == 3
        assert rules.level is levels


def test_a_machine_that_never_told_is_cool_and_no_news() -> None:
    assert not heard(Thermal(), [Felt(None)] * 1000)


def test_what_is_given_up_costs_the_visitor_least_first() -> None:
    """And what was begun is kept."""
    assert [m.preview_per_s for m in MEASURES.values()] == [None, 10.0, 5.0, 5.0]
    assert [m.fps for m in MEASURES.values()] == [None, None, 25.0, 25.0]
    assert [m.serves for m in MEASURES.values()] == [True, True, True, False]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(
    "camera_fps", [24, 25, 29.97, 30, 40, 45, 48, 50, 60, 70, 75, 90, 100, 119.88, 120]
)
def test_no_level_takes_the_frames_that_a_blink_needs(
    level: Level, camera_fps: float, profile: Profile
) -> None:
    """By the policy's own rule, on the frames that are let through."""
    wish = MEASURES[level].fps
    assert wish is None or wish > profile.min_frames_per_s
    fps = None if wish is None else slower(camera_fps, wish)
    looking, pace = Looking(profile), frame_pace.Pace()
    for number in range(int(5 * camera_fps)):
        captured_s = 1000.0 + number / camera_fps
        if pace.is_due(captured_s, fps):
            looking.see(Observation(captured_s, number, 0, None))
    assert not looking.too_slow


@given(st.lists(felt, max_size=200))
def test_steps_are_single_and_apart(course: list[Felt]) -> None:
    rules = Thermal()
    level, last_s = Level.COOL, float("-inf")
    for number, one in enumerate(course):
        now = number * PACE.every_s
        for step in steps_of(rules.handle(one, now)):
            up = step.level > level
            assert abs(step.level - level) == 1
            # A step's dwell begins with the first feeling after the one before.
            assert now - last_s >= (PACE.up_after_s if up else PACE.down_after_s)
            assert step.measures == MEASURES[step.level]
            level, last_s = step.level, now
        assert rules.level is level


@given(st.lists(felt, max_size=60), degrees, st.booleans())
def test_a_steady_temperature_ends_at_one_level(
    before: list[Felt], celsius: float | None, slowed: bool
) -> None:
    rules = Thermal()
    play(rules, before)
    play(rules, [Felt(celsius, slowed)] * 100, from_s=10_000.0)
    settled = rules.level
    assert not play(rules, [Felt(celsius, slowed)] * 100, from_s=20_000.0)
    assert rules.level is settled
    if settled is not Level.COOL and not slowed:
        assert celsius is not None  # the firmware says that it is well
        assert celsius >= MARKS.of(settled) - COOLER_C
    if settled is not Level.TOO_HOT:
        mark = MARKS.of(Level(settled + 1))
        assert celsius is None or celsius < mark


@given(
    st.lists(st.floats(MARKS.hot_c - COOLER_C, MARKS.hot_c - 0.01), max_size=300),
)
def test_between_the_two_marks_nothing_moves(course: list[float]) -> None:
    cool, hot = Thermal(), Thermal()
    play(cool, for_s(60, MARKS.hot_c - 0.01))
    play(hot, for_s(60, MARKS.hot_c))
    assert (cool.level, hot.level) == (Level.WARM, Level.HOT)
    feelings = [Felt(one) for one in course]
    assert not play(cool, feelings, 1000.0) and not play(hot, feelings, 1000.0)


def shop_day(ambient_c: float, rise_c: float) -> list[tuple[float, Level]]:
    """Play a case that warms up (a time constant of 600 s) while visitors come.

    `rise_c` is how much warmer than the shop it gets at full work; the measures of a
    level take so much of that off, and a terminal that serves nobody idles at a third.
    """
    share = {Level.COOL: 1.0, Level.WARM: 0.95, Level.HOT: 0.85, Level.TOO_HOT: 0.33}
    rules, celsius, day = Thermal(), ambient_c, []
    for number in range(int(8 * 3600 / PACE.every_s)):
        rules.handle(Felt(celsius), number * PACE.every_s)
        goal = ambient_c + rise_c * share[rules.level]
        celsius += (goal - celsius) * PACE.every_s / 600
        day.append((celsius, rules.level))
    return day


def test_a_cool_shop_never_notices() -> None:
    assert {level for _, level in shop_day(25.0, 40.0)} == {Level.COOL}


def test_a_warm_case_takes_fewer_frames_and_serves_all_day() -> None:
    day = shop_day(35.0, 46.0)
    assert max(level for _, level in day) is Level.HOT
    assert max(celsius for celsius, _ in day) < MARKS.too_hot_c


def test_a_case_in_the_sun_closes_now_and_then_and_not_every_minute() -> None:
    day = shop_day(45.0, 50.0)
    levels = [level for _, level in day]
    closings = sum(
        after is Level.TOO_HOT and before is not Level.TOO_HOT
        for before, after in pairwise(levels)
    )
    open_s = sum(level is not Level.TOO_HOT for level in levels) * PACE.every_s
    assert 1 <= closings <= 8 * 12  # not more than once in five minutes
    assert open_s / 3600 > 4
    assert max(celsius for celsius, _ in day) < MARKS.too_hot_c + 2
