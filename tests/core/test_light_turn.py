"""One offer of colours: warned, begun, seen to its end; or skipped."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import visits as v
from light_frames import PLANE, face_frames, sequence
from likeness.core.light_answer import Lit
from likeness.core.light_turn import (
    LATE_FRAME_S,
    LOOKS_AWAY_DEG,
    PAINTED_WITHIN_S,
    SHOWN_AGO_S,
    LightTurn,
    Phase,
)
from likeness.core.seen import Observation
from likeness.core.visit_events import (
    LightAccepted,
    LightBegun,
    LightSkipped,
    Show,
    TimePassed,
)
from likeness.core.vocabulary import LightOutcome, Reason
from likeness.core.wishes import Wishes

ONE = sequence(1)
WITHIN_S = 15.0
OFFERED_S = 90.0
TAPPED_S = 99.5
BEGUN_S = 100.0  # where `face_frames` begin
ACCEPTED, SKIPPED = LightAccepted(1), LightSkipped(1)
RECORDED = face_frames(sequence(2), strength=0.3, length_s=5.0)


def offered(wishes: Wishes | None = None) -> LightTurn:
    wishes = wishes or Wishes(frozenset())
    return LightTurn(ONE, now=OFFERED_S, within_s=WITHIN_S, wishes=wishes)


def accepted() -> LightTurn:
    turn = offered()
    assert turn.handle(ACCEPTED, TAPPED_S) == [Show("light")]
    return turn


def shining() -> LightTurn:
    turn = accepted()
    assert turn.handle(LightBegun(1, BEGUN_S), BEGUN_S + 0.03) == []
    return turn


def watch(turn: LightTurn, frames: list[Lit], *, yaw_deg: float = 0.0) -> None:
    for number, one in enumerate(frames):
        face = replace(v.STILL, light=one.light, yaw_deg=yaw_deg)
        turn.see(Observation(one.captured_s, number, 1, face), None)


def lose(turn: LightTurn, why: Reason = Reason.FACE_LOST) -> None:
    turn.see(Observation(BEGUN_S + 1, 1, 0, None), why)


def passed(turn: LightTurn) -> bool:
    """Let the time of its deadline come."""
    deadline = turn.deadline
    assert deadline is not None
    turn.handle(TimePassed(), deadline - 0.01)
    assert not turn.is_over
    turn.handle(TimePassed(), deadline)
    return turn.is_over


def test_a_face_answers_what_it_was_shown() -> None:
    turn = shining()
    assert turn.wants_light
    watch(turn, face_frames(ONE, length_s=5.0))
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.ANSWERED)
    assert not turn.speaks_against
    assert turn.shown == ONE.words
    assert turn.deadline is None
    assert not turn.wants_light


def test_it_is_over_with_the_frame_that_shows_the_end() -> None:
    turn = shining()
    frames = face_frames(ONE, length_s=5.0)
    end_s = BEGUN_S + ONE.length_s
    watch(turn, [one for one in frames if one.captured_s < end_s])
    assert turn.wants_light
    watch(turn, [one for one in frames if one.captured_s >= end_s][:1])
    assert turn.is_over


@pytest.mark.parametrize(
    ("frames", "outcome"),
    [
        (face_frames(ONE, shape=PLANE, length_s=5.0), LightOutcome.FLAT),
        (RECORDED, LightOutcome.ANOTHER),
    ],
)
def test_a_plane_and_another_recording_speak_against_it(
    frames: list[Lit], outcome: LightOutcome
) -> None:
    turn = shining()
    watch(turn, frames)
    assert turn.outcome is outcome
    assert turn.speaks_against


def test_a_bright_shop_says_nothing() -> None:
    turn = shining()
    watch(turn, face_frames(None, length_s=5.0))
    assert turn.outcome is LightOutcome.NOT_VISIBLE
    assert not turn.speaks_against


def test_whoever_does_nothing_has_skipped_when_the_window_is_over() -> None:
    turn = offered()
    assert turn.deadline == OFFERED_S + WITHIN_S
    assert not turn.wants_light
    assert passed(turn)
    assert turn.outcome is LightOutcome.SKIPPED
    assert turn.handle(ACCEPTED, 106.0) == []
    assert turn.is_over
    assert turn.shown == ()


def test_a_tap_that_comes_after_the_window_is_too_late() -> None:
    turn = offered()
    assert turn.handle(ACCEPTED, OFFERED_S + WITHIN_S) == []
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)


def test_more_time_to_read_the_warning_and_none_to_the_colours() -> None:
    wishes = Wishes(frozenset())
    turn = offered(wishes)
    wishes.more_time = True
    assert turn.deadline == OFFERED_S + 2 * WITHIN_S
    turn.handle(ACCEPTED, TAPPED_S)
    assert turn.deadline == TAPPED_S + PAINTED_WITHIN_S


@pytest.mark.parametrize("make", [offered, accepted, shining])
def test_a_tap_skips_at_any_moment(make: Callable[[], LightTurn]) -> None:
    turn = make()
    turn.handle(SKIPPED, 100.1)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)
    watch(turn, RECORDED)
    lose(turn, Reason.FACE_CHANGED)
    assert turn.outcome is LightOutcome.SKIPPED
    assert not turn.speaks_against
    assert turn.broken is None


def test_what_is_over_is_not_skipped_any_more() -> None:
    turn = shining()
    watch(turn, face_frames(ONE, shape=PLANE, length_s=5.0))
    turn.handle(SKIPPED, 105.0)
    assert turn.outcome is LightOutcome.FLAT


def test_a_page_that_never_says_that_it_shines_is_no_page() -> None:
    turn = accepted()
    assert turn.deadline == TAPPED_S + PAINTED_WITHIN_S
    assert passed(turn)
    assert turn.outcome is LightOutcome.SKIPPED


def test_nothing_shines_that_nobody_agreed_to() -> None:
    turn = offered()
    turn.handle(LightBegun(1, 99.0), 99.0)
    assert turn.phase is Phase.OFFERED
    assert turn.shown == ()


@pytest.mark.parametrize(
    ("shown_s", "now"),
    [
        (TAPPED_S - 0.01, TAPPED_S + 0.1),  # before the tap
        (TAPPED_S + 0.1, TAPPED_S + 0.2 + SHOWN_AGO_S),  # long ago
        (-1e9, TAPPED_S + 0.1),
        (float("nan"), TAPPED_S + 0.1),
        (TAPPED_S + 0.3, TAPPED_S + 0.2),  # not yet
    ],
)
def test_a_time_that_cannot_be_is_no_measurement(shown_s: float, now: float) -> None:
    turn = accepted()
    turn.handle(LightBegun(1, shown_s), now)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.NOT_VISIBLE)


def test_colours_that_were_begun_twice_are_not_judged() -> None:
    turn = shining()
    turn.handle(LightBegun(1, BEGUN_S + 1), BEGUN_S + 1.03)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.NOT_VISIBLE)


def test_whoever_looks_away_is_not_judged() -> None:
    turn = shining()
    watch(turn, RECORDED, yaw_deg=LOOKS_AWAY_DEG + 1)
    assert turn.is_over
    assert turn.outcome is LightOutcome.NOT_VISIBLE


@pytest.mark.parametrize(
    ("make", "outcome"),
    [(accepted, LightOutcome.SKIPPED), (shining, LightOutcome.NOT_VISIBLE)],
)
def test_whoever_goes_away_from_the_colours_has_done_nothing_wrong(
    make: Callable[[], LightTurn], outcome: LightOutcome
) -> None:
    turn = make()
    lose(turn)
    assert (turn.phase, turn.outcome) == (Phase.OVER, outcome)
    assert turn.broken is None


def test_a_face_that_an_arm_hides_while_it_taps_is_waited_for() -> None:
    turn = offered()
    lose(turn)
    assert turn.handle(ACCEPTED, TAPPED_S) == [Show("light")]


BREAKS = [Reason.SECOND_FACE, Reason.FACE_CHANGED, Reason.PICTURE_JUMPED]


@pytest.mark.parametrize("why", BREAKS)
@pytest.mark.parametrize("make", [offered, accepted])
def test_a_break_before_the_colours_ends_only_them(
    make: Callable[[], LightTurn], why: Reason
) -> None:
    turn = make()
    lose(turn, why)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)
    assert turn.broken is None


@pytest.mark.parametrize("why", BREAKS)
def test_a_break_while_they_shine_is_one_as_in_the_acts(why: Reason) -> None:
    turn = shining()
    lose(turn, why)
    assert turn.is_over
    assert turn.broken is why


def test_frames_before_the_first_colour_do_not_count() -> None:
    """The page's word arrives when frames of its first colour are already there."""
    turn = accepted()
    before = face_frames(sequence(2), strength=0.8)[20:32]  # what stood there before
    early = [Lit(one.captured_s - 1.3, one.light) for one in before]
    frames = face_frames(ONE, length_s=5.0)
    watch(turn, [*early, *frames[:3]])
    turn.handle(LightBegun(1, BEGUN_S), frames[2].captured_s + 0.01)
    watch(turn, frames[3:])
    assert turn.outcome is LightOutcome.ANSWERED


