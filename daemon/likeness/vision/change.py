"""Compares a frame with those before it: is it the same picture, is it another face.

Leaves to others: what follows from it (core/frozen.py, core/continuity.py).
"""

import hashlib

import cv2
import numpy as np

from likeness.vision.detect import Floats, Picture
from likeness.vision.mesh import SIDE, Fit

EVERY_ROW = 8  # a sensor's noise shows in every row; fewer cost less
SMALL = (24, 24)  # pixels of the face: a blink changes little, another face much


def digest_of(image: Picture) -> int:
    """Return 64 bits that are the same when a picture is; never 0."""
    rows = np.ascontiguousarray(image[::EVERY_ROW])
    digest = hashlib.blake2b(rows.data, digest_size=8).digest()
    return int.from_bytes(digest, "big") or 1


class Change:
    """Holds the last frame's face, small; not for two threads at once."""

    def __init__(self) -> None:
        self._last: Floats | None = None

    def forget(self) -> None:
        """Drop the last face: the next one has nothing to do with it."""
        self._last = None

    def see(self, fit: Fit) -> float | None:
        """Return how much the face looks otherwise than when last seen, 0..2.

        One less the correlation of both, each cut out along its landmarks: light and
        camera may change the level and the contrast, not the face. None: the first.
        """
        last, self._last = self._last, _small(fit)
        return None if last is None else 1 - float(last @ self._last)


def _small(fit: Fit) -> Floats:
    """Return the face as a vector of unit length and no mean."""
    low = np.clip(fit.in_crop.min(axis=0), 0, SIDE - 2).astype(int)
    high = np.clip(fit.in_crop.max(axis=0) + 1, low + 2, SIDE).astype(int)
    face = fit.crop[low[1] : high[1], low[0] : high[0]]
    small = cv2.resize(face, SMALL, interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_BGR2GRAY).astype(np.float32).ravel()
    grey -= grey.mean()
    length = max(float(np.linalg.norm(grey)), 1e-6)
    unit: Floats = grey / np.float32(length)
    return unit
