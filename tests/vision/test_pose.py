"""The pose of the face model itself, turned by known angles and projected."""

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.vision.detect import Floats
from likeness.vision.mesh import (
    FACE_EDGE_LEFT,
    FACE_EDGE_RIGHT,
    LEFT_EYE_OUTER,
    RIGHT_EYE_OUTER,
)
from likeness.vision.pose import _MIDDLE, _PAIRS, FACE_WIDTH_MM, pose_of

Rotation = npt.NDArray[np.float64]

POINTS = 468


def face_model() -> npt.NDArray[np.float64]:
    """Return 468×3: x to the picture's right (the person's left), y down, z away.

    Points that the pose does not use are far off: they must not matter.
    """
    shape = np.full((POINTS, 3), 1e4)
    for number, (y, z) in _MIDDLE.items():
        shape[number] = 0, y, z
    for (right, left), (x, y, z) in _PAIRS.items():
        shape[right], shape[left] = (-x, y, z), (x, y, z)
    return shape


def turned(yaw_deg: float, pitch_deg: float, roll_deg: float) -> Rotation:
    """Turn the head as `seen.Face` names its angles: tilt, then nod, then turn.

    Each factor is written down from what a person does: in a turn to the own left the
    nose (at z < 0) goes to x > 0; looking up it goes to y < 0; a tilt to the own left
    shoulder brings the crown (at y < 0) to x > 0.
    """
    a, b, c = (math.radians(angle) for angle in (yaw_deg, pitch_deg, roll_deg))
    turn = [[math.cos(a), 0, -math.sin(a)], [0, 1, 0], [math.sin(a), 0, math.cos(a)]]
    nod = [[1, 0, 0], [0, math.cos(b), math.sin(b)], [0, -math.sin(b), math.cos(b)]]
    tilt = [[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]]
    whole: Rotation = np.array(tilt) @ np.array(turn) @ np.array(nod)
    return whole


def landmarks(
    yaw_deg: float = 0.0,
    pitch_deg: float = 0.0,
    roll_deg: float = 0.0,
    *,
    scale: float = 1.7,
    at: tuple[float, float] = (320.0, 240.0),
) -> Floats:
    """Project the turned model: scaled orthography, in pixels."""
    seen = face_model() @ turned(yaw_deg, pitch_deg, roll_deg).T * scale
    seen[:, :2] += at
    return seen.astype(np.float32)


def test_the_model_faces_us() -> None:
    pose = pose_of(landmarks())
    assert pose.yaw_deg == pytest.approx(0, abs=0.01)
    assert pose.pitch_deg == pytest.approx(0, abs=0.01)
    assert pose.roll_deg == pytest.approx(0, abs=0.01)
    assert pose.scale == pytest.approx(1.7, rel=1e-4)
    assert pose.face_width_px == pytest.approx(1.7 * FACE_WIDTH_MM, rel=1e-4)
    right, left = landmarks()[[RIGHT_EYE_OUTER, LEFT_EYE_OUTER], 0]
    assert left - right == pytest.approx(1.7 * 89.8, rel=1e-4)


@pytest.mark.parametrize("angle", [-60, -25, -5, 5, 25, 60])
def test_each_angle_alone_is_found_with_its_sign(angle: float) -> None:
    yaw = pose_of(landmarks(yaw_deg=angle))
    assert (yaw.yaw_deg, yaw.pitch_deg, yaw.roll_deg) == pytest.approx(
        (angle, 0, 0), abs=0.05
    )
    pitch = pose_of(landmarks(pitch_deg=angle))
    assert (pitch.yaw_deg, pitch.pitch_deg, pitch.roll_deg) == pytest.approx(
        (0, angle, 0), abs=0.05
    )
    roll = pose_of(landmarks(roll_deg=angle))
    assert (roll.yaw_deg, roll.pitch_deg, roll.roll_deg) == pytest.approx(
        (0, 0, angle), abs=0.05
    )


