"""Landmarks on real faces, and the square that is cut out for them."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.vision.detect import NEAR, Detection, Detector, Floats
from likeness.vision.mesh import (
    FACE_EDGE_LEFT,
    FACE_EDGE_RIGHT,
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    MARGIN,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_TIP,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
    SIDE,
    Fit,
    Mesh,
    Region,
)
from likeness.vision.models import ModelSet
from real_models import Picture, mirrored

# Of the astronaut, read off the enlarged picture by eye; pixels. The mouth: the middle
# between its corners.
RIGHT_EYE, LEFT_EYE, MOUTH = (203, 101), (246, 103), (224, 140)


@pytest.fixture(scope="module")
def mesh(models: ModelSet) -> Mesh:
    return Mesh(models.mesh)


@pytest.fixture(scope="module")
def near(models: ModelSet) -> Detector:
    return Detector(models.detect_near, NEAR)


def fitted(mesh: Mesh, near: Detector, picture: Picture) -> Fit:
    """Fit twice, as for a single picture."""
    (face,) = near.find(picture)
    first = mesh.fit(picture, Region.around_detection(face))
    return mesh.fit(picture, Region.around_landmarks(first.landmarks))


def middle(landmarks: Floats, *numbers: int) -> Floats:
    mean: Floats = landmarks[list(numbers), :2].mean(axis=0)
    return mean


def test_landmarks_lie_where_the_face_has_them(
    mesh: Mesh, near: Detector, astronaut: Picture
) -> None:
    fit = fitted(mesh, near, astronaut)
    at = fit.landmarks
    assert at.shape == (468, 3)
    assert fit.presence > 0.95
    assert middle(at, RIGHT_EYE_OUTER, RIGHT_EYE_INNER) == pytest.approx(
        RIGHT_EYE, abs=4
    )
    assert middle(at, LEFT_EYE_OUTER, LEFT_EYE_INNER) == pytest.approx(LEFT_EYE, abs=5)
    assert middle(at, MOUTH_RIGHT, MOUTH_LEFT) == pytest.approx(MOUTH, abs=6)
    # The nose is nearer to us than the edges of the face: z points away.
    assert at[NOSE_TIP, 2] < at[[FACE_EDGE_LEFT, FACE_EDGE_RIGHT], 2].min() - 10


def test_in_crop_and_in_picture_are_the_same_points(
    mesh: Mesh, near: Detector, astronaut: Picture
) -> None:
    (face,) = near.find(astronaut)
    region = Region.around_detection(face)
    fit = mesh.fit(astronaut, region)
    ones = np.ones((468, 1), np.float32)
    there = np.hstack([fit.landmarks[:, :2], ones]) @ region.to_crop(SIDE).T
    assert there == pytest.approx(fit.in_crop, abs=0.05)
    # And the crop shows what the picture shows there: the eyes' whites and skin.
    x, y = fit.landmarks[NOSE_TIP, :2].astype(int)
    u, v = fit.in_crop[NOSE_TIP].astype(int)
    seen, shown = astronaut[y, x].astype(int), fit.crop[v, u].astype(int)
    assert abs(seen - shown).max() < 25


def test_a_mirror_swaps_the_persons_sides(
    mesh: Mesh, near: Detector, astronaut: Picture
) -> None:
    one = fitted(mesh, near, astronaut).landmarks
    other = fitted(mesh, near, mirrored(astronaut)).landmarks
    width = astronaut.shape[1]
    for right, left in (
        (RIGHT_EYE_OUTER, LEFT_EYE_OUTER),
        (MOUTH_RIGHT, MOUTH_LEFT),
        (FACE_EDGE_RIGHT, FACE_EDGE_LEFT),
    ):
        assert width - 1 - other[left, 0] == pytest.approx(one[right, 0], abs=4)
        assert other[left, 1] == pytest.approx(one[right, 1], abs=4)


def test_what_is_no_face_is_not_taken_for_one(mesh: Mesh, astronaut: Picture) -> None:
    suit = Region(x=150, y=420, side=150, angle=0.0)
    assert mesh.fit(astronaut, suit).presence < 0.5
    nothing = Region(x=-500, y=-500, side=100, angle=0.0)
    assert mesh.fit(astronaut, nothing).presence < 0.5


def test_a_tilted_head_stands_upright_in_its_crop(
    mesh: Mesh, near: Detector, astronaut: Picture
) -> None:
    on_its_side = np.ascontiguousarray(np.rot90(astronaut))
    one = fitted(mesh, near, astronaut)
    x, y = middle(one.landmarks, RIGHT_EYE_OUTER, LEFT_EYE_OUTER)
    # The rotation takes (x, y) to (y, width - 1 - x).
    region = Region(float(y), 511 - float(x), 160, -math.pi / 2)

    first = mesh.fit(on_its_side, region)
    fit = mesh.fit(on_its_side, Region.around_landmarks(first.landmarks))

    assert fit.presence > 0.95
    level = fit.in_crop[LEFT_EYE_OUTER, 1] - fit.in_crop[RIGHT_EYE_OUTER, 1]
    assert abs(level) < 4
    where = fit.landmarks[:, :2]
    expected = np.stack([one.landmarks[:, 1], 511 - one.landmarks[:, 0]], axis=1)
    assert abs(where - expected).mean() < 3


def test_a_region_around_a_detection_is_level_with_the_eyes() -> None:
    points = np.array([[100, 100], [120, 120], [0, 0], [0, 0], [0, 0], [0, 0]])
    face = Detection(0.9, 80, 90, 140, 170, points.astype(np.float32))
    region = Region.around_detection(face)
    assert (region.x, region.y) == (110, 130)
    assert region.side == MARGIN * 80
    assert region.angle == pytest.approx(math.pi / 4)


@given(
    angle=st.floats(-3, 3), side=st.floats(1, 4000), x=st.floats(-99, 4000)
)  # fmt: skip
def test_a_region_becomes_the_whole_crop(angle: float, side: float, x: float) -> None:
    region = Region(x, 300.0, side, angle)
    along = np.array([math.cos(angle), math.sin(angle)]) * side / 2
    to_crop = region.to_crop(SIDE).astype(np.float64)

    def placed(point: tuple[float, float]) -> list[float]:
        there: list[float] = (to_crop @ (*point, 1.0)).tolist()
        return there

    slack = 1e-4 * (1 + 4000 * SIDE / side)  # float32, far from the picture's origin
    assert placed((x, 300.0)) == pytest.approx([SIDE / 2] * 2, abs=slack)
    right = placed((x + along[0], 300.0 + along[1]))
    assert right == pytest.approx([SIDE, SIDE / 2], abs=slack)


def test_a_region_around_landmarks_holds_them_all(
    mesh: Mesh, near: Detector, biden: Picture
) -> None:
    at = fitted(mesh, near, biden).landmarks
    region = Region.around_landmarks(at)
    ones = np.ones((468, 1), np.float32)
    inside = np.hstack([at[:, :2], ones]) @ region.to_crop(SIDE).T
    rest = (1 - 1 / MARGIN) / 2 * SIDE  # the margin on each side of the longer way
    assert inside.min() == pytest.approx(rest, abs=1)
    assert inside.max() == pytest.approx(SIDE - rest, abs=1)
