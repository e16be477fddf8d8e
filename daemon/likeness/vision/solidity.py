"""Measures how deep a turning face is: what of its motion no bent sheet can follow.

A turned view is warped onto a frontal view of the same visit by the plane motion that
fits best. What still moves is followed in the picture itself (the landmarks' network
knows what heads look like and finds depth in a print, too), and split into the motion
of a plane, the parallax of a sheet that is bent like a cylinder, and what goes with the
relief of a face: its nose. Leaves to others: what depth is enough (core/solidity.py).

Sources: plane plus parallax: Irani & Anandan, "Parallax geometry of pairs of points for
3D scene analysis", ECCV 1996. Following points: Lucas & Kanade 1981, forth and back as
in Kalal and others 2010. Outliers: Huber 1964.
"""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from likeness.core.seen import Parallax
from likeness.vision.detect import Floats, Picture
from likeness.vision.mesh import (
    FACE_EDGE_LEFT,
    FACE_EDGE_RIGHT,
    LEFT_EYE_OUTER,
    RIGHT_EYE_OUTER,
    SIDE,
    Fit,
)

Doubles = npt.NDArray[np.float64]

MIN_TURN_DEG = 10.0  # below, parallax is as small as its noise
DARK = 0.10 * 255  # mean of the crop
MORE_FRONTAL_DEG = 1.0  # a frontal view is replaced by one that is so much better
JAW = 0.42  # points lower than this (face widths below the eyes) go with the jaw
EVERY = 3  # of the landmarks: neighbours see the same patch of skin
WINDOW = (17, 17)  # pixels of the crop: an eighth of the face
LEVELS = 1
FORTH_AND_BACK_PX = 1.0
MIN_POINTS = 30
ROUNDS = 3  # of the robust fit; more change nothing
HUBER = 1.5
EVENED_OVER = (25, 25)  # pixels: light and shade wider than this are taken out
FAINT = 20.0  # grey levels squared: flat skin must not become all noise
PARALLAX = 8  # its place among the unknowns, after the eight of the plane motion


@dataclass(frozen=True, slots=True)
class _Front:
    """A frontal view to measure against; lengths in face widths unless said."""

    yaw_deg: float
    picture: Picture  # SIDE × SIDE, grey, evened
    numbers: npt.NDArray[np.intp]  # N landmarks that are followed
    points: Floats  # N×2, where they are, in pixels of the picture
    depth: Doubles  # N, towards the camera, as the network believes
    middle: Floats  # between the eyes, pixels
    width: float  # of the face, pixels

    @classmethod
    def of(cls, fit: Fit, yaw_deg: float) -> Self:
        points, whole = fit.in_crop, fit.landmarks
        width = _apart(points[FACE_EDGE_RIGHT], points[FACE_EDGE_LEFT])
        middle = (points[RIGHT_EYE_OUTER] + points[LEFT_EYE_OUTER]) / 2
        numbers = np.flatnonzero(points[:, 1] < middle[1] + JAW * width)[::EVERY]
        whole_width = _apart(whole[FACE_EDGE_RIGHT, :2], whole[FACE_EDGE_LEFT, :2])
        depth = -whole[numbers, 2].astype(np.float64) / whole_width
        picture = _evened(_grey(fit.crop))
        return cls(yaw_deg, picture, numbers, points[numbers], depth, middle, width)


class Relief:
    """Holds the most frontal view of a visit; not for two threads at once."""

    def __init__(self) -> None:
        self._front: _Front | None = None

    def forget(self) -> None:
        """Drop the frontal view: the next face is somebody else's."""
        self._front = None

    def see(self, fit: Fit, yaw_deg: float) -> Parallax | None:
        """Measure a turned view; keep a more frontal one to measure others against.

        `yaw_deg` is the pose's, see `seen.Face`.
        None: it is not turned enough, or too little of it could be followed.
        """
        front = self._front
        if front is None and sum(cv2.mean(fit.crop)[:3]) / 3 < DARK:
            return None  # a dark first view would be kept, and nothing found in it
        if front is None or abs(yaw_deg) < abs(front.yaw_deg) - MORE_FRONTAL_DEG:
            self._front = _Front.of(fit, yaw_deg)
            return None
        turn_deg = yaw_deg - front.yaw_deg
        if abs(turn_deg) < MIN_TURN_DEG:
            return None
        before, after, followed = _follow(front, fit)
        if followed.sum() < MIN_POINTS:
            return None
        shift, noise = _split(before[followed], after[followed], front.depth[followed])
        # A turn shifts each point by its depth times the turn's sine.
        sine = math.sin(math.radians(turn_deg))
        return Parallax(turn_deg, depth=shift / sine, noise=noise / abs(sine))


