"""Recaptures keep their landmarks on the face; cameras change no shape."""

import cv2
import numpy as np
import pytest

from passive_training.recapture import Pixels, Shot, photograph, recaptured

POINTS = np.array([[150, 130], [250, 130], [200, 250], [200, 180]], np.float32)
RADIUS = 14


def face_of_dots() -> Shot:
    """White dots on dark grey, where the landmarks are."""
    picture = np.full((360, 400, 3), 40, np.uint8)
    for x, y in POINTS.astype(int).tolist():
        cv2.circle(picture, (x, y), RADIUS, (255, 255, 255), -1)
    return Shot(picture, POINTS)


def brightness(picture: Pixels, x: float, y: float) -> float:
    patch = picture[round(y) - 2 : round(y) + 3, round(x) - 2 : round(x) + 3]
    return float(patch.mean())


@pytest.mark.parametrize("screen", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_landmarks_stay_on_the_face(seed: int, screen: bool) -> None:
    rng = np.random.default_rng(seed)
    backdrop = np.full((60, 80, 3), 90, np.uint8)
    seen = recaptured(face_of_dots(), 130.0, backdrop, rng, screen=screen)
    assert seen.face_px == pytest.approx(130, rel=0.15)
    assert seen.picture.dtype == np.uint8
    grey = np.asarray(cv2.GaussianBlur(seen.picture, (0, 0), 3), np.uint8)
    between = (seen.points[0] + seen.points[1]) / 2
    for x, y in seen.points:
        assert brightness(grey, x, y) > brightness(grey, *between) + 8


def test_a_seed_gives_the_same_recapture() -> None:
    backdrop = np.full((60, 80, 3), 90, np.uint8)
    one, same, other = (
        recaptured(
            face_of_dots(), 130.0, backdrop, np.random.default_rng(seed), screen=True
        ).picture
        for seed in (5, 5, 6)
    )
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


@pytest.mark.parametrize("seed", range(6))
def test_a_camera_changes_no_shape_and_leaves_the_source_alone(seed: int) -> None:
    picture = face_of_dots().picture
    before = picture.copy()
    seen = photograph(picture, np.random.default_rng(seed))
    assert seen.shape == before.shape
    assert seen.dtype == np.uint8
    assert np.array_equal(picture, before)
