import numpy as np
import pytest

from likeness.bench.attacks.display import Display, Screen, draw_display
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.scene import Lamp, Lens, Pose, place
from likeness.vision.detect import Floats, Picture

LENS = Lens(320, 240, 300.0)
PLAIN = {
    "size_mm": (200.0, 150.0), "bezel_mm": 5.0, "pixels_per_mm": 3.6,
    "brightness": 1.0, "black": 0.002, "gamma": 2.2, "white": (1.0, 1.0, 1.0),
    "veil": 0.01, "lag_s": 0.005, "gloss": 0.0, "gloss_deg": 3.0, "dimmed_hz": 100.0,
    "dimmed_depth": 0.0, "row_s": 1e-4, "exposure_s": 0.004, "fill": 0.5,
    "lens_cycles": 1e-3,
}  # fmt: skip


def display(**other: object) -> Display:
    return Display(**{**PLAIN, **other})  # type: ignore[arg-type]


def seen(shown: Display, code: int, at_s: float = 0.0) -> Floats:
    """What the camera sees of an even picture, half a metre away."""
    screen = Screen(
        shown, middle_px=(50, 50), mm_per_px=4.0, px_per_mm=1.0
    )  # fmt: skip
    picture: Picture = np.full((100, 100, 3), code, np.uint8)
    canvas = np.zeros((LENS.height, LENS.width, 3), np.float32)
    sheet = screen.show(picture, picture, 0.1)
    lamp = Lamp((0, -800, 0), 1.0)
    place(canvas, sheet, Pose(z_mm=500), LENS, lamp, at_s)
    return canvas[90:150, 120:200]


def test_white_black_and_grey_have_their_light() -> None:
    assert seen(display(), 255).mean() == pytest.approx(1.01, abs=0.002)
    assert seen(display(), 0).mean() == pytest.approx(0.012, abs=0.001)
    grey = 0.01 + 0.002 + 0.998 * (128 / 255) ** 2.2
    assert seen(display(), 128).mean() == pytest.approx(grey, abs=0.002)


def light_of(screen: Screen, one: Picture, before: Picture, since_s: float) -> Floats:
    canvas = np.zeros((LENS.height, LENS.width, 3), np.float32)
    sheet = screen.show(one, before, since_s)
    place(canvas, sheet, Pose(z_mm=500), LENS, Lamp((0, -800, 0), 1.0), 0.0)
    return canvas


def test_round_the_picture_is_a_dark_rim() -> None:
    screen = Screen(display(), middle_px=(50, 50), mm_per_px=4, px_per_mm=1)
    white: Picture = np.full((100, 100, 3), 255, np.uint8)
    light = light_of(screen, white, white, 0.1)[120, :, 0]
    # 300 px focal length at 500 mm: the screen ends at 60 px, its rim at 63.
    middle = LENS.width // 2
    assert light[middle + 57] > 0.9
    assert 0.005 < light[middle + 61] < 0.05
    assert light[middle + 66] == 0


def test_a_slow_pixel_still_shows_the_picture_before() -> None:
    screen = Screen(display(), middle_px=(50, 50), mm_per_px=4, px_per_mm=1)
    white: Picture = np.full((100, 100, 3), 255, np.uint8)
    black: Picture = np.zeros_like(white)
    light = [light_of(screen, black, white, s)[120, 160, 0] for s in (0, 0.005, 0.1)]
    assert light[0] > 0.9 > light[1] > 0.05 > light[2]


def test_a_rolling_shutter_sees_a_dimmed_backlight_as_bands_that_wander() -> None:
    steady = seen(display(), 255).mean(axis=(1, 2))
    dimmed = display(dimmed_depth=0.5)
    bands = [seen(dimmed, 255, at_s).mean(axis=(1, 2)) for at_s in (0.0, 0.003)]
    assert np.ptp(steady) < 0.001
    assert np.ptp(bands[0]) > 0.1
    assert np.abs(bands[0] - bands[1]).max() > 0.1
    # A shutter open for a whole period sees no bands.
    whole = seen(display(dimmed_depth=0.5, exposure_s=0.01), 255).mean(axis=(1, 2))
    assert np.ptp(whole) < 0.001


def test_pixels_beat_with_the_cameras_and_fine_pixels_do_not() -> None:
    def beat(pixels_per_mm: float, lens_cycles: float = 1.0) -> Floats:
        shown = display(pixels_per_mm=pixels_per_mm, lens_cycles=lens_cycles)
        return seen(shown, 255)

    coarse = beat(0.62)  # a camera pixel is 1.67 mm: the beat is slow
    assert coarse.std(axis=(0, 1)).min() > 0.01
    # Red, green and blue stripes lie apart, so the beat has colours.
    assert np.abs(coarse[..., 0] - coarse[..., 2]).max() > 0.01
    assert beat(0.62, lens_cycles=1e-3).std() < 0.001
    assert beat(18.0).std() < 0.001


@pytest.mark.parametrize("kind", ["phone", "monitor"])
def test_a_drawn_screen_tells_what_it_is(kind: str) -> None:
    draws = Draws("screen", kind)
    shown = draw_display(draws, kind, exposure_s=0.01, rows=480)
    upright = shown.size_mm[1] > shown.size_mm[0]
    assert upright == (kind == "phone")
    assert {"screen", "screen_black", "dimmed_hz", "pixel_fill"} <= set(draws.taken)
