"""How the head is turned: yaw, pitch and roll from landmarks and a model of a face.

PnP under scaled orthography (the first step of POSIT: DeMenthon & Davis, "Model-based
object pose in 25 lines of code", IJCV 15, 1995): the 2×3 matrix that maps the centred
model to the centred landmarks in the least-squares sense, and the rotation nearest to
it. It has one answer, no start value and no flip, and its scale does not shrink with
the turn.

The face model is ours: the network's landmarks averaged over the frames of the
development clips in a face's own frame, made symmetric, outer eye corners 90 mm apart.
Its depth is a guess: the network's own, which understates turns, times 0.8. Angles are
therefore degrees of this model, good to perhaps a fifth; rules measure against the
person's own rest pose.
"""

import math
from dataclasses import dataclass

import numpy as np

from likeness.vision.detect import Floats

# Landmark: x to the person's left, y down, z to the back of the head; millimetres from
# the middle between the outer eye corners. Points that talk or smile are left out.
_MIDDLE = {
    168: (-5.8, -17.2),
    6: (2.1, -20.7),
    197: (9.3, -24.8),
    195: (15.7, -29.4),
    5: (22.9, -34.0),
    4: (31.5, -35.9),
    1: (38.6, -34.3),
    2: (45.5, -22.3),
    10: (-55.3, -12.6),
    151: (-39.2, -15.8),
    9: (-22.5, -18.1),
}
_PAIRS = {  # (the person's right, left): half their distance, y, z
    (33, 263): (44.9, 0.0, 0.0),
    (133, 362): (17.6, 1.0, -4.1),
    (98, 327): (16.8, 43.4, -15.9),
    (129, 358): (20.8, 36.5, -12.9),
    (109, 338): (18.9, -54.7, -11.5),
    (127, 356): (68.4, 5.6, 39.3),
    (234, 454): (67.5, 20.2, 42.5),
    (21, 251): (64.5, -23.0, 21.5),
    (93, 323): (66.3, 35.1, 42.8),
    (117, 346): (52.1, 17.0, -0.1),
    (50, 280): (48.1, 32.9, -5.3),
    (67, 297): (34.9, -51.6, -6.6),
    (103, 332): (49.5, -44.9, 2.4),
}
FACE_WIDTH_MM = 2 * 68.4


def _model() -> tuple[list[int], Floats]:
    points = {number: (0.0, y, z) for number, (y, z) in _MIDDLE.items()}
    for (right, left), (x, y, z) in _PAIRS.items():
        points[right], points[left] = (-x, y, z), (x, y, z)
    shape = np.array(list(points.values()), np.float64)
    return list(points), shape - shape.mean(axis=0)


_NUMBERS, _SHAPE = _model()
_FIT = np.linalg.pinv(_SHAPE).T  # N×3: landmarks @ this is the 2×3 matrix


@dataclass(frozen=True, slots=True)
class Pose:
    """Angles in degrees (see `seen.Face`), scale in pixels per millimetre."""

    yaw_deg: float
    pitch_deg: float
    roll_deg: float
    scale: float

    @property
    def face_width_px(self) -> float:
        """Width of the face in pixels as it would be seen from the front."""
        return FACE_WIDTH_MM * self.scale


def pose_of(landmarks: Floats) -> Pose:
    """Fit the face model to 468 landmarks (N×2 or N×3, pixels, y down)."""
    seen = landmarks[_NUMBERS, :2].astype(np.float64)
    matrix = (seen - seen.mean(axis=0)).T @ _FIT
    left, stretch, right = np.linalg.svd(matrix, full_matrices=False)
    across, down = left @ right  # two rows of a rotation
    # Where the face looks, in the camera's frame: x right, y down, z away. Its z is
    # that of the rotation's third row, the cross product of the two.
    ahead = (-across[2], -down[2], across[1] * down[0] - across[0] * down[1])
    return Pose(
        yaw_deg=math.degrees(math.atan2(ahead[0], -ahead[2])),
        pitch_deg=math.degrees(math.asin(max(-1.0, min(1.0, -ahead[1])))),
        roll_deg=math.degrees(math.atan2(down[0], across[0])),
        scale=float(stretch.mean()),
    )
