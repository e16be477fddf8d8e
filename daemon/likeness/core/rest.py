"""This person's own rest pose and open eyes, which every act is held against.

Leaves to others: which frames they are taken from (looking.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from likeness.core.seen import Face

MIN_REST_FRAMES = 6
OPEN_QUANTILE = 0.8  # of the rest frames: a blink in the rest second must not lower it


@dataclass(frozen=True, slots=True)
class Rest:
    """This person's own pose and open eyes, from at most the first second."""

    eye_left: float
    eye_right: float
    yaw_deg: float
    pitch_deg: float


def rest_of(faces: Sequence[Face]) -> Rest | None:
    """Take the rest pose from the first frames; None while there are too few."""
    if len(faces) < MIN_REST_FRAMES:
        return None
    return Rest(
        eye_left=_quantile([f.eye_left for f in faces], OPEN_QUANTILE),
        eye_right=_quantile([f.eye_right for f in faces], OPEN_QUANTILE),
        yaw_deg=median(f.yaw_deg for f in faces),
        pitch_deg=median(f.pitch_deg for f in faces),
    )


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return max(ordered[round(share * (len(ordered) - 1))], 1e-6)
