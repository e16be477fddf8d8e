"""Faces, planes and other sequences as numbers, and the level of chance, counted."""

import pytest

from light_frames import PLANE, face_frames, sequence
from likeness.core.light_answer import (
    DELAY_FROM,
    DELAY_STEP_S,
    DELAY_TO,
    LightFinding,
    LightRules,
    Lit,
    judge,
)
from likeness.core.light_signal import Baseline, Shown, correlation
from likeness.core.seen import FaceLight, Rgb
from likeness.core.vocabulary import LightOutcome

ONE = sequence(1)
TRIES = 100
BEGAN_S = 100.0


def finding(frames: list[Lit]) -> LightFinding:
    return judge(ONE, began_s=BEGAN_S, frames=frames)


def with_nose(frame: Lit, colour: Rgb) -> Lit:
    regions = (colour, *frame.light.regions[1:])
    return Lit(frame.captured_s, FaceLight(regions, frame.light.surround))


@pytest.mark.parametrize("delay_s", [0.03, 0.12, 0.25])
@pytest.mark.parametrize("fps", [24.0, 30.0])
def test_a_face_that_answers_is_believed_at_any_delay(
    delay_s: float, fps: float
) -> None:
    found = finding(face_frames(ONE, delay_s=delay_s, fps=fps))
    assert found.outcome is LightOutcome.ANSWERED
    assert found.correlation > 0.95
    assert abs(found.delay_s - delay_s) < 0.03
    assert abs(found.relief.value - 0.5) < 0.1
    assert found.weight == 1


def test_the_colour_of_skin_and_lamp_does_not_matter() -> None:
    light_skin = finding(face_frames(ONE, noise=0.0))
    dark_skin = finding(face_frames(ONE, noise=0.0, skin=(0.08, 0.04, 0.025)))
    assert dark_skin.amplitude.value == pytest.approx(light_skin.amplitude.value)
    warm = finding(face_frames(ONE, lamp=(1.6, 1.0, 0.4)))
    assert warm.outcome is LightOutcome.ANSWERED


def test_a_white_balance_that_drifts_does_no_harm() -> None:
    found = finding(face_frames(ONE, drift=0.05))
    assert found.outcome is LightOutcome.ANSWERED


def test_a_print_answers_like_a_plane() -> None:
    found = finding(face_frames(ONE, shape=PLANE))
    assert found.outcome is LightOutcome.FLAT
    assert abs(found.relief.value - 1) < 0.1


def test_a_change_of_the_whole_picture_is_no_answer_of_a_face() -> None:
    found = finding(face_frames(ONE, surround=0.9))
    assert found.outcome is LightOutcome.FLAT


def test_a_recorded_answer_is_another() -> None:
    found = finding(face_frames(sequence(2), strength=0.3))
    assert found.outcome is LightOutcome.ANOTHER
    assert found.weight == 1


def test_the_brighter_the_shop_the_lower_the_vote() -> None:
    weights = [
        finding(face_frames(ONE, strength=strength, noise=0.001)).weight
        for strength in (0.2, 0.04, 0.02, 0.01)
    ]
    assert weights == sorted(weights, reverse=True)
    assert weights[0] == 1
    assert 0 < weights[-1] < 0.3


def test_no_light_at_all_says_nothing() -> None:
    found = finding(face_frames(None))
    assert (found.outcome, found.weight) == (LightOutcome.NOT_VISIBLE, 0)


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
    assert finding(frames) == LightFinding(LightOutcome.NOT_VISIBLE)


def test_only_a_plain_answer_speaks_against_a_face() -> None:
    rules = LightRules()

    def against(frames: list[Lit]) -> bool:
        return rules.speaks_against(finding(frames))

    assert against(face_frames(ONE, shape=PLANE))
    assert against(face_frames(sequence(2), strength=0.3))
    assert not against(face_frames(ONE, strength=0.3))
    assert not against(face_frames(None))
    faint = face_frames(ONE, shape=PLANE, strength=0.02, noise=0.0005)
    assert finding(faint).outcome is LightOutcome.FLAT
    assert not against(faint)


def test_a_picture_that_never_changes_is_no_answer() -> None:
    still = face_frames(None, noise=0.0)
    assert finding(still).outcome is LightOutcome.NOT_VISIBLE
    assert abs(finding(still).correlation) < 1e-9


def test_a_shape_that_cannot_be_judged_halves_the_vote() -> None:
    clear = face_frames(ONE, strength=0.05, noise=0.001)
    noisy = face_frames(ONE, strength=0.05, noise=0.025)
    assert finding(clear).relief.error < LightRules().max_error
    assert finding(noisy).relief.error > LightRules().max_error
    assert finding(noisy).outcome is LightOutcome.ANSWERED
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
