from dataclasses import replace

import pytest

import visits as v
from likeness.core.rest import rest_of


def test_rest_is_taken_from_open_eyes_even_if_a_blink_falls_into_it() -> None:
    shares = (1, 1, 0.2, 0.2, 0.6, 1, 1, 1, 1, 1)
    faces = [
        replace(v.STILL, eye_left=share * v.OPEN, eye_right=share * v.OPEN)
        for share in shares
    ]
    rest = rest_of(faces)
    assert rest is not None and rest.eye_left == pytest.approx(v.OPEN)
    assert rest_of(faces[:5]) is None
