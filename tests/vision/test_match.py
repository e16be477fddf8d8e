"""Alignment against its own mathematics, embeddings of real people."""

import math
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.bench.chip_portrait import chip_portrait
from likeness.core.seen import Embedding
from likeness.vision.look import Looker
from likeness.vision.match import PLACES, Embedder, five_points, similarity
from likeness.vision.models import Floats, Model, ModelSet, Pixels
from real_models import Picture, mirrored, resized

SAME, OTHERS = 0.6, 0.3  # far on either side of the shipped thresholds


@pytest.fixture(scope="module")
def embedder(models: ModelSet) -> Embedder:
    return Embedder(models.embed)


def embedded(looker: Looker, picture: Picture) -> Embedding:
    embedding = looker.embed_picture(picture)
    assert embedding is not None
    return embedding


@given(
    angle=st.floats(-3, 3),
    scale=st.floats(0.05, 20),
    x=st.floats(-300, 300),
    y=st.floats(-300, 300),
)
def test_a_turned_scaled_shifted_face_is_brought_back(
    angle: float, scale: float, x: float, y: float
) -> None:
    cos, sin = math.cos(angle) * scale, math.sin(angle) * scale
    seen = PLACES @ np.array([[cos, -sin], [sin, cos]]).T + (x, y)
    matrix = similarity(seen, PLACES)
    back = np.hstack([seen, np.ones((5, 1))]) @ matrix.T
    assert back == pytest.approx(PLACES, abs=1e-6)


def test_a_mirrored_face_is_never_flipped_back() -> None:
    """Alignment turns and scales: a mirror stays one, as the least bad turn."""
    seen = PLACES * (-1.0, 1.0) + (112.0, 0.0)
    turn = similarity(seen, PLACES)[:, :2]
    assert np.linalg.det(turn) > 0


def test_no_other_similarity_comes_nearer() -> None:
    noise = np.random.default_rng(3).normal(0, 3, PLACES.shape)
    seen = PLACES * 2.5 + 40 + noise
    best = similarity(seen, PLACES)

    def away(matrix: npt.NDArray[np.float64]) -> float:
        there = np.hstack([seen, np.ones((5, 1))]) @ matrix.T
        return float(((there - PLACES) ** 2).sum())

    (a, b, x), (_, _, y) = best.tolist()
    for step in np.random.default_rng(4).normal(0, 1e-3, (50, 4)):
        other = np.array([a, b, x, y]) + step * (1, 1, 100, 100)
        c, d, e, f = other.tolist()
        assert away(np.array([[c, d, e], [-d, c, f]])) > away(best)


def test_the_five_points_are_eyes_nose_and_mouth() -> None:
    landmarks = np.zeros((468, 3), np.float32)
    landmarks[[33, 133]] = [(10, 20, 5), (20, 22, 5)]  # the person's right eye
    landmarks[[362, 263]] = [(40, 22, 5), (50, 20, 5)]  # the left one
    landmarks[[1, 4]] = [(30, 40, -9), (30, 36, -9)]
    landmarks[[61, 291]] = [(20, 60, 0), (42, 61, 0)]
    assert five_points(landmarks).tolist() == [
        [15, 21], [45, 21], [30, 38], [20, 60], [42, 61],
    ]  # fmt: skip


def test_an_embedding_has_unit_length_and_is_the_same_each_time(
    looker: Looker, embedder: Embedder, obama: Picture
) -> None:
    still = looker.find_still(obama)
    assert still is not None
    for mirror in (False, True):
        one = embedder.embed(obama, still.fit.landmarks, mirror=mirror)
        assert len(one) == 128
        assert np.linalg.norm(one) == pytest.approx(1, abs=1e-6)
        assert one == embedder.embed(obama, still.fit.landmarks, mirror=mirror)


def test_with_the_mirror_a_face_and_its_mirror_image_are_nearer(
    looker: Looker, embedder: Embedder, biden: Picture
) -> None:
    one, two = looker.find_still(biden), looker.find_still(mirrored(biden))
    assert one is not None
    assert two is not None
    plain, added = (
        np.dot(
            embedder.embed(one.picture, one.fit.landmarks, mirror=mirror),
            embedder.embed(two.picture, two.fit.landmarks, mirror=mirror),
        )
        for mirror in (False, True)
    )
    assert added > plain + 0.02
    assert added > 0.95


class KeptCrop(Model):
    """A network that keeps what it was shown."""

    def __init__(self) -> None:
        self.seen: list[Pixels] = []

    def see(self, picture: Pixels) -> tuple[Floats, ...]:
        self.seen.append(picture.copy())
        return (np.ones((1, 128), np.float32),)


def test_the_network_is_shown_rgb_and_then_its_mirror_image() -> None:
    model = KeptCrop()
    picture = np.zeros((112, 112, 3), np.uint8)
    picture[:, :56] = (10, 20, 30)
    landmarks = np.zeros((468, 3), np.float32)  # a face that is in its place already
    for numbers, place in zip(
        ([33, 133], [362, 263], [1, 4], [61], [291]), PLACES, strict=True
    ):
        landmarks[numbers, :2] = place
    vector = Embedder(model).embed(picture, landmarks, mirror=True)
    one, other = model.seen
    assert one.shape == (112, 112, 3)
    assert (one[10:100, 5:50] == (30, 20, 10)).all()
    assert not one[10:100, 62:107].any()
    assert (other == one[:, ::-1]).all()
    assert vector == pytest.approx([128**-0.5] * 128)


def test_three_people_are_apart(
    looker: Looker, astronaut: Picture, biden: Picture, obama: Picture
) -> None:
    people = [embedded(looker, picture) for picture in (astronaut, biden, obama)]
    scores = np.array(people) @ np.array(people).T
    assert scores[np.triu_indices(3, 1)].max() < OTHERS


def test_a_person_is_near_the_own_chip_portrait_and_far_from_others(
    looker: Looker, pictures: Path, biden: Picture, obama: Picture
) -> None:
    chips = {}
    for name in ("obama.jpg", "biden.jpg"):
        chip = chip_portrait((pictures / name).read_bytes(), looker)
        assert chip is not None
        chips[name] = looker.enrol(chip)
        assert chips[name] is not None
    live = {"obama.jpg": embedded(looker, obama), "biden.jpg": embedded(looker, biden)}
    for person, view in live.items():
        for card, portrait in chips.items():
            score = np.dot(view, portrait or ())
            assert score > SAME if person == card else score < OTHERS, (person, card)


def test_light_size_and_tilt_leave_the_person_the_same(
    looker: Looker, obama: Picture
) -> None:
    height, width = obama.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 20, 1)
    first = embedded(looker, obama)
    for other in (
        resized(obama, 0.3),
        (obama * 0.5).astype(np.uint8),
        np.asarray(cv2.warpAffine(obama, turn, (width, height)), np.uint8),
    ):
        assert np.dot(first, embedded(looker, other)) > 0.8
