"""What a head shows when it turns, and a picture of it does not."""

from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from likeness.core.profile import SolidityRules
from likeness.core.seen import Parallax
from likeness.core.solidity import Shape, Solidity
from likeness.edges.recorded import frames
from likeness.vision.look import Looker
from likeness.vision.mesh import SIDE, Fit
from likeness.vision.solidity import MIN_TURN_DEG, Relief
from real_models import Picture, mirrored

WIDTH = 120.0  # of the made-up face, pixels
CORNERS = {33: (-0.33, 0.0), 263: (0.33, 0.0), 234: (-0.5, 0.2), 454: (0.5, 0.2)}

Maps = npt.NDArray[np.float32]


def depth_at(x: Maps, y: Maps) -> Maps:
    """Height of a made-up head over its ears, in face widths: a dome with a nose."""
    dome = 0.35 - 0.9 * x**2 - 0.3 * (y - 0.2) ** 2
    nose = 0.18 * np.exp(-((x / 0.12) ** 2) - ((y - 0.25) / 0.15) ** 2)
    return np.asarray(dome + nose, np.float32)


def face_points() -> Maps:
    points = np.random.default_rng(3).uniform((-0.45, -0.4), (0.45, 0.7), (468, 2))
    for number, place in CORNERS.items():
        points[number] = place
    return points.astype(np.float32)


def skin() -> Picture:
    """A picture with detail at every size, as skin and hair have it."""
    rng = np.random.default_rng(7)
    layers = [
        cv2.resize(rng.normal(0, size, (n, n)), (SIDE, SIDE), interpolation=2)
        for n, size in ((6, 25), (24, 18), (96, 12))
    ]
    grey = np.clip(np.sum(layers, axis=0) + 128, 0, 255).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def fit_of(crop: Picture, points: Maps) -> Fit:
    depth = -depth_at(*face_points().T)[:, None] * WIDTH
    in_crop = np.asarray(points * WIDTH + SIDE / 2, np.float32)
    return Fit(1.0, np.hstack([in_crop, depth]).astype(np.float32), in_crop, crop)


def turned(degrees: float, share: float) -> Fit:
    """The made-up head, so deep, turned: each point shifts by depth times sine."""
    sine = np.float32(np.sin(np.radians(degrees)) * share)
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x, y = (columns - SIDE / 2) / WIDTH, (rows - SIDE / 2) / WIDTH
    from_x = x
    for _ in range(8):  # where a pixel came from: x = from_x + depth(from_x) sine
        from_x = x - depth_at(from_x, y) * sine
    crop = cv2.remap(skin(), from_x * WIDTH + SIDE / 2, rows, cv2.INTER_LINEAR)
    points = face_points()
    # The landmarks' network believes in a head whatever it sees.
    points[:, 0] += depth_at(*points.T) * np.float32(np.sin(np.radians(degrees)))
    return fit_of(np.asarray(crop, np.uint8), points)


def swung(degrees: float) -> Fit:
    """The made-up face on a sheet that is swung half a metre from the camera."""
    angle, away = np.radians(degrees), 4.0  # in face widths
    cos, sin = np.cos(angle), np.sin(angle)
    plane = np.array([[cos, 0, 0], [0, 1, 0], [sin / away, 0, 1]])
    scale = np.array([[WIDTH, 0, SIDE / 2], [0, WIDTH, SIDE / 2], [0, 0, 1]])
    warp = scale @ plane @ np.linalg.inv(scale)
    crop = cv2.warpPerspective(skin(), warp, (SIDE, SIDE))
    points = cv2.perspectiveTransform(face_points()[None], plane)[0]
    return fit_of(np.asarray(crop, np.uint8), points.astype(np.float32))


def bent(degrees: float, radius: float) -> Fit:
    """The made-up face on a sheet that is bent like a cylinder, turned."""
    sine = np.float32(np.sin(np.radians(degrees)))
    rows, columns = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    x = (columns - SIDE / 2) / WIDTH
    from_x = x
    for _ in range(8):
        from_x = x + from_x**2 / np.float32(2 * radius) * sine
    crop = cv2.remap(skin(), from_x * WIDTH + SIDE / 2, rows, cv2.INTER_LINEAR)
    points = face_points()
    points[:, 0] -= points[:, 0] ** 2 / np.float32(2 * radius) * sine
    return fit_of(np.asarray(crop, np.uint8), points)


def measured(view: Fit, degrees: float) -> Parallax:
    relief = Relief()
    assert relief.see(fit_of(skin(), face_points()), 0.0) is None
    parallax = relief.see(view, degrees)
    assert parallax is not None
    return parallax


