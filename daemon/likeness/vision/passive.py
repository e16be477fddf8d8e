"""Judges the texture of one face: is it there, or on paper or a screen?

Three views of the face go through small networks of our own: the middle of the face
pixel by pixel as the camera gave it (dots, grids and moiré do not survive resizing),
the whole face, and what is around it (edges of paper, bezels, hands). What cannot be
judged is not: too far, too dark, too blurred. Leaves to others: what follows from the
score (core/presentation.py), and training (models/passive_training).
"""

import math

import cv2
import numpy as np

from likeness.core.seen import Face
from likeness.vision.detect import Floats, Picture
from likeness.vision.models import Model

SIDE = 96  # pixels of each view
FACE, AROUND = 1.2, 2.5  # sides of the larger views, in sizes of the face
VIEWS = 3
# Below these the networks' own training had no pictures.
MIN_WIDTH_PX = 70.0
MIN_BRIGHTNESS = 0.10
MIN_SHARPNESS = 0.02


class Passive:
    """The network with its buffer; not for two threads at once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._views = np.empty((VIEWS * SIDE, SIDE, 3), np.uint8)

    def wipe(self) -> None:
        """Keep nothing of the last picture, here or in the network."""
        self._views.fill(0)
        self._model.wipe()

    def judge(self, picture: Picture, face: Face) -> float | None:
        """Score one face of a BGR picture: 0 attack .. 1 live.

        None where the face is too small, too dark or too blurred to say.
        """
        if (
            face.width_px < MIN_WIDTH_PX
            or face.brightness < MIN_BRIGHTNESS
            or face.sharpness < MIN_SHARPNESS
        ):
            return None
        views(picture, face.landmarks, into=self._views)
        logits = self._model.see(self._views)[0]  # of each network, each view
        return 1 / (1 + math.exp(-float(logits.mean())))


def views(picture: Picture, landmarks: Floats, into: Picture) -> None:
    """Write the three views of a face, one below the other, as RGB.

    Args:
        picture: BGR.
        landmarks: N×2 or more columns, x and y in pixels of the picture.
        into: 3 SIDE × SIDE × 3, uint8.
    """
    low, high = landmarks[:, :2].min(axis=0), landmarks[:, :2].max(axis=0)
    x, y = ((low + high) / 2).tolist()
    size = float((high - low).max())
    for number, side in enumerate((SIDE, FACE * size, AROUND * size)):
        view = into[number * SIDE : (number + 1) * SIDE]
        cut = _cut(picture, x, y, max(round(side), 2))
        cv2.cvtColor(_resized(cut), cv2.COLOR_BGR2RGB, dst=view)


def _cut(picture: Picture, x: float, y: float, side: int) -> Picture:
    """Cut out a square; beyond the picture its edge is repeated."""
    height, width = picture.shape[:2]
    left, top = round(x - side / 2), round(y - side / 2)
    rows = slice(min(max(top, 0), height - 1), max(min(top + side, height), 1))
    columns = slice(min(max(left, 0), width - 1), max(min(left + side, width), 1))
    inside = picture[rows, columns]
    if inside.shape[:2] == (side, side):
        return np.ascontiguousarray(inside)
    above, before = min(max(-top, 0), side - 1), min(max(-left, 0), side - 1)
    below = side - above - inside.shape[0]
    after = side - before - inside.shape[1]
    bordered = cv2.copyMakeBorder(
        inside, above, below, before, after, cv2.BORDER_REPLICATE
    )
    return np.asarray(bordered, np.uint8)


def _resized(square: Picture) -> Picture:
    """Average to SIDE pixels; by halves, which OpenCV does much faster."""
    while square.shape[0] >= 2 * SIDE:
        half = square.shape[0] // 2
        even = square[: 2 * half, : 2 * half]
        square = _to_side(even, half, cv2.INTER_AREA)
    if square.shape[0] == SIDE:
        return square
    how = cv2.INTER_AREA if square.shape[0] > SIDE else cv2.INTER_LINEAR
    return _to_side(square, SIDE, how)


def _to_side(square: Picture, side: int, how: int) -> Picture:
    return np.asarray(cv2.resize(square, (side, side), interpolation=how), np.uint8)
