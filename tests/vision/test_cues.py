"""Lids, light, sharpness and glare: real faces, and copies with one thing changed."""

import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.edges.recorded import frames
from likeness.vision.cues import (
    AFRESH_EVERY,
    Eyelids,
    LidFollower,
    lid_line_of,
    quality_of,
)
from likeness.vision.detect import NEAR, Detector, Floats
from likeness.vision.mesh import (
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
    Fit,
    Mesh,
    Region,
)
from likeness.vision.models import ModelSet
from real_models import Picture, blurred, mirrored, resized

# Labels by eye, from enlarged frames of the car phone clip: both eyes shut; lids on
# their way around it; and a third moment, in a shout, with lids low but not shut.
SHUT = (42, 92)
HALF_WAY = {41, 43, 44, 91, 93, 94}
LOW = {112, 113, 114}


class Seer:
    """Fits faces and measures lids; one eye's crop is in the mirror of the other's."""

    def __init__(self, models: ModelSet) -> None:
        self._near = Detector(models.detect_near, NEAR)
        self._mesh = Mesh(models.mesh)
        self._lids = Eyelids(models.eyelids)

    def fit(self, picture: Picture) -> Fit:
        (face,) = self._near.find(picture)
        first = self._mesh.fit(picture, Region.around_detection(face))
        return self.fit_at(picture, Region.around_landmarks(first.landmarks))

    def fit_at(self, picture: Picture, region: Region) -> Fit:
        return self._mesh.fit(picture, region)

    def openness(self, fit: Fit) -> tuple[float, float]:
        return self._lids.openness(fit)

    def lids(self, picture: Picture, region: Region) -> tuple[float, float]:
        return self.openness(self.fit_at(picture, region))


@pytest.fixture(scope="module")
def seer(models: ModelSet) -> Seer:
    return Seer(models)


def eye_middles(fit: Fit) -> tuple[Floats, Floats]:
    """Return the middles of the person's left and right eye in the picture."""
    at = fit.landmarks[:, :2]
    left = (at[LEFT_EYE_INNER] + at[LEFT_EYE_OUTER]) / 2
    right = (at[RIGHT_EYE_INNER] + at[RIGHT_EYE_OUTER]) / 2
    return left, right


def spotted(picture: Picture, at: Floats, radius: int) -> Picture:
    """Paint a white spot, as a lamp reflected in glasses."""
    copy = picture.copy()
    cv2.circle(copy, (round(at[0]), round(at[1])), radius, (255, 255, 255), -1)
    return copy


def test_blinks_are_valleys_in_both_eyes_and_only_blinks_are(
    seer: Seer, pictures: Path
) -> None:
    clip = [frame.image for frame in frames(pictures / "carphone.mp4")]
    region = Region.around_landmarks(seer.fit(clip[0]).landmarks)
    left: list[float] = []
    right: list[float] = []
    for picture in clip:
        fit = seer.fit_at(picture, region)
        one, other = seer.openness(fit)
        left.append(one)
        right.append(other)
        region = Region.around_landmarks(fit.landmarks)
    open_left, open_right = np.median(left), np.median(right)
    for number in SHUT:
        assert left[number] < 0.85 * open_left
        assert right[number] < 0.60 * open_right
        assert left[number] == min(left[number - 9 : number + 10])
        assert right[number] == min(right[number - 9 : number + 10])
    known = {*SHUT, *HALF_WAY, *LOW}
    others = [number for number in range(len(left)) if number not in known]
    assert len(others) == 120 - len(known)
    assert min(left[number] for number in others) > 0.88 * open_left
    assert min(right[number] for number in others) > 0.85 * open_right


class Counted(Eyelids):
    """The eyelid network, with a count of how often it was asked."""

    asked = 0

    def openness(self, fit: Fit) -> tuple[float, float]:
        self.asked += 1
        return super().openness(fit)


