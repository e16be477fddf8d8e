"""What a face's picture says about eyes and quality: openness, sharpness, light, glare.

Takes the 192×192 crop of the mesh with its landmarks; gives plain numbers. Leaves to
others: what follows from them.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from likeness.vision.detect import Floats, Picture
from likeness.vision.mesh import (
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
    Fit,
)
from likeness.vision.models import Model

EYE_SIDE = 64  # pixels of the eyelid network's square input
EYE_MARGIN = 2.3  # the network was trained on crops this much wider than the eye
# Contour points of the eyelid network: corners, and pairs of lower and upper lid.
CORNERS = (0, 8)
LIDS = ((3, 11), (4, 12), (5, 13))

# The mesh's own lids, pairs of upper and lower, and the corners between them.
MESH_LIDS_LEFT = ((385, 380), (386, 374), (387, 373))
MESH_LIDS_RIGHT = ((160, 144), (159, 145), (158, 153))

LIDS_MOVED = 0.14  # share by which the mesh's lids fall, or change since last measured
AFRESH_EVERY = 8  # frames, at the least
LIDS_BEFORE = 15  # frames: half a second

BLOWN_OUT = 250  # of 255
SHARP_VARIANCE = 60.0  # of the Laplacian: half sharp; a 60 px face stays below 20


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the face is seen; all 0..1."""

    sharpness: float
    brightness: float
    glare_left: float
    glare_right: float


class Eyelids:
    """The eyelid network, run on one eye at a time; not for two threads at once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._crop = np.empty((EYE_SIDE, EYE_SIDE, 3), np.uint8)
        self._rgb = np.empty((EYE_SIDE, EYE_SIDE, 3), np.uint8)

    def wipe(self) -> None:
        """Keep nothing of the last picture, here or in the network."""
        self._crop.fill(0)
        self._rgb.fill(0)
        self._model.wipe()

    def openness(self, fit: Fit) -> tuple[float, float]:
        """Return (left, right): height of the eye's opening over its width.

        Open eyes give about 0.3 to 0.4, closed ones 0.05 to 0.2.
        """
        points = fit.in_crop
        # The network knows left eyes; a right eye is shown to it in the mirror.
        left = self._one(fit.crop, points[LEFT_EYE_INNER], points[LEFT_EYE_OUTER])
        right = self._one(
            fit.crop, points[RIGHT_EYE_OUTER], points[RIGHT_EYE_INNER], mirror=True
        )
        return left, right

    def _one(
        self, picture: Picture, start: Floats, end: Floats, *, mirror: bool = False
    ) -> float:
        """`start` and `end` are the eye's corners, as seen from left to right."""
        middle = (start + end) / 2
        side = max(float(np.hypot(*(end - start))) * EYE_MARGIN, 1.0)
        scale = EYE_SIDE / side
        flip = -scale if mirror else scale
        half = EYE_SIDE / 2
        to_crop = np.array(
            [
                [flip, 0.0, half - flip * middle[0]],
                [0.0, scale, half - scale * middle[1]],
            ]
        )
        cv2.warpAffine(picture, to_crop, (EYE_SIDE, EYE_SIDE), dst=self._crop)
        cv2.cvtColor(self._crop, cv2.COLOR_BGR2RGB, dst=self._rgb)
        contour = self._model.see(self._rgb)[0].reshape(-1, 3)[:, :2]
        low, high = zip(*LIDS, strict=True)
        gaps = np.hypot(*(contour[list(low)] - contour[list(high)]).T)
        width = float(np.hypot(*(contour[CORNERS[1]] - contour[CORNERS[0]])))
        return float(gaps.mean()) / max(width, 1e-6)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A number for each eye."""

    left: float
    right: float

    @classmethod
    def of_mesh(cls, landmarks: Floats) -> Self:
        """Openness by the mesh's own lids: biased, but it costs nothing."""
        at = landmarks[:, :2]
        return cls(
            _height_over_width(at, MESH_LIDS_LEFT, LEFT_EYE_INNER, LEFT_EYE_OUTER),
            _height_over_width(at, MESH_LIDS_RIGHT, RIGHT_EYE_OUTER, RIGHT_EYE_INNER),
        )

    @property
    def both(self) -> float:
        return (self.left + self.right) / 2


