"""Reads one genuine visit whole: its pictures, and the face that is in each of them.

Leaves to others: what attack is made of it.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import cv2
import numpy as np

from likeness.bench.visit_file import PlannedVisit, VisitFile
from likeness.core.seen import Embedding, Face
from likeness.core.vocabulary import Act
from likeness.edges.recorded import frames
from likeness.errors import FeedUnreadable
from likeness.vision.detect import Floats, Picture
from likeness.vision.look import Looker

MOST_S = 15.0  # of a recording without an end
HIGHEST_PX = 720
OVAL_RIGHT, OVAL_LEFT = 234, 454  # landmarks at the face's edges
SHUT_SHARE = 0.6  # of the open eyes: shut, or nearly


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture with its face; the time counts from the visit's first frame."""

    at_s: float
    picture: Picture
    face: Face | None

    @property
    def landmarks(self) -> Floats:
        """468×3 in pixels; only for a shot with a face."""
        if self.face is None:
            raise ValueError("this shot has no face")
        return cast(Floats, self.face.landmarks)


@dataclass(frozen=True, slots=True)
class Genuine:
    """A genuine visit, looked at."""

    id: str
    file: VisitFile
    portrait: Path | None
    shots: tuple[Shot, ...]
    fps: float
    frontal: Shot  # open eyes, looking ahead
    shut: Shot | None  # eyes shut, looking ahead
    who: Embedding | None

    @property
    def acts(self) -> tuple[Act, ...]:
        """The acts that the recording performs, as its visit file says."""
        return self.file.acts or ()

    @property
    def length_s(self) -> float:
        """From the first frame to the end of the last."""
        return self.shots[-1].at_s + 1 / self.fps

    def at(self, seconds: float) -> Shot:
        """Return the shot that is seen at a time."""
        times = [shot.at_s for shot in self.shots]
        number = int(np.searchsorted(times, seconds + 1e-6, side="right")) - 1
        return self.shots[min(max(number, 0), len(times) - 1)]


def read(plan: PlannedVisit, looker: Looker) -> Genuine:
    """Decode and look at every frame of a visit.

    Raises:
        FeedUnreadable: it cannot be played, or shows no face that could be copied.
    """
    if plan.file is None or plan.problem:
        raise FeedUnreadable(plan.problem or f"{plan.id}: cannot be played")
    shots = tuple(_look(plan, plan.file, looker))
    faces = [shot for shot in shots if shot.face is not None]
    if not faces:
        raise FeedUnreadable(f"{plan.id}: no face in its recording")
    frontal = _frontal(faces)
    steps = np.diff([shot.at_s for shot in shots])
    return Genuine(
        id=plan.id,
        file=plan.file,
        portrait=plan.portrait,
        shots=shots,
        fps=float(1 / np.median(steps)) if len(steps) else 25.0,
        frontal=frontal,
        shut=_shut(faces, frontal),
        who=looker.embed_picture(frontal.picture),
    )


def _look(plan: PlannedVisit, file: VisitFile, looker: Looker) -> list[Shot]:
    end_s = file.start_s + MOST_S if file.end_s is None else file.end_s
    looker.forget()
    shots: list[Shot] = []
    first_s: float | None = None
    for frame in frames(plan.video, fps=file.fps, start_s=file.start_s, end_s=end_s):
        first_s = frame.captured_s if first_s is None else first_s
        picture = _shrink(frame.image)
        seen = looker.look(picture, captured_s=frame.captured_s, frame=frame.number)
        shots.append(Shot(frame.captured_s - first_s, picture, seen.face))
    return shots


def _shrink(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    if height <= HIGHEST_PX:
        return picture
    size = (round(width * HIGHEST_PX / height), HIGHEST_PX)
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)


def _openness(shot: Shot) -> float:
    return (shot.face.eye_left + shot.face.eye_right) / 2 if shot.face else 0.0


def _aside(shot: Shot) -> float:
    """How far the face is from frontal, in units of what still looks frontal."""
    if shot.face is None:
        return float("inf")
    return abs(shot.face.yaw_deg) / 12 + abs(shot.face.pitch_deg) / 18


def _frontal(faces: list[Shot]) -> Shot:
    wide = float(np.quantile([_openness(shot) for shot in faces], 0.9)) or 1.0

    def cost(shot: Shot) -> float:
        return _aside(shot) + 3 * max(0.0, 0.95 - _openness(shot) / wide)

    return min(faces, key=cost)


def _shut(faces: list[Shot], frontal: Shot) -> Shot | None:
    ahead = [shot for shot in faces if _aside(shot) < _aside(frontal) + 1]
    least = min(ahead, key=_openness)
    return least if _openness(least) < SHUT_SHARE * _openness(frontal) else None


def face_width_px(shot: Shot) -> float:
    """Width of the face in the picture, from edge to edge."""
    points = shot.landmarks
    return float(np.hypot(*(points[OVAL_LEFT, :2] - points[OVAL_RIGHT, :2])))
