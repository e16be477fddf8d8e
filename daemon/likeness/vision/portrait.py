"""Says what keeps a card's portrait from being matched: covered, blurred, dark, turned.

Such a portrait may still give an embedding, and even a match: a bar over the eyes costs
a third of the score, no more. So it is looked at before it is enrolled. The limits are
where development portraits end: of 2,409 chip portraits of 861 people they refuse about
eight, four of them in dark glasses. Leaves to others: finding the face, embedding it.

Aligned means 112×112 BGR as the embedding network looks at it (match.PLACES).
"""

import math
from enum import Enum

import cv2
import numpy as np
import numpy.typing as npt

from likeness.vision.cues import quality_of
from likeness.vision.detect import Detection, Detector, Floats, Picture
from likeness.vision.match import PLACES, SIDE
from likeness.vision.mesh import Fit, Region

MAX_ROLL_DEG = 45.0
UPSIDE_DOWN_SCORE = 0.8  # of the near detector on the picture turned by half
SECOND_SCORE = 0.75
SECOND_SHARE = 0.6  # of the first face's size
MIN_CONTRAST = 6.0  # standard deviation of grey, of 255
MIN_BRIGHTNESS = 0.08  # 0..1
MIN_SHARPNESS = 0.15
# Detail: mean gradient in a part of the face over that in the whole face. Of the eyes
# only upright edges count (iris, lashes' ends): a bar has none but at its ends.
MIN_EYES = 0.19  # both together
MIN_EYE = 0.04  # each
MIN_MOUTH = 0.40
# The network's own measure of how much of a face it saw (see Embedder.describe).
MIN_STRENGTH = 8.2

Mask = npt.NDArray[np.bool_]


class Flaw(Enum):
    """Why a portrait cannot be used; a visit says only `portrait_not_usable`."""

    NOT_UPRIGHT = "it does not stand upright"
    SECOND_FACE = "it shows two faces"
    DARK = "it is too dark or too pale"
    BLURRED = "it is blurred"
    COVERED = "eyes or mouth are covered"
    UNCLEAR = "too little of a face can be made out"


def flaw_of(
    picture: Picture, fit: Fit, aligned: Picture, strength: float, detector: Detector
) -> Flaw | None:
    """Return the first flaw of a portrait whose face was fitted; None without one."""
    found = detector.find(picture)
    if not _is_upright(picture, fit, found, detector):
        return Flaw.NOT_UPRIGHT
    if _has_second_face(found):
        return Flaw.SECOND_FACE
    quality = quality_of(fit)
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY).astype(np.float32)
    if quality.brightness < MIN_BRIGHTNESS or grey[FACE].std() < MIN_CONTRAST:
        return Flaw.DARK
    if quality.sharpness < MIN_SHARPNESS:
        return Flaw.BLURRED
    if _is_covered(grey):
        return Flaw.COVERED
    return Flaw.UNCLEAR if strength < MIN_STRENGTH else None


def _is_upright(
    picture: Picture, fit: Fit, found: list[Detection], detector: Detector
) -> bool:
    """An upside-down face may be fitted all the same, with landmarks without sense."""
    roll_deg = math.degrees(Region.around_landmarks(fit.landmarks).angle)
    if abs(roll_deg) > MAX_ROLL_DEG:
        return False
    turned = np.asarray(cv2.rotate(picture, cv2.ROTATE_180), np.uint8)
    upside_down = _best(detector.find(turned))
    return upside_down < UPSIDE_DOWN_SCORE or upside_down < _best(found)


def _best(found: list[Detection]) -> float:
    return max((face.score for face in found), default=0.0)


def _has_second_face(found: list[Detection]) -> bool:
    sizes = [face.size for face in found if face.score > SECOND_SCORE]
    sizes.sort(reverse=True)
    return len(sizes) > 1 and sizes[1] > SECOND_SHARE * sizes[0]


def _is_covered(grey: Floats) -> bool:
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    across = cv2.Sobel(smooth, cv2.CV_32F, 1, 0)
    slope = np.hypot(across, cv2.Sobel(smooth, cv2.CV_32F, 0, 1))
    whole = slope[FACE].mean()
    eyes = [np.abs(across[eye]).mean() / whole for eye in EYES]
    mouth = slope[MOUTH].mean() / whole
    return bool(min(eyes) < MIN_EYE or np.mean(eyes) < MIN_EYES or mouth < MIN_MOUTH)


def _ellipse(x: float, y: float, half_width: float, half_height: float) -> Mask:
    down, right = np.mgrid[:SIDE, :SIDE]
    inside: Mask = np.hypot((right - x) / half_width, (down - y) / half_height) <= 1
    return inside


# In pixels of an aligned face.
EYES = tuple(_ellipse(x, y, 9, 4) for x, y in PLACES[:2])
MOUTH = _ellipse(56, 92, 15, 5)
FACE = _ellipse(56, 68, 34, 44)
