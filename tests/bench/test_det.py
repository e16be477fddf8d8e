"""Error rates against counting by hand, and against their definition."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.bench.det import LOWEST, NOT_FOUND, Rate, Scores
from likeness.core.intervals import clopper_pearson

GENUINE = np.array([0.9, 0.5, 0.3, 0.8])
IMPOSTOR = np.array([0.1, 0.4, 0.2, -0.3, 0.35])

# Few different values, so that ties happen; NOT_FOUND among them.
score = st.sampled_from([NOT_FOUND, -1.0, -0.5, 0.0, 0.1, 0.2, 0.3, 0.5, 1.0])
scores = st.lists(score, min_size=1, max_size=40).map(np.array)


def test_both_errors_are_counted_at_a_threshold() -> None:
    point = Scores(GENUINE, IMPOSTOR).at(0.35)

    assert (point.fmr.hits, point.fmr.tries) == (2, 5)  # 0.4, and 0.35 itself
    assert (point.fnmr.hits, point.fnmr.tries) == (1, 4)  # 0.3


def test_a_face_not_found_never_matches() -> None:
    lost = np.array([NOT_FOUND])
    point = Scores(np.append(GENUINE, lost), np.append(IMPOSTOR, lost)).at(LOWEST)

    assert (point.fmr.hits, point.fmr.tries) == (5, 6)
    assert (point.fnmr.hits, point.fnmr.tries) == (1, 5)


def test_a_rate_stands_with_its_exact_interval() -> None:
    low, high = clopper_pearson(1, 4)

    assert Rate(1, 4).figures() == {
        "hits": 1,
        "tries": 4,
        "rate": 0.25,
        "low": low,
        "high": high,
    }
    assert Rate(0, 0).figures()["rate"] is None
    assert math.isnan(Rate(0, 0).share)


@pytest.mark.parametrize(("pairs", "measurable"), [(9_999, False), (10_000, True)])
def test_an_fmr_needs_enough_impostors_to_be_seen(pairs: int, measurable: bool) -> None:
    point = Scores(GENUINE, np.linspace(-1, 0.2, pairs)).at_fmr(1e-4)

    assert (point is not None) == measurable
    if point is not None:
        assert point.fmr.hits == 1


@given(genuine=scores, impostor=scores, wanted=st.sampled_from([0.05, 0.1, 0.3, 1.0]))
def test_the_threshold_is_the_lowest_that_keeps_the_fmr(
    genuine: np.ndarray, impostor: np.ndarray, wanted: float  # type: ignore[type-arg]
) -> None:  # fmt: skip
    measured = Scores(genuine, impostor)
    point = measured.at_fmr(wanted)

    if len(impostor) * wanted < 1:
        assert point is None
        return
    assert point is not None
    assert point.fmr.share <= wanted
    assert point.fmr.hits == sum(impostor >= point.threshold)
    assert point.fnmr.hits == sum(genuine < point.threshold)
    if point.threshold > LOWEST:
        lower = measured.at(float(np.nextafter(point.threshold, -np.inf)))
        assert lower.fmr.share > wanted


@given(genuine=scores, impostor=scores)
def test_the_best_threshold_has_the_most_right_answers(
    genuine: np.ndarray, impostor: np.ndarray  # type: ignore[type-arg]
) -> None:  # fmt: skip
    def right(threshold: float) -> int:
        return int(sum(genuine >= threshold) + sum(impostor < threshold))

    threshold, best = Scores(genuine, impostor).best()

    assert best.hits == right(threshold)
    assert best.tries == len(genuine) + len(impostor)
    assert best.hits == max(right(t) for t in [*genuine, *impostor, 1.1] if t >= LOWEST)


def test_the_curve_goes_from_the_strictest_to_everybody() -> None:
    generator = np.random.default_rng(5)
    curve = Scores(
        generator.normal(0.6, 0.1, 500), generator.normal(0.1, 0.1, 20_000)
    ).curve()

    thresholds, fmr, fnmr = (np.array(column) for column in zip(*curve, strict=True))
    assert fmr[0] == 1 / 20_000
    assert fmr[-1] == 1
    assert (np.diff(thresholds) < 0).all()
    assert (np.diff(fmr) > 0).all()
    assert (np.diff(fnmr) <= 0).all()


def test_without_one_kind_of_pair_there_is_no_curve() -> None:
    assert Scores(GENUINE, np.array([])).curve() == []
    assert Scores(np.array([]), IMPOSTOR).curve() == []