def _follow(front: _Front, fit: Fit) -> tuple[Doubles, Doubles, npt.NDArray[np.bool_]]:
    """Follow points from the frontal view to another, once that is warped onto it.

    Returns N×2 before, N×2 after (face widths from between the eyes), N followed.
    """
    warp, _ = cv2.findHomography(front.points, fit.in_crop[front.numbers])
    grey = cv2.warpPerspective(
        _grey(fit.crop),
        warp,
        (SIDE, SIDE),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    picture = _evened(np.asarray(grey, np.uint8))
    there, found = _lucas_kanade(front.picture, picture, front.points)
    back, found_back = _lucas_kanade(picture, front.picture, there)
    near = np.hypot(*(back - front.points).T) < FORTH_AND_BACK_PX
    scaled = [
        ((points - front.middle) / front.width).astype(np.float64)
        for points in (front.points, there)
    ]
    return scaled[0], scaled[1], near & found & found_back


def _lucas_kanade(
    one: Picture, other: Picture, points: Floats
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    moved, found, _ = cv2.calcOpticalFlowPyrLK(
        one, other, points, np.empty_like(points), winSize=WINDOW, maxLevel=LEVELS
    )
    return np.asarray(moved, np.float32), np.asarray(found)[:, 0] > 0


def _split(before: Doubles, after: Doubles, depth: Doubles) -> tuple[float, float]:
    """Split motion into a plane's, a bent sheet's and a sideways shift with depth.

    Plane motion between two nearly aligned views is linear in eight unknowns: each
    coordinate an affine function, and x (a x + b y), y (a x + b y). Then the shift per
    depth; last, a sheet that is bent about the vertical shifts sideways with x squared.
    Returns the shift per depth with its standard error.
    """
    x, y = before.T
    none, one = np.zeros_like(x), np.ones_like(x)
    across = [x, y, one, none, none, none, x * x, x * y, depth, x * x]
    down = [none, none, none, x, y, one, x * y, y * y, none, none]
    terms = np.concatenate([np.stack(across, 1), np.stack(down, 1)])
    motion = (after - before).T.ravel()
    weight = np.ones_like(motion)
    for _ in range(ROUNDS):
        weighted = terms * weight[:, None]
        inverse = np.linalg.pinv(weighted.T @ terms)
        unknowns = inverse @ (weighted.T @ motion)
        rest = motion - terms @ unknowns
        length = np.hypot(*rest.reshape(2, -1))
        usual = max(1.2 * float(np.median(length)), 1e-4)
        weight = np.tile(1 / np.maximum(1, length / (HUBER * usual)), 2)
    variance = float(weight @ (rest * rest)) / (len(motion) - terms.shape[1])
    shift = float(unknowns[PARALLAX])
    return shift, math.sqrt(variance * float(inverse[PARALLAX, PARALLAX]))


def _grey(crop: Picture) -> Picture:
    return np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)


def _evened(grey: Picture) -> Picture:
    """Take out light and shade: every region with the same mean and contrast."""
    values = grey.astype(np.float32)
    values -= cv2.blur(values, EVENED_OVER)
    spread = cv2.blur(values * values, EVENED_OVER)
    values /= np.sqrt(spread + FAINT)
    return np.clip(values * 40 + 128, 0, 255).astype(np.uint8)


def _apart(one: Floats, other: Floats) -> float:
    return float(np.hypot(*(one - other)))
