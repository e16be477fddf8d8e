"""What a look forgets before anything was asked of the face."""

from dataclasses import replace

import pytest

import visits as v
from likeness.core import profile
from likeness.core.looking import Looking

GAP_S = 1.4


@pytest.mark.parametrize("acting", [False, True])
def test_a_turn_before_the_acts_is_not_asked_about_after_a_gap(*, acting: bool) -> None:
    """Who was there before the acts does not matter: their face is seen anew."""
    looking, visitor = Looking(profile.named("standard")), v.Visitor()
    if acting:
        looking.begin_acts()
    turned = replace(v.STILL, yaw_deg=35.0, embedding=v.embedding(1))
    straight = replace(v.STILL, embedding=v.embedding(1))
    for _ in range(3):
        assert looking.see(visitor.frame(turned)) is None
    visitor.now += GAP_S
    assert looking.see(visitor.frame(straight)) is None
    assert looking.lost_track is acting
