"""Fits 468 landmarks to one face, and says where the next frame should look for it.

Landmark numbers are those of the network (MediaPipe face landmark model); the ones this
project uses have names here. Leaves to others: what landmarks mean.

Source: Kartynnik and others, "Real-time Facial Surface Geometry from Monocular Video on
Mobile GPUs", 2019: the crop is turned so that the eyes lie level, and follows the
landmarks of the frame before.
"""

import math
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np

from likeness.vision.detect import Detection, Floats, Picture
from likeness.vision.models import Model

SIDE = 192  # pixels of the network's square input
MARGIN = 1.5  # the crop is this much larger than the face

# The person's own right and left, so "right" lies at the left of the picture.
RIGHT_EYE_OUTER, RIGHT_EYE_INNER = 33, 133
LEFT_EYE_OUTER, LEFT_EYE_INNER = 263, 362
NOSE_TIP, NOSE_BRIDGE_END = 1, 4
MOUTH_RIGHT, MOUTH_LEFT = 61, 291
FACE_EDGE_RIGHT, FACE_EDGE_LEFT = 234, 454


@dataclass(frozen=True, slots=True)
class Region:
    """A turned square of the picture: centre and side in pixels, angle in radians."""

    x: float
    y: float
    side: float
    angle: float  # clockwise as seen; 0 when the eyes are level

    @classmethod
    def around_detection(cls, face: Detection) -> Self:
        """Square around a detected face, level with its eyes."""
        right_eye, left_eye = face.points[0], face.points[1]
        return cls(*face.centre, face.size * MARGIN, _slope(right_eye, left_eye))

    @classmethod
    def around_landmarks(cls, landmarks: Floats) -> Self:
        """Square around the landmarks, measured along the line of the eyes."""
        angle = _slope(landmarks[RIGHT_EYE_OUTER], landmarks[LEFT_EYE_OUTER])
        cos, sin = math.cos(angle), math.sin(angle)
        turn = np.array([[cos, sin], [-sin, cos]], np.float32)
        level = turn @ landmarks[:, :2].T  # 2×468: along and across the eyes
        low, high = level.min(axis=1), level.max(axis=1)
        x, y = (low + high) / 2 @ turn
        return cls(float(x), float(y), float((high - low).max()) * MARGIN, angle)

    def to_crop(self, side: int) -> Floats:
        """2×3 affine matrix from the picture to a crop of `side` pixels."""
        scale = side / self.side
        cos, sin = math.cos(self.angle) * scale, math.sin(self.angle) * scale
        middle = side / 2
        return np.array(
            [
                [cos, sin, middle - cos * self.x - sin * self.y],
                [-sin, cos, middle + sin * self.x - cos * self.y],
            ],
            np.float32,
        )


@dataclass(frozen=True, slots=True)
class Fit:
    """Landmarks of one face.

    `landmarks` is 468×3 in pixels of the picture, z towards the back of the head with
    the same unit; the network understates z. `in_crop` is the same, 468×2, in `crop`.
    """

    presence: float  # 0..1
    landmarks: Floats
    in_crop: Floats
    crop: Picture  # 192×192 BGR, eyes level; valid until the next fit


class Mesh:
    """The landmark network with its buffers; not for two threads at once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._crop = np.empty((SIDE, SIDE, 3), np.uint8)
        self._rgb = np.empty((SIDE, SIDE, 3), np.uint8)

    def wipe(self) -> None:
        """Keep nothing of the last picture, here or in the network."""
        self._crop.fill(0)
        self._rgb.fill(0)
        self._model.wipe()

    def fit(self, picture: Picture, region: Region) -> Fit:
        """Fit the landmarks to the face in a region."""
        to_crop = region.to_crop(SIDE)
        cv2.warpAffine(picture, to_crop, (SIDE, SIDE), dst=self._crop)
        cv2.cvtColor(self._crop, cv2.COLOR_BGR2RGB, dst=self._rgb)
        flat, logit = self._model.see(self._rgb)
        in_crop = flat.reshape(-1, 3)
        scale = region.side / SIDE
        landmarks = np.empty_like(in_crop)
        cos, sin = math.cos(region.angle) * scale, math.sin(region.angle) * scale
        back = np.array([[cos, sin], [-sin, cos]], np.float32)
        centred = in_crop[:, :2] - SIDE / 2
        landmarks[:, :2] = centred @ back + np.array([region.x, region.y], np.float32)
        landmarks[:, 2] = in_crop[:, 2] * scale
        presence = 1 / (1 + math.exp(-float(logit.ravel()[0])))
        return Fit(presence, landmarks, in_crop[:, :2].copy(), self._crop)


def _slope(start: Floats, end: Floats) -> float:
    """Angle of the line from one point to another, radians, clockwise as seen."""
    return math.atan2(float(end[1] - start[1]), float(end[0] - start[0]))
