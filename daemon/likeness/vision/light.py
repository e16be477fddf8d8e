"""Measures the colours of one fitted face, region by region, and beside it.

Leaves to others: what the colours answer (core/light_answer.py).
"""

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from likeness.core.light import linear
from likeness.core.light_answer import Region
from likeness.core.vocabulary import FaceLight, Rgb
from likeness.vision.detect import Floats
from likeness.vision.mesh import SIDE, Fit

# Convex outlines by landmark, away from eyes, brows, nostrils and the mouth's opening.
OUTLINES: Final[dict[Region, tuple[int, ...]]] = {
    Region.NOSE: (6, 48, 1, 278),
    Region.LIP: (97, 326, 267, 37),
    Region.FOREHEAD: (108, 337, 336, 107),
    Region.CHIN: (201, 421, 428, 199, 208),
    Region.FOREHEAD_RIGHT: (68, 69, 66, 63),
    Region.FOREHEAD_LEFT: (298, 299, 296, 293),
    Region.CHEEK_RIGHT: (118, 100, 36, 205, 50),
    Region.CHEEK_LEFT: (347, 329, 266, 425, 280),
    Region.SIDE_RIGHT: (227, 116, 123, 147, 177, 137),
    Region.SIDE_LEFT: (447, 345, 352, 376, 401, 366),
    Region.JAW_RIGHT: (192, 214, 135, 138),
    Region.JAW_LEFT: (416, 434, 364, 367),
}
# The crop is half as large again as the face: its outermost parts show what is beside
# and above it, the shoulders left out.
EDGE: Final = SIDE // 12
SHOULDERS: Final = SIDE * 2 // 3

Picture16 = npt.NDArray[np.uint16]  # the crop in linear light, BGR

FULL: Final = 65535
_TO_LINEAR: Final = np.array(
    [round(linear(byte) * FULL) for byte in range(256)], np.uint16
)


def light_of(fit: Fit) -> FaceLight:
    """Give the mean colours of a face in linear light, 0..1.

    What lies outside of the picture is black in the crop and adds nothing to any
    channel, so that ratios between channels hold.
    """
    bright = np.asarray(cv2.LUT(fit.crop, _TO_LINEAR), np.uint16)
    regions = tuple(
        _mean_within(bright, fit.in_crop[list(OUTLINES[region])]) for region in Region
    )
    return FaceLight(regions, _mean_beside(bright))


def _mean_within(bright: Picture16, corners: Floats) -> Rgb:
    points = np.rint(corners).astype(np.int32)
    low = np.clip(points.min(axis=0), 0, SIDE - 1)
    high = np.clip(points.max(axis=0), low, SIDE - 1) + 1
    mask = np.zeros((high[1] - low[1], high[0] - low[0]), np.uint8)
    cv2.fillConvexPoly(mask, points - low, (1,))
    return _rgb(cv2.mean(bright[low[1] : high[1], low[0] : high[0]], mask))


def _mean_beside(bright: Picture16) -> Rgb:
    parts = (
        bright[:EDGE],
        bright[EDGE:SHOULDERS, :EDGE],
        bright[EDGE:SHOULDERS, -EDGE:],
    )
    sums = np.sum([cv2.sumElems(part) for part in parts], axis=0)
    return _rgb((sums / sum(part.shape[0] * part.shape[1] for part in parts)).tolist())


def _rgb(bgr: Sequence[float]) -> Rgb:
    blue, green, red = bgr[:3]
    return float(red) / FULL, float(green) / FULL, float(blue) / FULL
