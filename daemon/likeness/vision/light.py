"""Measures the colours of one fitted face, region by region, and beside it.

Leaves to others: what the colours answer (core/light_answer.py).
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from likeness.core.light import linear
from likeness.core.light_answer import Region
from likeness.core.seen import FaceLight, Rgb
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
    Region.SIDE_RIGHT: (227, 117, 50, 187, 177, 137),
    Region.SIDE_LEFT: (447, 346, 280, 411, 401, 366),
    Region.JAW_RIGHT: (192, 214, 135, 138),
    Region.JAW_LEFT: (416, 434, 364, 367),
}
POINTS: Final = 96  # in each region: a mean of all pixels costs ten times as much
# The crop is half as large again as the face: its outermost parts show what is beside
# and above it, the shoulders left out.
EDGE: Final = SIDE // 12
SHOULDERS: Final = SIDE * 2 // 3
EVERY: Final = 4  # pixels between two points beside the face

_LINEAR: Final = np.array([linear(byte) for byte in range(256)], np.float32)


def light_of(fit: Fit) -> FaceLight:
    """Give the mean colours of a face in linear light, 0..1.

    What lies outside of the picture is black in the crop and adds nothing to any
    channel, so that ratios between channels hold.
    """
    places = np.rint(_MIX @ fit.in_crop[_CORNERS]).astype(np.intp)
    x, y = np.clip(places, 0, SIDE - 1).T
    inside = _LINEAR[fit.crop[y, x]].reshape(len(Region), POINTS, 3).mean(axis=1)
    beside = _LINEAR[fit.crop[_BESIDE]].mean(axis=0)
    return FaceLight(tuple(_rgb(one) for one in inside.tolist()), _rgb(beside.tolist()))


def _mixtures() -> Floats:
    """Fix the points: each row mixes the corners of one region."""
    random = np.random.default_rng(0)
    mix = np.zeros((len(Region) * POINTS, len(_CORNERS)), np.float32)
    row = column = 0
    for region in Region:
        corners = len(OUTLINES[region])
        mix[row : row + POINTS, column : column + corners] = random.dirichlet(
            np.ones(corners), POINTS
        )
        row, column = row + POINTS, column + corners
    return mix


def _beside() -> npt.NDArray[np.bool_]:
    """Mark a grid of points in the crop's upper, right and left edges."""
    marked = np.zeros((SIDE, SIDE), np.bool_)
    marked[:SHOULDERS:EVERY, ::EVERY] = True
    marked[EDGE:SHOULDERS, EDGE:-EDGE] = False
    return marked


def _rgb(bgr: Sequence[float]) -> Rgb:
    blue, green, red = bgr
    return red, green, blue


_CORNERS: Final = [corner for region in Region for corner in OUTLINES[region]]
_MIX: Final = _mixtures()
_BESIDE: Final = np.nonzero(_beside())
