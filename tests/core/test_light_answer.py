"""Faces, planes and other sequences as numbers, and the level of chance, counted."""

import pytest

from light_frames import PLANE, face_frames, sequence
from likeness.core.light_answer import (
    DELAY_FROM,
    DELAY_STEP_S,
    DELAY_TO,
    LightAnswer,
    LightFinding,
    LightRules,
    Lit,
    judge,
)
from likeness.core.light_signal import Baseline, Shown, correlation
from likeness.core.vocabulary import FaceLight, Rgb

ONE = sequence(1)
TRIES = 100
BEGAN_S = 100.0


def finding(frames: list[Lit], expected: float | None = None) -> LightFinding:
    return judge(ONE, began_s=BEGAN_S, frames=frames, expected=expected)


def with_nose(frame: Lit, colour: Rgb) -> Lit:
    regions = (colour, *frame.light.regions[1:])
    return Lit(frame.captured_s, FaceLight(regions, frame.light.surround))


@pytest.mark.parametrize("delay_s", [0.03, 0.12, 0.25])
@pytest.mark.parametrize("fps", [24.0, 30.0])
def test_a_face_that_answers_is_believed_at_any_delay(
    delay_s: float, fps: float
) -> None:
    found = finding(face_frames(ONE, delay_s=delay_s, fps=fps))
    assert found.answer is LightAnswer.ANSWERED
    assert found.correlation > 0.95
    assert abs(found.delay_s - delay_s) < 0.03
    assert abs(found.relief.value - 0.5) < 0.1
    assert found.weight == 1


def test_the_colour_of_skin_and_lamp_does_not_matter() -> None:
    light_skin = finding(face_frames(ONE, noise=0.0))
    dark_skin = finding(face_frames(ONE, noise=0.0, skin=(0.08, 0.04, 0.025)))
    assert dark_skin.amplitude.value == pytest.approx(light_skin.amplitude.value)
    warm = finding(face_frames(ONE, lamp=(1.6, 1.0, 0.4)))
    assert warm.answer is LightAnswer.ANSWERED


def test_a_white_balance_that_drifts_does_no_harm() -> None:
    found = finding(face_frames(ONE, drift=0.05))
    assert found.answer is LightAnswer.ANSWERED


def test_a_print_answers_like_a_plane() -> None:
    found = finding(face_frames(ONE, shape=PLANE))
    assert found.answer is LightAnswer.FLAT
    assert abs(found.relief.value - 1) < 0.1


def test_a_change_of_the_whole_picture_is_no_answer_of_a_face() -> None:
    found = finding(face_frames(ONE, surround=0.9))
    assert found.answer is LightAnswer.FLAT


def test_a_recorded_answer_is_another() -> None:
    found = finding(face_frames(sequence(2), strength=0.3))
    assert found.answer is LightAnswer.ANOTHER
    assert found.weight == 1


def test_the_brighter_the_shop_the_lower_the_vote() -> None:
    weights = [
        finding(face_frames(ONE, strength=strength, noise=0.001)).weight
        for strength in (0.2, 0.04, 0.02, 0.01)
    ]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1
    assert 0 < weights[-1] < 0.3


def test_no_light_at_all_says_nothing_unless_it_should_have_been_seen() -> None:
    silent = face_frames(None)
    assert finding(silent).answer is LightAnswer.NOT_VISIBLE
    assert finding(silent).weight == 0
    assert finding(silent, expected=0.10).answer is LightAnswer.MISSING
    bright = finding(silent, expected=0.004)
    assert bright.answer is LightAnswer.NOT_VISIBLE


def test_an_answer_is_not_missing_where_it_is_only_unclear() -> None:
    restless = face_frames(ONE, strength=0.05, noise=0.15)
    assert finding(restless, expected=0.05).answer is not LightAnswer.MISSING


@pytest.mark.parametrize(
    "frames",
    [
        [],
        face_frames(ONE)[::3],  # too few
        face_frames(ONE)[:60],  # ends early
        face_frames(ONE)[20:],  # begins late
        [f for f in face_frames(ONE) if not 101 < f.captured_s < 101.4],  # a gap
        [with_nose(frame, (1.0, 0.5, 0.5)) for frame in face_frames(ONE)],  # cut off
        [with_nose(frame, (0.1, 0.0, 0.1)) for frame in face_frames(ONE)],  # black
    ],
)
def test_what_cannot_be_measured_is_not_judged(frames: list[Lit]) -> None:
    assert finding(frames) == LightFinding(LightAnswer.NOT_VISIBLE)


def test_a_picture_that_never_changes_is_no_answer() -> None:
    still = face_frames(None, noise=0.0)
    assert finding(still).answer is LightAnswer.NOT_VISIBLE
    assert abs(finding(still).correlation) < 1e-9


def test_a_shape_that_cannot_be_judged_halves_the_vote() -> None:
    clear = face_frames(ONE, strength=0.05, noise=0.001)
    noisy = face_frames(ONE, strength=0.05, noise=0.025)
    assert finding(clear).relief.error < LightRules().max_error
    assert finding(noisy).relief.error > LightRules().max_error
    assert finding(noisy).answer is LightAnswer.ANSWERED
    assert finding(noisy).weight < 0.7 * finding(clear).weight


def test_other_sequences_hardly_ever_pass_by_chance() -> None:
    """Their colours as if seen without any noise, at all delays: the worst case.

    The rate itself (at most one in a thousand) takes more tries than a test should.
    """
    passed = 0
    for number in range(TRIES):
        one, other = sequence(number), sequence(10_000 + number)
        times = [frame / 25 for frame in range(int(one.length_s * 25))]
        baseline, screen = Baseline(times), Shown(one)
        seen = baseline.without(Shown(other).at(times, 0.03 + 0.22 * number / TRIES))
        passed += any(
            correlation(seen, baseline.without(screen.at(times, step * DELAY_STEP_S)))
            >= LightRules().correlation
            for step in range(DELAY_FROM, DELAY_TO + 1)
        )
    assert passed <= 1
