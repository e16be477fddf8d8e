"""Judges turns and nods: did the head move away from its rest, to the side asked for?

    WAITING -> NEUTRAL -> FAR -> answered by the known face

WAITING means: since the prompt the head was not yet near its rest, so whatever is seen
began before the prompt and does not count. As for all acts, the moved face must also be
known (liveness.py). Leaves to others: lids, which act is asked.
"""

from enum import Enum, auto

from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.seen import Face


class _Head(Enum):
    WAITING = auto()
    NEUTRAL = auto()
    FAR = auto()


class _MoveWatch:
    """Waits for a head that was near its rest, then far for a while, and known."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._state = _Head.WAITING
        self._far_s = 0.0
        self._known = False

    @property
    def wants_view(self) -> bool:
        """Say whether the moved face is still to be recognised."""
        return self._state is _Head.FAR and not self._known

    def _moved(self, face: Face, captured_s: float, *, near: bool, far: bool) -> bool:
        match self._state:
            case _Head.WAITING if near:
                self._state = _Head.NEUTRAL
            case _Head.NEUTRAL if far:
                self._state, self._far_s = _Head.FAR, captured_s
                self._known = face.embedding is not None
            case _Head.FAR if not far:
                self._state = _Head.NEUTRAL
            case _Head.FAR:
                self._known = self._known or face.embedding is not None
                return self._known and captured_s - self._far_s >= self._hold_s
            case _:
                pass
        return False


class TurnWatch(_MoveWatch):
    """Waits for the head to turn to one side, away from its rest pose."""

    def __init__(self, rest: Rest, rules: ActRules, *, to_left: bool) -> None:
        super().__init__(rules.turn_hold_s)
        self._rules = rules
        self._rest_deg = rest.yaw_deg
        self._sign = 1 if to_left else -1

    def see(self, face: Face, captured_s: float) -> bool:
        """Take in one frame; True when the turn is complete."""
        rules = self._rules
        turned = self._sign * (face.yaw_deg - self._rest_deg)
        # Coming back from the other side is no turn: the face must point to its own.
        own_side = self._sign * face.yaw_deg >= rules.own_side_deg
        far = turned >= rules.turn_deg and own_side
        near = turned <= rules.turn_deg * rules.neutral
        return self._moved(face, captured_s, near=near, far=far)


class NodWatch(_MoveWatch):
    """Waits for the chin to rise or to sink, away from the rest pose.

    How the camera hangs adds to every pitch, so only the rest pose counts. A head that
    turns aside is also seen to tilt, and does not nod.
    """

    def __init__(self, rest: Rest, rules: ActRules, *, up: bool) -> None:
        super().__init__(rules.nod_hold_s)
        self._rules = rules
        self._rest = rest
        self._sign = 1 if up else -1

    def see(self, face: Face, captured_s: float) -> bool:
        """Take in one frame; True when the nod is complete."""
        rules = self._rules
        tilted = self._sign * (face.pitch_deg - self._rest.pitch_deg)
        ahead = abs(face.yaw_deg - self._rest.yaw_deg) <= rules.nod_yaw_deg
        near = tilted <= rules.nod_deg * rules.neutral
        far = tilted >= rules.nod_deg and ahead
        return self._moved(face, captured_s, near=near, far=far)
