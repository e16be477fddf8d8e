import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.presentation import Texture, TextureVote
from likeness.core.profile import TextureRules

RULES = TextureRules(live_from=0.6, attack_below=0.2, scores_at_least=4)


def seen(*scores: float | None) -> Texture:
    texture = Texture(RULES)
    for score in scores:
        texture.see(score)
    return texture


def test_too_few_scores_are_no_measurement() -> None:
    few = seen(0.9, None, 0.9, None, 0.9, None)
    assert few.score is None
    assert few.vote is TextureVote.NOT_MEASURED
    enough = seen(0.9, None, 0.9, None, 0.9, None, 0.9)
    assert enough.score == pytest.approx(0.9)
    assert enough.vote is TextureVote.LIVE


@pytest.mark.parametrize(
    ("score", "vote"),
    [
        (0.61, TextureVote.LIVE),
        (0.59, TextureVote.DOUBT),
        (0.21, TextureVote.DOUBT),
        (0.19, TextureVote.ATTACK),
    ],
)
def test_two_thresholds_part_three_votes(score: float, vote: TextureVote) -> None:
    assert seen(*[score] * 4).vote is vote


def test_a_quarter_of_odd_frames_moves_nothing() -> None:
    calm = seen(*[0.8] * 8)
    for odd in (0.0, 1.0):
        assert seen(*[0.8] * 6, odd, odd).score == calm.score


def test_the_score_is_the_mean_of_the_middle_logits() -> None:
    # Logits -8, -1, 2, 8: the middle two have the mean 1/2.
    low, high = 1 / (1 + math.exp(1)), 1 / (1 + math.exp(-2))
    assert seen(0.0, high, low, 1.0).score == pytest.approx(1 / (1 + math.exp(-0.5)))


@given(st.lists(st.floats(0, 1), min_size=4, max_size=40), st.randoms())
def test_the_score_lies_within_and_knows_no_order(
    scores: list[float], random: Random
) -> None:
    first = seen(*scores).score
    random.shuffle(scores)
    second = seen(*scores).score
    assert first is not None
    assert first == second
    assert min(scores) - 1e-3 <= first <= max(scores) + 1e-3


def test_what_is_no_number_speaks_for_nobody() -> None:
    texture = Texture(RULES)
    for score in [0.01] * 8 + [math.nan] * 24:
        texture.see(score)
    assert texture.vote is TextureVote.ATTACK