def test_the_network_rests_while_lids_do_and_no_blink_is_lost(
    models: ModelSet, seer: Seer, pictures: Path
) -> None:
    counted = Counted(models.eyelids)
    follower = LidFollower(counted)
    clip = [frame.image for frame in frames(pictures / "carphone.mp4")]
    region = Region.around_landmarks(seer.fit(clip[0]).landmarks)
    right: list[float] = []
    asked_in: list[int] = []
    apart: list[float] = []
    for number, picture in enumerate(clip):
        fit = seer.fit_at(picture, region)
        before = counted.asked
        left_eye, right_eye = follower.openness(fit)
        right.append(right_eye)
        if counted.asked > before:
            asked_in.append(number)
        # Between its answers the mesh's lids stand in for it.
        apart += [
            abs(one / other - 1)
            for one, other in zip(
                (left_eye, right_eye), seer.openness(fit), strict=True
            )
        ]
        region = Region.around_landmarks(fit.landmarks)
    for number in SHUT:
        assert number in asked_in
        assert right[number] < 0.60 * np.median(right)
    # He shouts and blinks in a third of these frames; the network looks then.
    assert len(clip) / AFRESH_EVERY <= len(asked_in) < 0.45 * len(clip)
    assert np.median(apart) < 0.06
    assert np.percentile(apart, 95) < 0.2


def test_another_face_is_measured_at_once(
    models: ModelSet, seer: Seer, astronaut: Picture, obama: Picture
) -> None:
    counted = Counted(models.eyelids)
    follower = LidFollower(counted)
    one, other = seer.fit(astronaut), seer.fit(obama)
    # A picture that stands still is measured again only now and then.
    same = [follower.openness(seer.fit(astronaut)) for _ in range(AFRESH_EVERY)]
    assert counted.asked == 1
    assert same == [pytest.approx(seer.openness(one), rel=1e-3)] * AFRESH_EVERY
    follower.openness(seer.fit(astronaut))
    assert counted.asked == 2
    follower.forget()
    assert follower.openness(other) == seer.openness(other)


def test_open_and_shut_eyes_have_a_dark_line_and_covered_ones_none(
    seer: Seer, pictures: Path, astronaut: Picture, obama: Picture
) -> None:
    for picture in (astronaut, obama):
        fit = seer.fit(picture)
        assert 0.3 < lid_line_of(fit) < 1.5
        region = Region.around_landmarks(fit.landmarks)
        for eye in eye_middles(fit):  # one is enough: the fainter line counts
            x, y = (round(float(at)) for at in eye)
            half = round(0.1 * region.side / 1.5)
            covered = picture.copy()
            skin = picture[y + 2 * half, x].tolist()
            covered[y - half : y + half, x - 2 * half : x + 2 * half] = skin
            assert lid_line_of(seer.fit_at(covered, region)) < 0.15
    clip = [frame.image for frame in frames(pictures / "carphone.mp4")]
    region = Region.around_landmarks(seer.fit(clip[0]).landmarks)
    lines = []
    for picture in clip[: SHUT[0] + 1]:
        fit = seer.fit_at(picture, region)
        lines.append(lid_line_of(fit))
        region = Region.around_landmarks(fit.landmarks)
    assert lines[SHUT[0]] > 0.6 * np.median(lines)


def test_open_eyes_are_open(seer: Seer, astronaut: Picture, obama: Picture) -> None:
    for picture in (astronaut, obama):
        region = Region.around_landmarks(seer.fit(picture).landmarks)
        for eye in seer.lids(picture, region):
            assert 0.25 < eye < 0.5


def test_each_eye_is_measured_on_its_own_side(seer: Seer, astronaut: Picture) -> None:
    """Paint one eye over with the lid's skin: that one alone closes."""
    fit = seer.fit(astronaut)
    region = Region.around_landmarks(fit.landmarks)
    left, right = seer.lids(astronaut, region)
    for eye, at in enumerate(eye_middles(fit)):
        painted = astronaut.copy()
        x, y = int(at[0]), int(at[1])
        skin = astronaut[y + 14 : y + 16, x - 4 : x + 4].mean(axis=(0, 1))
        cv2.ellipse(painted, (x, y - 1), (15, 9), 0, 0, 360, skin.tolist(), -1)
        closed = seer.lids(blurred(painted, 0.8), region)
        assert closed[eye] < 0.75 * (left, right)[eye]
        assert closed[1 - eye] > 0.85 * (left, right)[1 - eye]


