"""Whether a frame is the same picture, and how much another face it shows."""

import cv2
import numpy as np
import pytest

from likeness.core.continuity import JUMP_CHANGE, ODD_CHANGE
from likeness.vision.change import Change, digest_of
from likeness.vision.look import Looker
from likeness.vision.mesh import Fit
from real_models import Picture, mirrored, resized


def changes(looker: Looker, *pictures: Picture) -> list[float | None]:
    looker.forget()
    seen = [
        looker.look(picture, captured_s=number / 30, frame=number, eyes=False)
        for number, picture in enumerate(pictures)
    ]
    return [one.face.change if one.face else None for one in seen]


def test_the_same_picture_has_the_same_digest_and_no_other(astronaut: Picture) -> None:
    assert digest_of(astronaut) == digest_of(astronaut.copy())
    noisy = astronaut.copy()
    noisy[8, 5, 0] ^= 1  # a sensor's noise does more than that
    assert digest_of(noisy) != digest_of(astronaut)
    assert digest_of(mirrored(astronaut)) != digest_of(astronaut)
    assert digest_of(np.zeros((480, 640, 3), np.uint8)) != 0


def test_a_face_that_moves_or_is_lit_otherwise_stays_the_same(
    looker: Looker, obama: Picture
) -> None:
    moved = np.roll(obama, (4, 9), axis=(0, 1))
    darker = np.asarray(cv2.convertScaleAbs(obama, alpha=0.6, beta=20), np.uint8)
    first, *later = changes(looker, obama, moved, darker, obama)
    assert first is None
    assert [one is not None and one < ODD_CHANGE for one in later] == [True] * 3


def test_a_cut_to_another_face_at_the_same_place_is_a_jump(
    looker: Looker, obama: Picture, biden: Picture
) -> None:
    other = resized(biden, obama.shape[0] / biden.shape[0])
    _, cut = changes(looker, obama, other)
    assert cut is not None
    assert cut > JUMP_CHANGE


def test_a_next_visitor_is_not_compared(looker: Looker, obama: Picture) -> None:
    changes(looker, obama)
    assert changes(looker, obama) == [None]


def test_a_crop_of_one_grey_has_nothing_to_compare() -> None:
    grey = np.full((192, 192, 3), 90, np.uint8)
    points = np.full((468, 2), 96, np.float32)
    fit = Fit(1.0, np.zeros((468, 3), np.float32), points, grey)
    change = Change()
    assert [change.see(fit), change.see(fit)] == [None, pytest.approx(1.0)]
