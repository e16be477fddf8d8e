"""Where points of a sheet appear, against the projection worked out by hand."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.bench.attacks.scene import Lamp, Lens, Pose, Sheet, place
from likeness.vision.detect import Floats

LENS = Lens(320, 240, 300.0)
LAMP = Lamp((0.0, -800.0, 0.0), ambient=1.0)
PX_PER_MM = 1.0
SIDE = 201


def dotted(u_mm: float, v_mm: float, **more: float) -> Sheet:
    """A grey sheet with one soft bright dot."""
    along = np.arange(SIDE) - (SIDE - 1) / 2
    u, v = np.meshgrid(along, along)
    dot = np.exp(-((u - u_mm) ** 2 + (v - v_mm) ** 2) / (2 * 3.0**2))
    texture = np.dstack([dot, dot, dot, np.ones_like(dot)]).astype(np.float32)
    return Sheet(texture, PX_PER_MM, **more)  # type: ignore[arg-type]


def seen(sheet: Sheet, pose: Pose, lamp: Lamp = LAMP) -> Floats:
    canvas = np.zeros((LENS.height, LENS.width, 3), np.float32)
    place(canvas, sheet, pose, LENS, lamp, 0.0)
    return canvas


def middle_of(picture: Floats) -> tuple[float, float]:
    """Centre of light, counted from the picture's middle."""
    grey = picture.sum(axis=2)
    y, x = np.mgrid[: LENS.height, : LENS.width]
    total = grey.sum()
    return (
        float((x * grey).sum() / total) - (LENS.width - 1) / 2,
        float((y * grey).sum() / total) - (LENS.height - 1) / 2,
    )


@given(
    u=st.floats(-40, 40),
    v=st.floats(-40, 40),
    yaw=st.floats(-40, 40),
    pitch=st.floats(-30, 30),
    roll=st.floats(-20, 20),
)
def test_a_point_of_a_turned_sheet_is_seen_where_it_projects(
    u: float, v: float, yaw: float, pitch: float, roll: float
) -> None:
    pose = Pose(10, -5, 500, yaw, pitch, roll)
    x, y, z = pose.rotation @ np.array([u, v, 0]) + pose.middle
    at = middle_of(seen(dotted(u, v), pose))
    assert at == pytest.approx((300 * x / z, 300 * y / z), abs=0.35)


def test_a_sheet_that_faces_right_is_nearer_at_its_left() -> None:
    yaw = Pose(z_mm=500, yaw_deg=30).rotation
    assert (yaw @ np.array([-10, 0, 0]))[2] < 0
    assert (yaw @ np.array([0, 0, -1]))[0] > 0
    up = Pose(z_mm=500, pitch_deg=30).rotation
    assert (up @ np.array([0, 0, -1]))[1] < 0


@given(u=st.floats(-40, 40), radius=st.floats(70, 250))
def test_bending_keeps_lengths_on_the_paper(u: float, radius: float) -> None:
    at = middle_of(seen(dotted(u, 0, bend_per_mm=1 / radius), Pose(z_mm=500)))
    x, z = radius * math.sin(u / radius), radius * (1 - math.cos(u / radius))
    assert at[0] == pytest.approx(300 * x / (500 + z), abs=0.5)


def test_nothing_is_stretched_at_the_pictures_border() -> None:
    """A ramp of 0.25 a millimetre that fills the picture stays one to its edge."""
    ramp = np.tile(np.arange(601) * 0.25, (501, 1))
    texture = np.dstack([ramp, ramp, ramp, np.ones_like(ramp)]).astype(np.float32)
    row = seen(Sheet(texture, PX_PER_MM), Pose(z_mm=500))[LENS.height // 2, :, 0]
    x = np.arange(LENS.width) - (LENS.width - 1) / 2
    assert row == pytest.approx(0.25 * (300 + x * 500 / 300), abs=0.01)


def test_what_lies_behind_is_hidden_and_beside_it_stays() -> None:
    canvas = np.full((LENS.height, LENS.width, 3), 0.5, np.float32)
    sheet = Sheet(np.dstack([np.zeros((101, 101, 3)), np.ones((101, 101))])
                  .astype(np.float32), PX_PER_MM)  # fmt: skip
    place(canvas, sheet, Pose(z_mm=500), LENS, LAMP, 0.0)
    assert canvas[120, 160].tolist() == [0, 0, 0]
    assert canvas[5, 5].tolist() == [0.5, 0.5, 0.5]
    place(canvas, sheet, Pose(x_mm=5000, z_mm=500), LENS, LAMP, 0.0)
    assert canvas[5, 5].tolist() == [0.5, 0.5, 0.5]


def test_paper_is_darker_turned_from_the_lamp_and_a_screen_is_not() -> None:
    lamp = Lamp((-900.0, 0.0, 0.0), ambient=0.3)
    white = np.ones((SIDE, SIDE, 4), np.float32)

    def light(yaw: float, *, emits: bool) -> float:
        sheet = Sheet(white, PX_PER_MM, emits=emits)
        return float(seen(sheet, Pose(z_mm=500, yaw_deg=yaw), lamp)[120, 160, 0])

    assert light(-30, emits=False) > light(30, emits=False) + 0.1
    assert light(-30, emits=True) == light(30, emits=True) == pytest.approx(1)


def test_the_lamps_image_moves_over_a_turning_glossy_sheet() -> None:
    lamp = Lamp((0.0, 0.0, 0.0), ambient=1.0)  # beside the lens
    black = np.dstack([np.zeros((SIDE, SIDE, 3)), np.ones((SIDE, SIDE))])
    sheet = Sheet(black.astype(np.float32), PX_PER_MM, gloss=1.0, gloss_deg=3.0)
    ahead = middle_of(seen(sheet, Pose(z_mm=500), lamp))
    # Turned by 4 degrees, the point that faces the lens moves by 500 mm × tan 4.
    turned = middle_of(seen(sheet, Pose(z_mm=500, yaw_deg=-4), lamp))
    assert ahead == pytest.approx((0, 0), abs=0.5)
    assert abs(turned[0]) == pytest.approx(300 * math.tan(math.radians(4)), abs=2)