class LidFollower:
    """Openness in every frame of one face, while the eyelid network rests in most.

    It costs more than the mesh does, and the mesh's own lids say well enough how lids
    move, though not how far open they are. So the network runs when these move, while
    they are low, and every few frames; between, its last answer moves with them.
    """

    def __init__(self, network: Eyelids) -> None:
        self._network = network
        self._before: deque[float] = deque(maxlen=LIDS_BEFORE)
        self._mesh = self._measured = _Pair(math.nan, math.nan)
        self._age = AFRESH_EVERY

    @property
    def fresh(self) -> bool:
        """Say whether the network has just run, and not the mesh stood in for it."""
        return self._age == 0

    def forget(self) -> None:
        """Another face, or a gap: begin with a measurement."""
        self._before.clear()
        self._age = AFRESH_EVERY

    def wipe(self) -> None:
        """Keep nothing of the last face, here or in the network."""
        self.forget()
        self._network.wipe()

    def openness(self, fit: Fit) -> tuple[float, float]:
        """Return (left, right) as `Eyelids` does, for the next frame."""
        mesh = _Pair.of_mesh(fit.landmarks)
        self._age += 1
        if self._age >= AFRESH_EVERY or self._moved(mesh.both):
            self._measured = _Pair(*self._network.openness(fit))
            self._mesh, self._age = mesh, 0
        self._before.append(mesh.both)
        return (
            self._measured.left * mesh.left / max(self._mesh.left, 1e-6),
            self._measured.right * mesh.right / max(self._mesh.right, 1e-6),
        )

    def _moved(self, now: float) -> bool:
        # The second highest: one wild frame must not keep the network busy.
        usual = sorted(self._before)[-2:][0]
        changed = abs(now - self._mesh.both) > LIDS_MOVED * self._mesh.both
        return changed or now < (1 - LIDS_MOVED) * usual


def _height_over_width(
    at: Floats, lids: tuple[tuple[int, int], ...], start: int, end: int
) -> float:
    upper, lower = zip(*lids, strict=True)
    heights = np.hypot(*(at[list(upper)] - at[list(lower)]).T)
    return float(heights.mean()) / max(float(np.hypot(*(at[end] - at[start]))), 1e-6)


def lid_line_of(fit: Fit) -> float:
    """Say how dark a line crosses the openings of the eyes, the fainter of the two.

    In an open eye the iris, in a shut one the lashes make every column of the opening
    darker somewhere than it usually is: by 0.25 to 1.3 of the brightness. Something
    plain that is held before an eye gives about 0.
    """
    grey = np.asarray(cv2.cvtColor(fit.crop, cv2.COLOR_BGR2GRAY), np.uint8)
    points = fit.in_crop
    return min(
        _line(grey, points[LEFT_EYE_INNER], points[LEFT_EYE_OUTER]),
        _line(grey, points[RIGHT_EYE_OUTER], points[RIGHT_EYE_INNER]),
    )


def _line(grey: Picture, start: Floats, end: Floats) -> float:
    reach = 0.3 * max(float(end[0] - start[0]), 8.0)
    x, y = ((start + end) / 2).tolist()
    side = grey.shape[0]
    rows, columns = (_within(at - reach, at + reach, side) for at in (y, x))
    patch = grey[rows, columns].astype(np.float32)
    dips = np.median(patch, axis=0) - patch.min(axis=0)
    return float(dips.mean()) / max(float(patch.mean()), 1.0)


def quality_of(fit: Fit) -> Quality:
    """Measure the crop of a fitted face."""
    grey = np.asarray(cv2.cvtColor(fit.crop, cv2.COLOR_BGR2GRAY), np.uint8)
    columns, rows = (_within(*span, grey.shape[0]) for span in _spans(fit.in_crop))
    face = grey[rows, columns]
    spread = cv2.meanStdDev(cv2.Laplacian(face, cv2.CV_16S))[1][0, 0] ** 2
    points = fit.in_crop
    return Quality(
        sharpness=float(spread / (spread + SHARP_VARIANCE)),
        brightness=float(cv2.mean(face)[0]) / 255,
        glare_left=_glare(grey, points[LEFT_EYE_INNER], points[LEFT_EYE_OUTER]),
        glare_right=_glare(grey, points[RIGHT_EYE_OUTER], points[RIGHT_EYE_INNER]),
    )


def _glare(grey: Picture, start: Floats, end: Floats) -> float:
    """Share of the eye's region that is blown out."""
    width = max(float(end[0] - start[0]), 4.0)
    x, y = ((start + end) / 2).tolist()
    side = grey.shape[0]
    rows = _within(y - 0.35 * width, y + 0.35 * width, side)
    columns = _within(x - 0.6 * width, x + 0.6 * width, side)
    patch = grey[rows, columns]
    return float(np.count_nonzero(patch >= BLOWN_OUT)) / patch.size


def _spans(points: Floats) -> list[tuple[float, float]]:
    """Smallest and largest x, smallest and largest y of N×2 points."""
    across = np.ascontiguousarray(points.T)
    low, high = across.min(axis=1).tolist(), across.max(axis=1).tolist()
    return list(zip(low, high, strict=True))


def _within(low: float, high: float, side: int) -> slice:
    """Return the pixels from `low` to `high` that lie within; always at least one."""
    first = min(max(int(low), 0), side - 1)
    return slice(first, min(max(int(high), first) + 1, side))
