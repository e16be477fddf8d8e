"""Fisher's exact test against values that others have computed and against counting."""

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.exact_test import Share, greater


def test_the_lady_tasting_tea() -> None:
    """Fisher, The Design of Experiments, 1935: four right cups 1/70, three 17/70."""
    assert greater(Share(4, 4), Share(0, 4)) == pytest.approx(1 / 70)
    assert greater(Share(3, 4), Share(1, 4)) == pytest.approx(17 / 70)


def counted(one: Share, other: Share) -> Fraction:
    """The same by whole numbers."""
    marked, everything = one.count + other.count, one.of + other.of
    ways = sum(
        comb(marked, here) * comb(everything - marked, one.of - here)
        for here in range(one.count, one.of + 1)
    )
    return Fraction(ways, comb(everything, one.of))


shares = st.integers(1, 60).flatmap(
    lambda of: st.integers(0, of).map(lambda count: Share(count, of))
)


@given(shares, shares)
def test_it_is_exact(one: Share, other: Share) -> None:
    assert greater(one, other) == pytest.approx(float(counted(one, other)), rel=1e-9)


def test_nothing_proves_nothing() -> None:
    for one, other in ((Share(), Share(1, 9)), (Share(5, 5), Share()), (Share(),) * 2):
        assert greater(one, other) == 1.0


def test_millions_are_no_trouble() -> None:
    fleet = Share(100_000, 2_000_000)
    assert greater(Share(50, 1000), fleet) > 0.4
    assert greater(Share(100, 1000), fleet) < 1e-9
