"""What is cut out for the texture network, and when nothing is judged."""

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core.seen import Face
from likeness.vision.look import Looker
from likeness.vision.models import Floats, ModelSet, Pixels
from likeness.vision.passive import AROUND, FACE, SIDE, VIEWS, Passive, views
from real_models import Picture


def cut(picture: Pixels, points: list[tuple[float, float]]) -> list[Pixels]:
    """The three views, BGR again."""
    into = np.zeros((VIEWS * SIDE, SIDE, 3), np.uint8)
    views(picture, np.array(points, np.float32), into=into)
    return [into[n * SIDE : (n + 1) * SIDE, :, ::-1] for n in range(VIEWS)]


def ramps(height: int, width: int) -> Pixels:
    """Each pixel tells its own place."""
    y, x = np.mgrid[:height, :width]
    return np.dstack([x // 2, y // 2, (x + y) % 2 * 255]).astype(np.uint8)


def test_the_first_view_is_the_cameras_own_pixels() -> None:
    picture = ramps(400, 480)
    native, _, _ = cut(picture, [(140, 110), (260, 270)])  # middle 200, 190
    half = SIDE // 2
    assert np.array_equal(native, picture[190 - half : 190 + half, 200 - half : 248])


def test_the_larger_views_show_so_much_of_the_face() -> None:
    picture = ramps(480, 500)
    _, face, around = cut(picture, [(200, 170), (300, 290)])  # 120 high
    for view, sides in ((face, FACE), (around, AROUND)):
        seen = 2.0 * (view[:, -1, 0].astype(float) - view[:, 0, 0]).mean()
        assert seen == pytest.approx(120 * sides, rel=0.05)
        middle = view[SIDE // 2, SIDE // 2, :2] * 2.0
        assert middle == pytest.approx([250, 230], abs=6)


@given(
    x=st.integers(-300, 500),
    y=st.integers(-300, 500),
    size=st.integers(1, 700),
)
def test_a_face_beyond_the_border_repeats_the_border(x: int, y: int, size: int) -> None:
    """Nothing is invented: each pixel of the first view is the nearest of the frame."""
    picture = ramps(120, 160)
    native, _, _ = cut(picture, [(x, y), (x + size, y + size)])
    left = round(x + size / 2 - SIDE / 2)
    top = round(y + size / 2 - SIDE / 2)
    rows = np.clip(np.arange(top, top + SIDE), 0, 119)
    columns = np.clip(np.arange(left, left + SIDE), 0, 159)
    assert np.array_equal(native, picture[np.ix_(rows, columns)])


@pytest.fixture
def seen(looker: Looker, astronaut: Picture) -> tuple[Picture, Face]:
    face = looker.look(astronaut, captured_s=0.0, frame=0, passive=True).face
    assert face is not None
    return astronaut, face


def test_a_face_is_scored_when_it_was_asked_for(
    looker: Looker, seen: tuple[Picture, Face]
) -> None:
    picture, face = seen
    assert face.passive is not None
    assert 0 < face.passive < 1
    unasked = looker.look(picture, captured_s=0.1, frame=1).face
    assert unasked is not None
    assert unasked.passive is None


def test_what_cannot_be_judged_is_not(
    models: ModelSet, seen: tuple[Picture, Face]
) -> None:
    picture, face = seen
    passive = Passive(models.passive)
    assert passive.judge(picture, face) is not None
    for poor in (
        replace(face, width_px=69.0),
        replace(face, brightness=0.05),
        replace(face, sharpness=0.01),
    ):
        assert passive.judge(picture, poor) is None


def test_paper_before_the_camera_scores_lower_than_the_person(
    looker: Looker, seen: tuple[Picture, Face]
) -> None:
    """A portrait with a white border, before a wall: made here, honestly coarse."""
    picture, face = seen
    card = cv2.copyMakeBorder(
        picture[:300, 80:370], 12, 12, 12, 12, cv2.BORDER_CONSTANT, value=(245,) * 3
    )
    wall = np.full((600, 800, 3), (90, 120, 110), np.uint8)
    wall[150 : 150 + card.shape[0], 240 : 240 + card.shape[1]] = cv2.GaussianBlur(
        card, (0, 0), 1.2
    )
    looker.forget()
    held = looker.look(wall, captured_s=0.2, frame=2, passive=True).face
    assert held is not None
    assert held.passive is not None
    assert face.passive is not None
    assert held.passive < face.passive


def test_the_score_is_the_mean_of_all_views_and_networks(
    models: ModelSet, seen: tuple[Picture, Face]
) -> None:
    picture, face = seen
    into = np.empty((VIEWS * SIDE, SIDE, 3), np.uint8)
    landmarks: Floats = face.landmarks
    views(picture, landmarks, into=into)
    logits = models.passive.see(into)[0]
    assert logits.shape[1] % VIEWS == 0
    logit = float(sum(logits[0].tolist())) / logits.shape[1]
    assert face.passive == pytest.approx(1 / (1 + math.exp(-logit)))
