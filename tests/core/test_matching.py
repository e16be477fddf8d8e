import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import visits as v
from likeness.core import matching

VECTORS = st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(
    lambda x: math.hypot(*x) > 0.1
)


def unit(values: list[float]) -> tuple[float, ...]:
    length = math.hypot(*values)
    return tuple(value / length for value in values)


@given(st.lists(st.tuples(st.floats(0.1, 1), VECTORS), min_size=1, max_size=6))
def test_fused_views_have_unit_length_or_cancel_out(
    views: list[tuple[float, list[float]]],
) -> None:
    fused = matching.fuse([(w, unit(x)) for w, x in views])
    assert math.hypot(*fused) == pytest.approx(1.0) or math.hypot(*fused) < 1e-3


def test_one_view_is_itself_and_the_heavier_view_weighs_more() -> None:
    one, two = v.embedding(1), v.embedding(2)
    assert matching.fuse([(0.3, one)]) == pytest.approx(one)
    fused = matching.fuse([(0.9, one), (0.1, two)])
    assert matching.cosine(fused, one) > 0.9 > matching.cosine(fused, two)


def test_only_the_best_views_are_kept() -> None:
    views = matching.BestViews()
    assert views.score(v.embedding(1)) is None
    views.add(v.STILL)  # without an embedding
    assert views.count == 0
    aslant = replace(v.STILL, yaw_deg=40.0, embedding=v.embedding(2))
    straight = replace(v.STILL, embedding=v.embedding(1))
    for face in [aslant] * 5 + [straight] * 5:
        views.add(face)
    assert views.count == matching.VIEWS
    assert views.score(v.embedding(1)) == pytest.approx(1.0)


def test_quality_prefers_frontal_sharp_and_well_lit() -> None:
    best = matching.quality(v.STILL)
    for worse in (
        replace(v.STILL, yaw_deg=20.0),
        replace(v.STILL, pitch_deg=-20.0),
        replace(v.STILL, sharpness=0.2),
        replace(v.STILL, brightness=0.05),
        replace(v.STILL, brightness=0.95),
    ):
        assert 0 < matching.quality(worse) < best <= 1
