"""Colours put where they are known, and one real face lit by the simulator."""

import numpy as np
import pytest

from likeness.core.light import linear
from likeness.core.light_answer import MIDDLE, SIDES, Region
from likeness.core.seen import FaceLight
from likeness.simulators.lit_face import Scene, light_up, reach_of_face
from likeness.vision.light import light_of
from likeness.vision.look import Looker
from likeness.vision.mesh import SIDE, Fit
from real_models import Picture


@pytest.fixture
def fit(looker: Looker, obama: Picture) -> Fit:
    still = looker.find_still(obama)
    assert still is not None
    return still.fit


def painted(fit: Fit, crop: Picture) -> FaceLight:
    return light_of(Fit(fit.presence, fit.landmarks, fit.in_crop, crop))


def test_an_even_colour_is_the_same_everywhere_in_linear_light(fit: Fit) -> None:
    crop = np.full((SIDE, SIDE, 3), (40, 120, 200), np.uint8)  # BGR
    light = painted(fit, crop)
    assert len(light.regions) == len(Region)
    for colour in (*light.regions, light.surround):
        assert colour == pytest.approx((linear(200), linear(120), linear(40)), rel=1e-5)


def test_light_is_averaged_and_not_its_code(fit: Fit) -> None:
    crop = np.zeros((SIDE, SIDE, 3), np.uint8)
    crop[:, ::2] = 255  # half of the light; half of the code would be 21 %
    for colour in painted(fit, crop).regions:
        assert colour[0] == pytest.approx(0.5, abs=0.15)


def test_the_face_is_not_in_its_surround_nor_the_wall_in_a_region(fit: Fit) -> None:
    x, y = fit.in_crop.min(axis=0), fit.in_crop.max(axis=0)
    crop = np.full((SIDE, SIDE, 3), 200, np.uint8)
    left, top, right, bottom = (round(float(v)) for v in (*x, *y))
    crop[top : bottom + 1, left : right + 1] = 50
    light = painted(fit, crop)
    assert light.surround == pytest.approx((linear(200),) * 3, rel=1e-5)
    for colour in light.regions:
        assert colour == pytest.approx((linear(50),) * 3, rel=1e-5)


@pytest.mark.parametrize(
    ("region", "sign"), [(Region.CHEEK_LEFT, 1), (Region.SIDE_RIGHT, -1)]
)
def test_left_is_the_persons_left(fit: Fit, region: Region, sign: int) -> None:
    crop = np.zeros((SIDE, SIDE, 3), np.uint8)
    nose = round(float(fit.in_crop[1, 0]))
    crop[:, nose:] = 255  # the person's left is at the right of the picture
    bright = painted(fit, crop).regions[list(Region).index(region)][0]
    assert bright == (1.0 if sign > 0 else 0.0)


def test_nothing_of_a_face_shows_in_a_repr(fit: Fit) -> None:
    assert repr(light_of(fit)) == "FaceLight()"


def test_a_face_under_simulated_light_answers_more_in_the_middle(
    looker: Looker, obama: Picture
) -> None:
    still = looker.find_still(obama)
    assert still is not None
    scene = Scene(strength=0.3)
    height, width = still.picture.shape[:2]
    reach = reach_of_face((height, width), still.fit.landmarks, scene)
    lit = light_up(still.picture, reach, (0.5, 0.5, 0.5), scene)
    before = light_of(still.fit)
    share = np.asarray(lit / np.maximum(lit.max(), 1), np.float64)
    coded = np.where(
        share <= 0.0031308, share * 12.92, 1.055 * share ** (1 / 2.4) - 0.055
    )
    picture = np.rint(coded * 255).astype(np.uint8)
    after = looker.find_still(picture)
    assert after is not None
    now = light_of(after.fit)
    scale = float(max(lit.max(), 1))

    def answer(names: tuple[Region, ...]) -> float:
        places = [list(Region).index(name) for name in names]
        return float(
            np.mean(
                [now.regions[p][1] * scale / before.regions[p][1] - 1 for p in places]
            )
        )

    assert answer(MIDDLE) == pytest.approx(0.15, abs=0.05)
    assert answer(SIDES) < 0.8 * answer(MIDDLE)
