"""Watches that one face, the same face, stays without a break.

Takes observations, says what broke. Leaves to others: what follows from it.

- lost: no face for longer than a fast turn can hide one;
- jumped: the face is elsewhere, of another size, or looks otherwise, within one
  frame's time;
- second: another face of comparable size is there for longer than a flicker;
- changed: an embedding of this visit is not of the person of the first ones, nor of
  the one before: a face that is changed little by little fails against the first;
- frozen: the picture does not live (frozen.py).

Where no picture came for a while nothing broke yet; until the next straight view it is
unsure who is there. Whom only turned views showed between two such gaps nobody knows.
"""

from likeness.core import matching
from likeness.core.frozen import Frozen
from likeness.core.seen import Embedding, Face, Observation
from likeness.core.vocabulary import Reason

LOST_AFTER_S = 0.4
SECOND_AFTER_S = 0.4
# Between two frames a face moves a small part of its width, even in a brisk turn; at
# 300 deg/s (our estimate of the fastest) 100 ms turn it 30 deg, a third of a width.
JUMP_WIDTHS = 0.6
JUMP_SCALE = 1.5
ONE_FRAME_S = 0.1
# How much a face looks otherwise (Face.change). Of 7,000 steps of 17 clips the largest
# is 0.24, in a turn by 13 degrees from one frame to the next; of 2,600 cuts from one
# person to another the smallest is 0.28, and 99 in 100 are above 0.32.
JUMP_CHANGE = 0.35
STEP_S = 0.06  # over a longer gap (frames were dropped) a living face may look so
ODD_CHANGE = 0.15  # worth a look at who it is; living people reach it now and then
FRONTAL_DEG = 28.0


class Continuity:
    """Feed every observation in order; the first break is returned once."""

    def __init__(
        self,
        *,
        same_face_score: float,
        turned_face_score: float,
        may_repeat: bool = False,
    ) -> None:
        self._same_face_score = same_face_score
        self._turned_face_score = turned_face_score
        self._last: tuple[float, Face] | None = None
        self._second_since_s: float | None = None
        self._views: list[Embedding] = []
        self._last_view: Embedding | None = None
        self._frozen = Frozen(may_repeat=may_repeat)
        self._odd = False
        self._unsure = False
        self._only_turned = False  # what was taken since the last gap, or the beginning
        self.lost_track = False  # that stays so: whoever it was may be gone

    @property
    def wants_view(self) -> bool:
        """Say whether it should be seen at once who this is.

        The face changed oddly, or pictures did not come for a while.
        """
        return self._odd or self._unsure

    @property
    def unsure(self) -> bool:
        """Say whether pictures did not come for a while, with no straight view since.

        A turned face is held to so little that somebody alike could have come instead.
        """
        return self._unsure

    def see(self, observation: Observation) -> Reason | None:
        """Return what broke with this frame, if anything did."""
        now, face = observation.captured_s, observation.face
        frozen = self._frozen.see(observation)
        if self._second_face(observation):
            return Reason.SECOND_FACE
        if frozen:
            return Reason.PICTURE_FROZEN
        if face is None:
            lost = self._last is not None and now - self._last[0] > LOST_AFTER_S
            return Reason.FACE_LOST if lost else None
        before, self._last = self._last, (now, face)
        if before is not None and _jumped(before, (now, face)):
            return Reason.PICTURE_JUMPED
        if _unseen(before, now):
            self.lost_track = self.lost_track or self._only_turned
            self._unsure, self._only_turned = True, False
        if face.embedding is None:
            self._odd = self._odd or _changed(face, ODD_CHANGE)
            return None
        self._odd = False
        turned = is_turned(face)
        self._unsure = self._unsure and turned
        self._only_turned = turned and (self._unsure or not self._views)
        another = self._another_person(face, face.embedding)
        return Reason.FACE_CHANGED if another else None

    def _second_face(self, observation: Observation) -> bool:
        if observation.faces <= 1:
            self._second_since_s = None
            return False
        if self._second_since_s is None:
            self._second_since_s = observation.captured_s
        return observation.captured_s - self._second_since_s >= SECOND_AFTER_S

    def _another_person(self, face: Face, view: Embedding) -> bool:
        turned = is_turned(face)
        if self._views:
            first = matching.fuse([(1.0, seen) for seen in self._views])
            least = self._turned_face_score if turned else self._same_face_score
            last = self._last_view or first
            alike = min(matching.cosine(first, view), matching.cosine(last, view))
            if not alike >= least:  # so that nan is nobody
                return True
        if not turned:
            self._last_view = view
            if len(self._views) < matching.VIEWS:
                self._views.append(view)
        return False


def is_turned(face: Face) -> bool:
    """Say whether a view is too far from frontal to be matched with a portrait."""
    return max(abs(face.yaw_deg), abs(face.pitch_deg)) > FRONTAL_DEG


def _unseen(before: tuple[float, Face] | None, now: float) -> bool:
    """Whether no picture came for so long that another face could have come instead."""
    return before is not None and now - before[0] > LOST_AFTER_S


def _jumped(before: tuple[float, Face], after: tuple[float, Face]) -> bool:
    if after[0] - before[0] > ONE_FRAME_S:
        return False
    one, two = before[1].box, after[1].box
    width = max(one.width, two.width)
    across = abs((one.x + one.width / 2) - (two.x + two.width / 2))
    down = abs((one.y + one.height / 2) - (two.y + two.height / 2))
    scale = width / max(min(one.width, two.width), 1e-6)
    if max(across, down) > JUMP_WIDTHS * width or scale > JUMP_SCALE:
        return True
    return after[0] - before[0] <= STEP_S and _changed(after[1], JUMP_CHANGE)


def _changed(face: Face, most: float) -> bool:
    return face.change is not None and face.change > most
