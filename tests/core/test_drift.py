"""Which camera stands apart: against numbers worked out another way."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.drift import LEAST_RESULTS, LEAST_TERMINALS, Sums, drifts

MICRO = 1_000_000


def chance(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - no secret is drawn


def sums(scores: list[float]) -> Sums:
    whole = [round(score * MICRO) for score in scores]
    return Sums(len(whole), sum(whole), sum(one * one for one in whole))


def camera(draw: random.Random, mean: float, count: int = 200) -> list[float]:
    return [draw.gauss(mean, 0.08) for _ in range(count)]


def fleet(draw: random.Random, count: int = 40) -> dict[str, list[float]]:
    return {f"c-{n}": camera(draw, draw.gauss(0.7, 0.01)) for n in range(count)}


@given(st.lists(st.integers(-MICRO, MICRO), min_size=2, max_size=50))
def test_sums_are_exact(whole: list[int]) -> None:
    found = Sums(len(whole), sum(whole), sum(one * one for one in whole))
    scores = [one / MICRO for one in whole]
    assert found.mean == pytest.approx(statistics.fmean(scores))
    squares = statistics.pvariance(scores) * len(scores)
    assert found.deviations == pytest.approx(squares, abs=1e-9)
    half = len(whole) // 2
    parts = [sums([o / MICRO for o in part]) for part in (whole[:half], whole[half:])]
    assert parts[0] + parts[1] == found


def test_the_measure_is_the_one_that_is_described() -> None:
    scores = fleet(chance(1))
    means = {name: statistics.fmean(one) for name, one in scores.items()}
    centre = statistics.median(means.values())
    spread = 1.4826 * statistics.median(abs(m - centre) for m in means.values())
    free = sum(len(one) - 1 for one in scores.values())
    within = math.sqrt(
        sum(statistics.variance(one) * (len(one) - 1) for one in scores.values()) / free
    )
    found = drifts({name: sums(one) for name, one in scores.items()})
    for name, drift in found.items():
        off = means[name] - centre
        error = within / math.sqrt(len(scores[name]))
        assert drift.effect == pytest.approx(off / within, abs=1e-4)
        assert drift.error == pytest.approx(error, rel=1e-4)
        z = off / math.sqrt(spread**2 + error**2)
        assert drift.z == pytest.approx(z, abs=1e-3)


def test_a_camera_that_is_off_stands_apart_and_no_other() -> None:
    scores = fleet(chance(2))
    scores["off"] = camera(chance(3), 0.6)
    found = drifts({name: sums(one) for name, one in scores.items()})
    assert [name for name, one in found.items() if one.stands_apart] == ["off"]
    assert found["off"].effect == pytest.approx(-1.25, abs=0.2)


def test_many_that_are_off_do_not_move_the_centre() -> None:
    draw = chance(4)
    scores = fleet(draw) | {f"off-{n}": camera(draw, 0.5) for n in range(10)}
    found = drifts({name: sums(one) for name, one in scores.items()})
    apart = {name for name, one in found.items() if one.stands_apart}
    assert apart == {f"off-{n}" for n in range(10)}


def test_a_sure_but_small_difference_is_none() -> None:
    draw = chance(5)
    scores = {f"c-{n}": camera(draw, 0.7, 2_000) for n in range(40)}
    scores["near"] = camera(draw, 0.68, 20_000)
    near = drifts({name: sums(one) for name, one in scores.items()})["near"]
    assert abs(near.z) > 4.5
    assert not near.stands_apart


def test_a_large_difference_of_few_results_is_none() -> None:
    scores = fleet(chance(6))
    scores["few"] = [0.2] * (LEAST_RESULTS - 1)
    assert "few" not in drifts({name: sums(one) for name, one in scores.items()})


def test_cameras_that_differ_anyway_make_no_alarm() -> None:
    draw = chance(7)  # each shop's light is another: means spread by 0.03
    scores = {f"c-{n}": camera(draw, draw.gauss(0.7, 0.03)) for n in range(200)}
    found = drifts({name: sums(one) for name, one in scores.items()})
    assert not [name for name, one in found.items() if one.stands_apart]


def test_without_a_fleet_nothing_is_said() -> None:
    few = {f"c-{n}": sums([0.5, 0.9] * 50) for n in range(LEAST_TERMINALS - 1)}
    assert drifts(few) == {}
    same = {f"c-{n}": sums([0.5] * 100) for n in range(LEAST_TERMINALS)}
    assert drifts(same) == {}