def test_frames_that_stay_away_end_it_soon() -> None:
    turn = shining()
    assert turn.deadline == BEGUN_S + ONE.length_s + LATE_FRAME_S
    watch(turn, RECORDED[:20])
    assert passed(turn)
    assert turn.outcome is LightOutcome.NOT_VISIBLE


WORDS = st.sampled_from(["accept", "skip", "begin", "break", "frame", "time", "longer"])


@given(st.lists(st.tuples(WORDS, st.floats(0.0, 3.0)), max_size=40))
def test_whatever_happens_it_ends_and_within_its_time(
    story: list[tuple[str, float]],
) -> None:
    wishes = Wishes(frozenset())
    now, turn = OFFERED_S, offered(wishes)
    face = replace(v.STILL, light=RECORDED[0].light)
    for what, after_s in story:
        now += after_s
        was_over = turn.is_over
        match what:
            case "accept":
                turn.handle(ACCEPTED, now)
            case "skip":
                turn.handle(SKIPPED, now)
            case "begin":
                turn.handle(LightBegun(1, now - 0.02), now)
            case "break":
                lose(turn, Reason.FACE_CHANGED)
            case "longer":
                wishes.more_time = True
            case "frame":
                turn.see(Observation(now, 1, 1, face), None)
            case _:
                turn.handle(TimePassed(), now)
        assert not was_over or turn.is_over
        assert (turn.deadline is None) is turn.is_over
        assert not (turn.broken and not turn.shown)
        assert not turn.speaks_against
    longest_s = 2 * WITHIN_S + PAINTED_WITHIN_S + ONE.length_s + LATE_FRAME_S
    turn.handle(TimePassed(), max(now, OFFERED_S + longest_s))
    assert turn.is_over