def test_turning_left_moves_the_nose_to_the_pictures_right() -> None:
    nose, still = 1, landmarks()
    assert landmarks(yaw_deg=20)[nose, 0] > still[nose, 0] + 10
    assert landmarks(pitch_deg=20)[nose, 1] < still[nose, 1] - 10
    crown = 10
    assert landmarks(roll_deg=20)[crown, 0] > still[crown, 0] + 10


@given(
    yaw=st.floats(-50, 50),
    pitch=st.floats(-40, 40),
    roll=st.floats(-40, 40),
    scale=st.floats(0.2, 10),
    x=st.floats(-500, 2000),
)
def test_any_pose_is_the_rotation_that_made_it(
    yaw: float, pitch: float, roll: float, scale: float, x: float
) -> None:
    rotation = turned(yaw, pitch, roll)
    ahead = rotation @ (0, 0, -1)  # where the nose points, from the rotation itself

    pose = pose_of(landmarks(yaw, pitch, roll, scale=scale, at=(x, 100.0)))

    assert pose.yaw_deg == pytest.approx(
        math.degrees(math.atan2(ahead[0], -ahead[2])), abs=0.3
    )
    assert pose.pitch_deg == pytest.approx(math.degrees(math.asin(-ahead[1])), abs=0.3)
    assert pose.roll_deg == pytest.approx(
        math.degrees(math.atan2(rotation[1, 0], rotation[0, 0])), abs=0.3
    )
    assert pose.scale == pytest.approx(scale, rel=0.01)


@given(yaw=st.floats(-50, 50), pitch=st.floats(-40, 40), roll=st.floats(-40, 40))
def test_a_mirror_flips_yaw_and_roll_and_leaves_pitch(
    yaw: float, pitch: float, roll: float
) -> None:
    one = landmarks(yaw, pitch, roll)
    other = one.copy()
    other[:, 0] = 640 - other[:, 0]
    # In a mirror the right side's points are seen at the left side's names.
    for right, left in _PAIRS:
        other[[right, left]] = other[[left, right]]

    pose, back = pose_of(one), pose_of(other)

    assert back.yaw_deg == pytest.approx(-pose.yaw_deg, abs=0.05)
    assert back.roll_deg == pytest.approx(-pose.roll_deg, abs=0.05)
    assert back.pitch_deg == pytest.approx(pose.pitch_deg, abs=0.05)


def test_the_width_does_not_shrink_with_a_turn() -> None:
    front, aside = landmarks(), landmarks(yaw_deg=45)
    shown = aside[FACE_EDGE_LEFT, 0] - aside[FACE_EDGE_RIGHT, 0]
    assert shown < 0.8 * (front[FACE_EDGE_LEFT, 0] - front[FACE_EDGE_RIGHT, 0])
    assert pose_of(aside).face_width_px == pytest.approx(
        pose_of(front).face_width_px, rel=1e-3
    )


def test_the_scale_of_a_stretched_picture_lies_between_its_two() -> None:
    wide = landmarks()
    wide[:, 0] *= 1.1
    assert pose_of(wide).scale == pytest.approx(1.05 * 1.7, rel=1e-3)


def test_a_shaking_landmark_shakes_the_pose_little() -> None:
    noise = np.random.default_rng(7).normal(0, 1.0, (POINTS, 3)).astype(np.float32)
    still, pose = pose_of(landmarks(20, 5, -10)), pose_of(landmarks(20, 5, -10) + noise)
    assert pose.yaw_deg == pytest.approx(still.yaw_deg, abs=3)
    assert pose.pitch_deg == pytest.approx(still.pitch_deg, abs=3)
    assert pose.roll_deg == pytest.approx(still.roll_deg, abs=3)


def test_landmarks_without_depth_will_do() -> None:
    assert pose_of(landmarks(20, 5, -10)[:, :2]) == pose_of(landmarks(20, 5, -10))
