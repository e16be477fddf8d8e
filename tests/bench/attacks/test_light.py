import numpy as np
import pytest

from likeness.bench.attacks import light


def test_every_code_comes_back() -> None:
    codes = np.repeat(np.arange(256, dtype=np.uint8)[:, None, None], 3, axis=2)
    assert (light.to_picture(light.to_linear(codes)) == codes).all()


def test_known_values_of_the_standard() -> None:
    """IEC 61966-2-1: code 188 is half of white's light, near enough."""
    half = light.to_linear(np.full((1, 1, 3), 188, np.uint8))
    assert half[0, 0, 0] == pytest.approx(0.5029, abs=1e-4)
    assert light.to_linear(np.full((1, 1, 3), 255, np.uint8))[0, 0, 0] == 1


def test_what_is_brighter_than_white_is_cut_off() -> None:
    bright = np.array([[[1.5, 40, -0.2]]], np.float32)
    assert light.to_picture(bright).tolist() == [[[255, 255, 0]]]


def test_green_weighs_most() -> None:
    blue, green, red = np.eye(3, dtype=np.float32)
    assert light.luma(blue) < light.luma(red) < light.luma(green)
    assert light.luma(np.ones(3, np.float32)) == pytest.approx(1)
