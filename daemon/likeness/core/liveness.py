"""Judges one asked act at a time: did both eyes blink, did the head turn.

Every judgement is against this person's own rest pose and open eyes, on capture time.
Leaves to others: which act is asked, what follows from an act that was not seen.

    blink   WAITING -> OPEN -> SHUT -> answered when open again in human time
    turn    WAITING -> NEUTRAL -> answered when far enough for long enough

WAITING means: since the prompt the eyes were not yet open, or the head not yet near its
rest, so whatever is seen began before the prompt and does not count.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from statistics import median

from likeness.core.profile import ActRules
from likeness.core.vocabulary import Act, Face

MIN_REST_FRAMES = 6
OPEN_QUANTILE = 0.8  # of the rest frames: a blink in the rest second must not lower it
LEVEL_RISE = 0.15  # per frame: eyes that open wider than at rest are this person's open
LEVEL_FALL = 0.01  # per frame: lids slowly tire; a glance down must not become "open"


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


class _Blink(Enum):
    WAITING = auto()
    OPEN = auto()
    SHUT = auto()


class BlinkWatch:
    """Waits for both eyes to close and open again after the prompt."""

    def __init__(self, rest: Rest, rules: ActRules) -> None:
        self._rules = rules
        self._left, self._right = rest.eye_left, rest.eye_right
        self._state = _Blink.WAITING
        self._shut_s = 0.0

    def see(self, face: Face, captured_s: float) -> bool:
        """Take in one frame; True when the blink is complete."""
        left, right = face.eye_left / self._left, face.eye_right / self._right
        both = (left + right) / 2
        shut = both < self._rules.closed and max(left, right) < self._rules.one_closed
        opened = both > self._rules.reopened
        match self._state:
            case _Blink.WAITING if opened:
                self._state = _Blink.OPEN
            case _Blink.OPEN if shut:
                self._state, self._shut_s = _Blink.SHUT, captured_s
            case _Blink.SHUT if opened:
                self._state = _Blink.OPEN
                lasted = captured_s - self._shut_s
                return self._rules.shut_from_s <= lasted <= self._rules.shut_to_s
            case _:
                pass
        if self._state is not _Blink.SHUT:
            self._left = _follow(self._left, face.eye_left)
            self._right = _follow(self._right, face.eye_right)
        return False


class _Turn(Enum):
    WAITING = auto()
    NEUTRAL = auto()
    FAR = auto()


class TurnWatch:
    """Waits for the head to turn to one side, away from its rest pose."""

    def __init__(self, rest: Rest, rules: ActRules, *, to_left: bool) -> None:
        self._rules = rules
        self._rest_deg = rest.yaw_deg
        self._sign = 1 if to_left else -1
        self._state = _Turn.WAITING
        self._far_s = 0.0

    def see(self, face: Face, captured_s: float) -> bool:
        """Take in one frame; True when the turn is complete."""
        turned = self._sign * (face.yaw_deg - self._rest_deg)
        far = turned >= self._rules.turn_deg
        near = turned <= self._rules.turn_deg * self._rules.neutral
        match self._state:
            case _Turn.WAITING if near:
                self._state = _Turn.NEUTRAL
            case _Turn.NEUTRAL if far:
                self._state, self._far_s = _Turn.FAR, captured_s
            case _Turn.FAR if not far:
                self._state = _Turn.NEUTRAL
            case _Turn.FAR:
                return captured_s - self._far_s >= self._rules.turn_hold_s
            case _:
                pass
        return False


Watch = BlinkWatch | TurnWatch


def watch(act: Act, rest: Rest, rules: ActRules) -> Watch:
    """Return the watch for an act."""
    if act is Act.BLINK:
        return BlinkWatch(rest, rules)
    return TurnWatch(rest, rules, to_left=act is Act.TURN_LEFT)


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return max(ordered[round(share * (len(ordered) - 1))], 1e-6)


def _follow(level: float, seen: float) -> float:
    return level + (LEVEL_RISE if seen > level else LEVEL_FALL) * (seen - level)
