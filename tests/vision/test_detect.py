"""Faces in pictures: real ones with the real networks, rules with scripted answers."""

import math

import numpy as np
import pytest

from likeness.vision.detect import FAR, NEAR, Detector, Floats, Layout
from likeness.vision.models import Model, ModelSet, Pixels
from real_models import Picture, mirrored, resized, side_by_side

FACE = (223.0, 126.0)  # of the astronaut: the tip of her nose, by eye


class ScriptedModel(Model):
    """A network that answers what the test says, and keeps what it was shown."""

    def __init__(self, layout: Layout) -> None:
        self.regressors = np.zeros((1, len(layout.anchors), 16), np.float32)
        self.logits = np.full((1, len(layout.anchors), 1), -20.0, np.float32)
        self.seen: Pixels | None = None

    def box(self, row: int, size: float, score: float) -> None:
        """Put a square box around one anchor; scores are 0..1."""
        self.regressors[0, row, 2:4] = size
        self.logits[0, row, 0] = math.log(score / (1 - score))

    def see(self, picture: Pixels) -> tuple[Floats, ...]:
        self.seen = picture.copy()
        return self.regressors, self.logits


@pytest.fixture
def near(models: ModelSet) -> Detector:
    return Detector(models.detect_near, NEAR)


@pytest.fixture
def far(models: ModelSet) -> Detector:
    return Detector(models.detect_far, FAR)


def test_anchors_are_those_of_the_networks() -> None:
    assert NEAR.anchors.shape == (16 * 16 * 2 + 8 * 8 * 6, 2)
    assert FAR.anchors.shape == (48 * 48, 2)
    # Row by row, two (then six) at each cell's middle.
    assert NEAR.anchors[:3].tolist() == [[1 / 32, 1 / 32]] * 2 + [[3 / 32, 1 / 32]]
    assert NEAR.anchors[512:519].tolist() == (
        [[1 / 16, 1 / 16]] * 6 + [[3 / 16, 1 / 16]]
    )
    assert FAR.anchors[-1] == pytest.approx([95 / 96, 95 / 96])


def test_both_networks_find_the_face_where_it_is(
    near: Detector, far: Detector, astronaut: Picture
) -> None:
    for detector in (near, far):
        (face,) = detector.find(astronaut)
        assert face.score > 0.7
        assert face.centre == pytest.approx(FACE, abs=12)
        assert 75 < face.size < 125
        assert face.size == max(face.right - face.left, face.bottom - face.top)


def test_key_points_are_named_from_the_persons_own_sides(
    near: Detector, astronaut: Picture
) -> None:
    (face,) = near.find(astronaut)
    right_eye, left_eye, nose, mouth, right_ear, left_ear = face.points.tolist()
    # She faces us, so her right is at the left of the picture.
    assert right_ear[0] < right_eye[0] < nose[0] < left_eye[0] < left_ear[0]
    assert max(right_eye[1], left_eye[1]) < nose[1] < mouth[1]


def test_a_mirror_moves_the_box_to_the_other_side(
    near: Detector, biden: Picture
) -> None:
    (face,) = near.find(biden)
    (other,) = near.find(mirrored(biden))
    width = biden.shape[1]
    assert other.centre[0] == pytest.approx(width - face.centre[0], abs=15)
    assert other.centre[1] == pytest.approx(face.centre[1], abs=15)


@pytest.mark.parametrize("left", [0, 37, 117])
def test_black_around_and_the_fit_into_the_square_are_undone(
    near: Detector, astronaut: Picture, left: int
) -> None:
    close = astronaut[:300, 75:375].copy()
    canvas = np.zeros((331, 417, 3), np.uint8)
    canvas[31:, left : left + 300] = close

    (face,) = near.find(canvas)
    (before,) = near.find(close)

    x, y = before.centre
    assert face.centre == pytest.approx((x + left, y + 31), abs=6)


def test_two_people_are_two_faces(near: Detector, astronaut: Picture) -> None:
    close = astronaut[:300, 75:375]
    faces = near.find(side_by_side(close, mirrored(close)))
    middles = sorted(face.centre[0] for face in faces)
    assert middles == pytest.approx([150, 600 - 150], abs=12)


def test_the_far_network_sees_a_face_that_is_too_small_for_the_near_one(
    near: Detector, far: Detector, obama: Picture
) -> None:
    room = np.full((480, 640, 3), 90, np.uint8)
    small = resized(obama, 0.2)  # a face of 50 pixels
    room[60 : 60 + len(small), 200 : 200 + small.shape[1]] = small
    assert near.find(room) == []
    (face,) = far.find(room)
    assert face.centre == pytest.approx((200 + 0.2 * 490, 60 + 0.2 * 270), abs=8)


def test_where_no_face_is_none_is_found(
    near: Detector, far: Detector, astronaut: Picture
) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (240, 320, 3), np.uint8)
    for detector in (near, far):
        for picture in (noise, np.zeros_like(noise), astronaut[300:].copy()):
            assert detector.find(picture) == []


@pytest.mark.parametrize("size", [(1, 1), (1, 700), (700, 1), (2, 3), (127, 129)])
def test_any_size_will_do(near: Detector, size: tuple[int, int]) -> None:
    assert near.find(np.full((*size, 3), 127, np.uint8)) == []


def test_the_picture_is_shown_as_rgb_in_the_middle_of_black() -> None:
    model = ScriptedModel(NEAR)
    Detector(model, NEAR).find(np.full((32, 64, 3), (10, 20, 30), np.uint8))
    assert model.seen is not None
    assert model.seen.shape == (128, 128, 3)
    assert (model.seen[32:96] == (30, 20, 10)).all()
    assert not model.seen[:32].any()
    assert not model.seen[96:].any()


def test_boxes_that_overlap_are_one_face_weighted_by_score() -> None:
    model = ScriptedModel(NEAR)
    # The anchors 0 and 2 are 8 pixels apart; boxes of 40 pixels overlap by two thirds.
    model.box(0, size=40, score=0.9)
    model.box(2, size=40, score=0.6)

    (face,) = Detector(model, NEAR).find(np.zeros((128, 128, 3), np.uint8))

    assert face.score == pytest.approx(0.9)
    assert face.centre == pytest.approx(((0.9 * 4 + 0.6 * 12) / 1.5, 4), abs=1e-4)
    assert face.size == pytest.approx(40, abs=1e-4)
    assert face.points[:, 0] == pytest.approx([(0.9 * 4 + 0.6 * 12) / 1.5] * 6)


def test_boxes_apart_are_faces_of_their_own_and_the_surest_comes_first() -> None:
    model = ScriptedModel(NEAR)
    model.box(0, size=10, score=0.7)
    model.box(30, size=10, score=0.8)
    model.box(500, size=10, score=0.49)  # not sure enough
    faces = Detector(model, NEAR).find(np.zeros((256, 256, 3), np.uint8))
    assert [face.score for face in faces] == pytest.approx([0.8, 0.7])
    assert faces[0].centre == pytest.approx((2 * 124, 2 * 4))  # 15th cell, twice as big
    assert faces[1].centre == pytest.approx((2 * 4, 2 * 4))


def test_a_box_without_area_is_still_taken_once() -> None:
    model = ScriptedModel(NEAR)
    model.box(7, size=0, score=0.8)
    (face,) = Detector(model, NEAR).find(np.zeros((128, 128, 3), np.uint8))
    assert face.size == 0
