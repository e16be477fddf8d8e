"""Against published numbers and the defining equation."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.intervals import clopper_pearson


@pytest.mark.parametrize(
    ("hits", "tries", "low", "high"),
    [
        # The rule behind "0 of 51 proves below 7 %": 1 - 0.025 ** (1 / 51).
        (0, 51, 0.0, 1 - 0.025 ** (1 / 51)),
        (0, 368, 0.0, 1 - 0.025 ** (1 / 368)),
        (20, 20, 0.025 ** (1 / 20), 1.0),
        # Brownlee 1965: 10 of 20.
        (10, 20, 0.27196, 0.72804),
        (1, 10, 0.002529, 0.445016),
    ],
)
def test_known_intervals(hits: int, tries: int, low: float, high: float) -> None:
    assert clopper_pearson(hits, tries) == pytest.approx((low, high), abs=1e-5)


@given(st.integers(1, 200), st.data())
def test_bounds_leave_exactly_the_tail(tries: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, tries))
    low, high = clopper_pearson(hits, tries)
    assert 0 <= low <= hits / tries <= high <= 1

    def tail(p: float, counts: range) -> float:
        return sum(math.comb(tries, k) * p**k * (1 - p) ** (tries - k) for k in counts)

    if hits > 0:
        assert tail(low, range(hits, tries + 1)) == pytest.approx(0.025, abs=1e-6)
    if hits < tries:
        assert tail(high, range(hits + 1)) == pytest.approx(0.025, abs=1e-6)


def test_nothing_tried_says_nothing() -> None:
    assert clopper_pearson(0, 0) == (0.0, 1.0)
    assert clopper_pearson(3, 1_000_000)[1] < 1e-5


def test_a_fleet_s_figures_are_counted_as_well() -> None:
    low, high = clopper_pearson(9_500_000, 10_000_000)
    # As the normal distribution has it, which is as good as exact for so many.
    half = 1.959964 * math.sqrt(0.95 * 0.05 / 10_000_000)
    assert (low, high) == pytest.approx((0.95 - half, 0.95 + half), abs=1e-6)
