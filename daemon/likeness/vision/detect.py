"""Finds faces in a picture with BlazeFace: boxes, six key points, scores.

Two networks share this decoder: the near one (128×128, a face within arm's reach) and
the far one (192×192, slower). Leaves to others: which of them to ask, and when.

Source: Bazarevsky and others, "BlazeFace: Sub-millisecond Neural Face Detection on
Mobile GPUs", 2019: anchors of fixed size, and blending of overlapping boxes in place of
suppressing all but one, which keeps the box still from frame to frame.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from likeness.vision.models import Model

Floats = npt.NDArray[np.float32]
Picture = npt.NDArray[np.uint8]  # height × width × 3, BGR

MIN_SCORE = 0.5
SAME_FACE_OVERLAP = 0.3  # intersection over union from which two boxes are one face
KEY_POINTS = 6


def _anchors(*grids: tuple[int, int]) -> Floats:
    """Centres of the anchors, N×2 in 0..1: for each grid, `repeat` at every cell."""
    centres = []
    for cells, repeat in grids:
        row, column = np.divmod(np.arange(cells * cells), cells)
        cell = (np.stack([column, row], axis=1) + 0.5) / cells
        centres.append(np.repeat(cell, repeat, axis=0))
    stacked: Floats = np.concatenate(centres).astype(np.float32)
    return stacked


@dataclass(frozen=True, slots=True)
class Layout:
    """What a network expects and how its rows are ordered."""

    side: int  # of the square input, in pixels
    anchors: Floats


NEAR = Layout(side=128, anchors=_anchors((16, 2), (8, 6)))
FAR = Layout(side=192, anchors=_anchors((48, 1)))


@dataclass(frozen=True, slots=True)
class Detection:
    """One face; all coordinates in pixels of the picture.

    Key points, 6×2: the person's right eye, left eye, nose tip, mouth, right ear,
    left ear.
    """

    score: float
    left: float
    top: float
    right: float
    bottom: float
    points: Floats

    @property
    def centre(self) -> tuple[float, float]:
        """Middle of the box."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def size(self) -> float:
        """Longer side of the box."""
        return max(self.right - self.left, self.bottom - self.top)


class Detector:
    """One BlazeFace network with its buffers; not for two threads at once."""

    def __init__(self, model: Model, layout: Layout) -> None:
        self._model = model
        self._layout = layout
        side = layout.side
        self._canvas = np.zeros((side, side, 3), np.uint8)

    def wipe(self) -> None:
        """Keep nothing of the last picture, here or in the network."""
        self._canvas.fill(0)
        self._model.wipe()

    def find(self, picture: Picture) -> list[Detection]:
        """Return the faces of a picture, surest first."""
        scale, offset = self._fill_canvas(picture)
        regressors, logits = self._model.see(self._canvas)
        return self._decode(regressors[0], logits[0, :, 0], scale, offset)

    def _fill_canvas(self, picture: Picture) -> tuple[float, Floats]:
        """Fit the picture into the square, as RGB, black around it."""
        side = self._layout.side
        height, width = picture.shape[:2]
        scale = side / max(height, width)
        new_width = max(1, round(width * scale))
        new_height = max(1, round(height * scale))
        x, y = (side - new_width) // 2, (side - new_height) // 2
        self._canvas[:] = 0
        small = cv2.resize(
            picture, (new_width, new_height), interpolation=cv2.INTER_AREA
        )
        self._canvas[y : y + new_height, x : x + new_width] = small[:, :, ::-1]
        return scale, np.array([x, y], np.float32)

    def _decode(
        self, regressors: Floats, logits: Floats, scale: float, offset: Floats
    ) -> list[Detection]:
        rows = np.flatnonzero(logits > np.log(MIN_SCORE / (1 - MIN_SCORE)))
        if rows.size == 0:
            return []
        side = self._layout.side
        scores = 1 / (1 + np.exp(-logits[rows].astype(np.float64)))
        centres = self._layout.anchors[rows] * side
        values = regressors[rows].reshape(rows.size, 2 + KEY_POINTS, 2)
        middle, extent = centres + values[:, 0], values[:, 1]
        corners = np.stack([middle - extent / 2, middle + extent / 2], axis=1)
        marks = np.concatenate([corners, centres[:, None] + values[:, 2:]], axis=1)
        return [
            _detection(score, blended)
            for score, blended in _blend((marks - offset) / np.float32(scale), scores)
        ]


def _detection(score: float, marks: Floats) -> Detection:
    left, top, right, bottom = (float(value) for value in marks[:2].ravel())
    return Detection(score, left, top, right, bottom, marks[2:])


def _blend(marks: Floats, scores: npt.NDArray[Any]) -> list[tuple[float, Floats]]:
    """Join overlapping boxes into one, weighted by their scores.

    `marks` is N×8×2: top left and bottom right of each box, then its key points.
    """
    faces = []
    free = np.ones(len(scores), bool)
    for best in np.argsort(-scores):
        if not free[best]:
            continue
        group = free & (_overlap(marks[best, :2], marks[:, :2]) > SAME_FACE_OVERLAP)
        group[best] = True
        free &= ~group
        weights = scores[group] / scores[group].sum()
        blended = np.einsum("n,nij->ij", weights, marks[group]).astype(np.float32)
        faces.append((float(scores[best]), blended))
    return faces


def _overlap(one: Floats, many: Floats) -> Floats:
    """Intersection over union of one box (2×2) with many (N×2×2)."""
    low = np.maximum(one[0], many[:, 0])
    high = np.minimum(one[1], many[:, 1])
    shared: Floats = np.clip(high - low, 0, None).prod(axis=1)
    areas = np.clip(many[:, 1] - many[:, 0], 0, None).prod(axis=1)
    area = np.clip(one[1] - one[0], 0, None).prod()
    union: Floats = areas + area - shared
    ratio: Floats = shared / np.maximum(union, np.float32(1e-9))
    return ratio
