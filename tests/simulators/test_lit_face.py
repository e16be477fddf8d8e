"""The light of the simulation against what can be computed by hand."""

import numpy as np
import pytest

from likeness.simulators.lit_face import (
    TO_LINEAR,
    Floats,
    Picture,
    Scene,
    SlowCamera,
    light_screen,
    light_up,
    reach_of_face,
    reach_of_print,
)

SHAPE = (240, 240)
GREY = np.full((*SHAPE, 3), 128, np.uint8)


def dome(*, flat: bool = False) -> Floats:
    """468 points of half an ellipsoid, wide as a face, 1 mm a pixel, nose foremost."""
    random = np.random.default_rng(3)
    angle, away = random.uniform(0, 2 * np.pi, 468), np.sqrt(random.uniform(0, 1, 468))
    x, y = 70 * away * np.cos(angle), 90 * away * np.sin(angle)
    points = np.stack([x, y, 60 * (1 - np.sqrt(1 - away**2))], axis=1)
    points[1] = 0, 0, 0  # nose tip
    points[33], points[263] = (-45, 0, 14), (45, 0, 14)  # outer eye corners
    points[:, :2] += 120
    if flat:
        points[:, 2] = 0
    return np.asarray(points, np.float32)


def test_a_dome_gets_less_light_at_its_sides_and_the_wall_behind_the_least() -> None:
    reach = reach_of_face(SHAPE, dome(), Scene())
    nose, side, wall = reach[120, 120], reach[120, 60], reach[5, 5]
    assert nose == pytest.approx(1, abs=0.06)
    assert wall < side < 0.6 * nose  # inverse square alone: 0.85
    # Inverse square: 450 mm to the nose, 700 mm more to the wall.
    assert wall == pytest.approx((450 / 1150) ** 2, rel=0.25)


def test_a_face_without_depth_is_lit_as_a_print_is() -> None:
    reach = reach_of_face(SHAPE, dome(flat=True), Scene())
    print_ = reach_of_print(SHAPE, 0.0, Scene())
    inside = np.s_[80:160, 90:150]
    assert np.allclose(reach[inside], print_[inside], atol=0.08)
    assert print_[:, 90:150].min() > 0.9


def test_ambient_light_from_one_side_weakens_the_answer_there() -> None:
    reach = reach_of_face(SHAPE, dome(), Scene(side_light=0.8))
    assert reach[120, 170] < 0.8 * reach[120, 70]


def test_light_is_added_per_channel_in_linear_light() -> None:
    reach = np.full(SHAPE, 0.5, np.float32)
    lit = light_up(GREY, reach, (1.0, 0.0, 0.25), Scene(strength=0.2))
    assert lit[0, 0] / TO_LINEAR[128] == pytest.approx((1.025, 1.0, 1.1))  # BGR


def test_a_screen_adds_a_veil_that_its_picture_does_not_shape() -> None:
    picture = GREY.copy()
    picture[:120] = 20
    veil = (
        light_screen(TO_LINEAR[picture], (1.0, 1.0, 1.0), Scene()) - TO_LINEAR[picture]
    )
    assert veil.min() > 0
    assert np.allclose(veil, veil[0, 0])


def test_the_camera_keeps_a_steady_scene_and_follows_a_brighter_one_slowly() -> None:
    camera = SlowCamera(1, exposure_s=0.5)
    light = TO_LINEAR[GREY]
    assert camera.develop(light, 0.04).mean() == pytest.approx(128, abs=1.5)
    at_once = float(camera.develop(light * 1.5, 0.04).mean())
    assert at_once > 145
    for _ in range(25):
        late = camera.develop(light * 1.5, 0.16)
    assert late.mean() == pytest.approx(128, abs=1.5)


def test_white_balance_follows_a_colour_and_exposure_does_not_change_colours() -> None:
    red = TO_LINEAR[GREY] * np.array([1.0, 1.0, 1.5], np.float32)

    def red_over_green(balance_s: float) -> float:
        camera = SlowCamera(1, balance_s=balance_s)
        camera.develop(TO_LINEAR[GREY], 0.04)
        for _ in range(25):
            picture: Picture = camera.develop(red, 0.16)
        return float(picture[..., 2].mean() / picture[..., 1].mean())

    assert red_over_green(0.5) == pytest.approx(1, abs=0.02)
    assert red_over_green(1e6) > 1.15
