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
from likeness.core.vocabulary import LightOutcome

ONE = sequence(1)
WITHIN_S = 15.0
TAPPED_S = 99.5
BEGUN_S = 100.0  # where `face_frames` begin


def offered(now: float = 90.0) -> LightTurn:
    return LightTurn(ONE, now=now, within_s=WITHIN_S)


def shining() -> LightTurn:
    turn = offered()
    assert turn.accept(TAPPED_S)
    turn.begin(BEGUN_S, BEGUN_S + 0.03)
    assert turn.phase is Phase.SHINING
    return turn


def watch(turn: LightTurn, frames: list[Lit], *, yaw_deg: float = 0.0) -> None:
    for one in frames:
        face = replace(v.STILL, light=one.light, yaw_deg=yaw_deg)
        turn.see(face, one.captured_s)


def test_a_face_answers_what_it_was_shown() -> None:
    turn = shining()
    assert turn.wants_light
    watch(turn, face_frames(ONE, length_s=5.0))
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.ANSWERED)
    assert not turn.speaks_against
    assert turn.deadline is None
    assert not turn.wants_light


def test_it_is_over_with_the_frame_that_shows_the_end() -> None:
    turn = shining()
    frames = face_frames(ONE, length_s=5.0)
    end_s = BEGUN_S + ONE.length_s
    watch(turn, [one for one in frames if one.captured_s < end_s])
    assert turn.wants_light
    watch(turn, [one for one in frames if one.captured_s >= end_s][:1])
    assert turn.phase is Phase.OVER


@pytest.mark.parametrize(
    ("frames", "outcome"),
    [
        (face_frames(ONE, shape=PLANE, length_s=5.0), LightOutcome.FLAT),
        (face_frames(sequence(2), strength=0.3, length_s=5.0), LightOutcome.ANOTHER),
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
    turn = offered(now=90.0)
    assert turn.deadline == 90.0 + WITHIN_S
    turn.tick(90.0 + WITHIN_S - 0.01)
    assert turn.deadline is not None
    assert not turn.wants_light
    turn.tick(90.0 + WITHIN_S)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)
    assert not turn.accept(106.0)
    assert turn.phase is Phase.OVER


def test_more_time_to_read_the_warning_and_none_to_the_colours() -> None:
    turn = offered(now=90.0)
    turn.extend(100.0, 2 * WITHIN_S)
    assert turn.deadline == 130.0
    begun = shining()
    before = begun.deadline
    begun.extend(101.0, 60.0)
    assert begun.deadline == before


@pytest.mark.parametrize("make", [offered, shining])
def test_a_tap_skips_at_any_moment(make: Callable[[], LightTurn]) -> None:
    turn = make()
    turn.skip()
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)
    watch(turn, face_frames(sequence(2), strength=0.3, length_s=5.0))
    assert turn.outcome is LightOutcome.SKIPPED
    assert not turn.speaks_against


def test_what_is_over_is_not_skipped_any_more() -> None:
    turn = shining()
    watch(turn, face_frames(ONE, shape=PLANE, length_s=5.0))
    turn.skip()
    assert turn.outcome is LightOutcome.FLAT


def test_a_page_that_never_says_that_it_shines_is_no_page() -> None:
    turn = offered()
    turn.accept(TAPPED_S)
    assert turn.deadline == TAPPED_S + PAINTED_WITHIN_S
    turn.tick(TAPPED_S + PAINTED_WITHIN_S)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.SKIPPED)


def test_nothing_shines_that_nobody_agreed_to() -> None:
    turn = offered()
    turn.begin(99.0, 99.0)
    assert turn.phase is Phase.OFFERED
    assert turn.begun_s is None


@pytest.mark.parametrize(
    ("shown_s", "now"),
    [
        (TAPPED_S - 0.01, TAPPED_S + 0.1),  # before the tap
        (TAPPED_S + 0.1, TAPPED_S + 0.2 + SHOWN_AGO_S),  # long ago
        (-1e9, TAPPED_S + 0.1),
        (TAPPED_S + 0.3, TAPPED_S + 0.2),  # not yet
    ],
)
def test_a_time_that_cannot_be_is_no_measurement(shown_s: float, now: float) -> None:
    turn = offered()
    turn.accept(TAPPED_S)
    turn.begin(shown_s, now)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.NOT_VISIBLE)


def test_colours_that_were_begun_twice_are_not_judged() -> None:
    turn = shining()
    turn.begin(BEGUN_S + 1, BEGUN_S + 1.03)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.NOT_VISIBLE)


def test_whoever_looks_away_is_not_judged() -> None:
    turn = shining()
    recorded = face_frames(sequence(2), strength=0.3, length_s=5.0)
    watch(turn, recorded, yaw_deg=LOOKS_AWAY_DEG + 1)
    assert turn.outcome is LightOutcome.NOT_VISIBLE
    for make, outcome in (
        (offered, LightOutcome.SKIPPED),
        (shining, LightOutcome.NOT_VISIBLE),
    ):
        gone = make()
        gone.lose()
        assert (gone.phase, gone.outcome) == (Phase.OVER, outcome)
        gone.lose()
        assert gone.outcome is outcome


def test_frames_before_the_first_colour_do_not_count() -> None:
    """The page's word arrives when frames of its first colour are already there."""
    turn = offered()
    turn.accept(TAPPED_S)
    before = face_frames(sequence(2), strength=0.8)[20:32]  # what stood there before
    early = [Lit(one.captured_s - 1.3, one.light) for one in before]
    frames = face_frames(ONE, length_s=5.0)
    watch(turn, [*early, *frames[:3]])
    turn.begin(BEGUN_S, frames[2].captured_s + 0.01)
    watch(turn, frames[3:])
    assert turn.outcome is LightOutcome.ANSWERED


def test_frames_that_stay_away_end_it_soon() -> None:
    turn = shining()
    assert turn.deadline == BEGUN_S + ONE.length_s + LATE_FRAME_S
    watch(turn, face_frames(ONE)[:20])
    turn.tick(turn.deadline)
    assert (turn.phase, turn.outcome) == (Phase.OVER, LightOutcome.NOT_VISIBLE)


STEPS = st.sampled_from(["accept", "skip", "begin", "lose", "extend", "frame", "tick"])


@given(st.lists(st.tuples(STEPS, st.floats(0.0, 3.0)), max_size=40))
def test_whatever_happens_it_ends_and_within_its_time(
    story: list[tuple[str, float]],
) -> None:
    """Nothing but `extend` (once a visit, by the session) lets it last."""
    now, turn = 0.0, offered(now=0.0)
    extended = 0
    for what, after_s in story:
        now += after_s
        was_over = turn.phase is Phase.OVER
        match what:
            case "accept":
                turn.accept(now)
            case "skip":
                turn.skip()
            case "begin":
                turn.begin(now - 0.02, now)
            case "lose":
                turn.lose()
            case "extend" if not extended:
                extended = 1
                turn.extend(now, 2 * WITHIN_S)
            case "frame":
                turn.see(replace(v.STILL, light=face_frames(ONE)[0].light), now)
            case _:
                turn.tick(now)
        assert not was_over or turn.phase is Phase.OVER
        deadline = turn.deadline
        assert (deadline is None) is (turn.phase is Phase.OVER)
    for _ in range(3):
        if turn.deadline is not None:
            turn.tick(max(now, turn.deadline))
    assert turn.phase is Phase.OVER
    assert turn.outcome in LightOutcome
    assert not (turn.speaks_against and turn.begun_s is None)