def test_a_mirror_swaps_the_eyes(seer: Seer, biden: Picture) -> None:
    fit = seer.fit(biden)
    left, right = eye_middles(fit)
    for at, near, far in (
        (left, "glare_left", "glare_right"),
        (right, "glare_right", "glare_left"),
    ):
        spot = spotted(biden, at, radius=16)
        assert getattr(quality_of(seer.fit(spot)), near) > 0.1
        there = quality_of(seer.fit(mirrored(spot)))
        assert getattr(there, far) > 0.1
        assert getattr(there, near) < 0.02


def test_a_white_spot_on_one_eye_is_that_eyes_glare(
    seer: Seer, astronaut: Picture
) -> None:
    fit = seer.fit(astronaut)
    clean = quality_of(fit)
    assert clean.glare_left < 0.02
    assert clean.glare_right < 0.02
    left, right = eye_middles(fit)
    # A spot of radius 4 in a region of 1.2 × 0.7 eye widths (25 pixels): about 0.1.
    one = quality_of(seer.fit(spotted(astronaut, left, radius=4)))
    assert one.glare_left == pytest.approx(0.1, abs=0.04)
    assert one.glare_right < 0.02
    other = quality_of(seer.fit(spotted(astronaut, right, radius=4)))
    assert other.glare_right == pytest.approx(0.1, abs=0.04)
    assert other.glare_left < 0.02


def test_a_spot_elsewhere_on_the_face_is_no_glare(
    seer: Seer, astronaut: Picture
) -> None:
    fit = seer.fit(astronaut)
    chin = fit.landmarks[152, :2] - (0, 8)
    spot = quality_of(seer.fit(spotted(astronaut, chin, radius=4)))
    assert max(spot.glare_left, spot.glare_right) < 0.02


def test_a_dark_copy_is_darker_and_nothing_else_decides_it(
    seer: Seer, astronaut: Picture
) -> None:
    clean = quality_of(seer.fit(astronaut))
    dark = (astronaut * 0.25).astype(np.uint8)
    assert quality_of(seer.fit(dark)).brightness == pytest.approx(
        clean.brightness / 4, abs=0.02
    )

    fit = seer.fit(astronaut)
    region = Region.around_landmarks(fit.landmarks)
    (left, top), (right, bottom) = (
        edge.astype(int)
        for edge in (fit.landmarks[:, :2].min(axis=0), fit.landmarks[:, :2].max(axis=0))
    )
    alone = np.full_like(astronaut, 255)  # as before a bright window
    alone[top:bottom, left:right] = astronaut[top:bottom, left:right]
    assert quality_of(seer.fit_at(alone, region)).brightness == pytest.approx(
        quality_of(seer.fit_at(astronaut, region)).brightness, abs=0.06
    )


def test_the_more_blurred_the_less_sharp(seer: Seer, obama: Picture) -> None:
    small = resized(obama, 0.5)
    sharpness = [
        quality_of(seer.fit(blurred(small, sigma))).sharpness
        for sigma in (0.1, 1, 2, 4, 8)
    ]
    assert sharpness == sorted(sharpness, reverse=True)
    assert sharpness[0] > 0.7
    assert sharpness[-1] < 0.15
    assert all(0 <= value <= 1 for value in sharpness)


def test_a_face_beyond_its_crop_still_has_numbers() -> None:
    """A fit gone wrong may put every landmark outside: no error, numbers in 0..1."""
    grey = np.full((192, 192, 3), 128, np.uint8)
    for shift in (-1e4, 0.0, 191.0, 1e4):
        points = np.full((468, 2), shift, np.float32)
        fit = Fit(0.0, np.zeros((468, 3), np.float32), points, grey)
        quality = quality_of(fit)
        for name in ("sharpness", "brightness", "glare_left", "glare_right"):
            value = getattr(quality, name)
            assert 0 <= value <= 1, (shift, name)
            assert not math.isnan(value)
