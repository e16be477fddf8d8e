"""From a fitted face to its embedding: align by five points, run SFace, unit length.

The five points and their places in a 112×112 picture are those that ArcFace and SFace
were trained with (Deng and others 2019; Zhong and others 2021); the map is the
least-squares similarity of Umeyama (IEEE PAMI 13, 1991). Leaves to others: which views
to take, how to fuse and compare them (core/matching.py).
"""

import cv2
import numpy as np
import numpy.typing as npt

from likeness.core.seen import Embedding
from likeness.vision.detect import Floats, Picture
from likeness.vision.mesh import (
    LEFT_EYE_INNER,
    LEFT_EYE_OUTER,
    MOUTH_LEFT,
    MOUTH_RIGHT,
    NOSE_BRIDGE_END,
    NOSE_TIP,
    RIGHT_EYE_INNER,
    RIGHT_EYE_OUTER,
)
from likeness.vision.models import Model

SIDE = 112
# Eye at the picture's left (the person's right), eye at its right, nose, mouth corners.
PLACES = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ]
)


def five_points(landmarks: Floats) -> npt.NDArray[np.float64]:
    """Return 5×2: both eyes' middles, the nose, the mouth's corners."""
    at = landmarks[:, :2].astype(np.float64)
    return np.array(
        [
            (at[RIGHT_EYE_OUTER] + at[RIGHT_EYE_INNER]) / 2,
            (at[LEFT_EYE_OUTER] + at[LEFT_EYE_INNER]) / 2,
            (at[NOSE_TIP] + at[NOSE_BRIDGE_END]) / 2,
            at[MOUTH_RIGHT],
            at[MOUTH_LEFT],
        ]
    )


def similarity(
    points: npt.NDArray[np.float64], places: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Return the 2×3 turn, scale and shift that bring points nearest to places."""
    mean, target = points.mean(axis=0), places.mean(axis=0)
    one, two = points - mean, places - target
    left, spread, right = np.linalg.svd(two.T @ one)
    sign = np.array([1.0, np.sign(np.linalg.det(left @ right))])
    turn = (left * sign) @ right
    scale = (spread * sign).sum() / (one**2).sum()
    shift = target - scale * turn @ mean
    return np.hstack([scale * turn, shift[:, None]])


class Embedder:
    """The embedding network with its buffers; not for two threads at once."""

    def __init__(self, model: Model) -> None:
        self._model = model
        self._crop = np.empty((SIDE, SIDE, 3), np.uint8)

    def wipe(self) -> None:
        """Keep nothing of the last picture, here or in the network."""
        self._crop.fill(0)
        self._model.wipe()

    def align(self, picture: Picture, landmarks: Floats) -> Picture:
        """Return the face in its place, 112×112 BGR; valid until the next one."""
        to_crop = similarity(five_points(landmarks), PLACES)
        cv2.warpAffine(picture, to_crop, (SIDE, SIDE), dst=self._crop)
        return self._crop

    def embed(
        self, picture: Picture, landmarks: Floats, *, mirror: bool = False
    ) -> Embedding:
        """Embed one face of a BGR picture; 128 numbers of unit length.

        With `mirror`, the face and its mirror image are embedded and added: twice the
        time, for a portrait. Live views do without: at FMR 1e-4 it costs 19 instead of
        18 misses of 600 (decision 11).
        """
        return self.describe(self.align(picture, landmarks), mirror=mirror)[0]

    def describe(
        self, aligned: Picture, *, mirror: bool = False
    ) -> tuple[Embedding, float]:
        """Embed one aligned face; also say how long the vector was before scaling.

        The length grows with how much of a face there is: chip portraits have 8 to 15,
        coarse mosaics and misplaced landmarks 4 to 8.
        """
        rgb = np.ascontiguousarray(aligned[:, :, ::-1])
        faces = [rgb, np.ascontiguousarray(rgb[:, ::-1])] if mirror else [rgb]
        vectors = [self._model.see(face)[0][0].astype(np.float64) for face in faces]
        lengths = [max(float(np.linalg.norm(vector)), 1e-12) for vector in vectors]
        mean = np.sum(
            [v / length for v, length in zip(vectors, lengths, strict=True)], axis=0
        )
        unit = mean / max(float(np.linalg.norm(mean)), 1e-12)
        return tuple(unit.tolist()), sum(lengths) / len(lengths)
