"""Between stored pictures and linear light (IEC 61966-2-1, sRGB).

1.0 is the light of a picture's white. Leaves to others: what a scene does with light.
"""

import cv2
import numpy as np

from likeness.vision.detect import Floats, Picture

_CODES = np.arange(256) / 255
_KNEE = 0.0031308  # of the standard: below it the curve is a line
_LINEAR = np.where(
    _CODES <= 12.92 * _KNEE, _CODES / 12.92, ((_CODES + 0.055) / 1.055) ** 2.4
).astype(np.float32)


def to_linear(picture: Picture) -> Floats:
    """Decode a BGR picture to linear light."""
    return np.asarray(cv2.LUT(picture, _LINEAR), np.float32)


def to_picture(light: Floats) -> Picture:
    """Encode linear light; what is brighter than white is cut off."""
    clipped = np.clip(light, 0, 1)
    curve = 1.055 * np.maximum(clipped, _KNEE) ** (1 / 2.4) - 0.055
    coded = np.where(clipped <= _KNEE, clipped * 12.92, curve)
    return np.asarray(np.round(coded * 255), np.uint8)


def luma(light: Floats) -> Floats:
    """Return the luminance of linear BGR light, ITU-R BT.709."""
    return light @ np.array([0.0722, 0.7152, 0.2126], np.float32)