@pytest.mark.parametrize("degrees", [-20, -12, 15, 25])
@pytest.mark.parametrize("share", [1.0, 0.5])
def test_depth_comes_out_as_it_went_in(degrees: float, share: float) -> None:
    seen = measured(turned(degrees, share), degrees)
    assert seen.turn_deg == degrees
    assert seen.depth == pytest.approx(share, abs=0.12)
    assert 0 < seen.noise < 0.1


@pytest.mark.parametrize("degrees", [-40, -15, 20, 35])
def test_a_swung_sheet_is_flat_whatever_the_network_believes(degrees: float) -> None:
    seen = measured(swung(degrees), np.copysign(18.0, degrees))
    assert abs(seen.depth) < 0.1


@pytest.mark.parametrize("degrees", [-25, 15])
def test_a_sheet_bent_around_a_head_has_no_nose(degrees: float) -> None:
    seen = measured(bent(degrees, radius=0.6), degrees)
    assert abs(seen.depth) < 0.1


def test_a_small_turn_is_not_measured() -> None:
    relief = Relief()
    relief.see(fit_of(skin(), face_points()), 0.0)
    assert relief.see(turned(5, 1), MIN_TURN_DEG - 1) is None


def test_a_more_frontal_view_takes_the_place_of_the_first() -> None:
    relief = Relief()
    assert relief.see(turned(15, 1), 15.0) is None
    assert relief.see(fit_of(skin(), face_points()), 2.0) is None
    seen = relief.see(turned(15, 1), 15.0)
    assert seen is not None
    assert seen.turn_deg == 13.0


def test_another_face_is_not_measured_against_this_one() -> None:
    relief = Relief()
    relief.see(fit_of(skin(), face_points()), 0.0)
    relief.forget()
    assert relief.see(turned(15, 1), 15.0) is None


def test_a_picture_with_nothing_in_common_is_not_measured() -> None:
    relief = Relief()
    relief.see(fit_of(skin(), face_points()), 0.0)
    noise = np.random.default_rng(1).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    assert relief.see(fit_of(noise, turned(15, 1).in_crop / WIDTH - 0.8), 15) is None


def on_a_swung_sheet(picture: Picture, degrees: float) -> Picture:
    """A picture, half a metre wide, swung at 0.6 m from a camera of 49 degrees."""
    height, width = picture.shape[:2]
    to_sheet = np.array(
        [[1 / width, 0, -0.5], [0, 1 / width, -height / 2 / width], [0, 0, 1]]
    )
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    turn = np.array([[cos, 0, 0], [0, 1, 0], [sin, 0, 1.2]])
    camera = np.array([[1, 0, width / 2], [0, 1, height / 2], [0, 0, 1.0]])
    focal = np.diag([1.1 * width, 1.1 * width, 1.0])
    warp = camera @ focal @ turn @ to_sheet
    return np.asarray(cv2.warpPerspective(picture, warp, (width, height)), np.uint8)


def finding_of(looker: Looker, pictures: list[Picture], fps: float) -> Shape:
    solidity = Solidity(SolidityRules(turn_from_deg=MIN_TURN_DEG))
    looker.forget()
    for number, picture in enumerate(pictures):
        seen = looker.look(
            picture, captured_s=number / fps, frame=number, eyes=False, parallax=True
        )
        solidity.see(seen.face.parallax if seen.face else None)
    return solidity.shape


def test_a_print_that_is_swung_is_never_solid(looker: Looker, obama: Picture) -> None:
    swing = np.concatenate([np.zeros(3), np.linspace(0, 50, 26), np.full(4, 50.0)])
    views = [on_a_swung_sheet(obama, float(degrees)) for degrees in swing]
    assert finding_of(looker, views, 30) in (Shape.FLAT, Shape.NOT_MEASURED)


@pytest.mark.feeds
@pytest.mark.parametrize(
    ("clip", "start_s", "mirror"),
    [("dicaprio-fomm.mp4", 0.0, False), ("hdtf-katiehill.mp4", 6.4, True)],
)
def test_people_who_turn_are_solid(
    looker: Looker, feeds: Path, clip: str, start_s: float, mirror: bool
) -> None:
    recorded = frames(feeds / "videos" / clip, start_s=start_s)
    views = [np.asarray(one.image) for one in islice(recorded, 36)]
    shown = [mirrored(view) for view in views] if mirror else views
    assert finding_of(looker, shown, 30) is Shape.SOLID
