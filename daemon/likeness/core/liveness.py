"""Judges one asked act at a time: did both eyes blink or close?

Every judgement is against this person's own rest pose and open eyes, on capture time.
Leaves to others: turns and nods (head_moves.py), which act is asked, what follows from
an act that was not seen.

    lids    WAITING -> OPEN -> SHUT -> REOPENED -> answered by the known face

WAITING means: since the prompt the eyes were not yet open, so whatever is seen began
before the prompt and does not count. An act is complete only in a frame whose face was
embedded since it was done: continuity.py has then found it to be the same person, so
nobody else can do the acts.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from statistics import median
from typing import assert_never

from likeness.core.head_moves import NodWatch, TurnWatch
from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.seen import Face
from likeness.core.vocabulary import Act


class _Lid(Enum):
    WAITING = auto()
    OPEN = auto()
    SHUT = auto()
    REOPENED = auto()


@dataclass(frozen=True, slots=True)
class _Lids:
    """Openness of both eyes in one frame."""

    captured_s: float
    left: float
    right: float
    face: Face

    @property
    def both(self) -> float:
        return (self.left + self.right) / 2


class BlinkWatch:
    """Waits for both eyes to close and open again after the prompt.

    A blink is a valley: both eyes fall well below what they were a moment ago and win
    back most of the fall in human time. How far lids seem to close differs from person
    to person and with glasses, so no fixed level would do; the open eyes of the rest
    pose bound it.
    """

    def __init__(self, rest: Rest, rules: ActRules) -> None:
        self._rules = rules
        self._lasts_s = rules.shut_from_s, rules.shut_to_s
        self._rest_open = (rest.eye_left + rest.eye_right) / 2
        self._state = _Lid.WAITING
        self._before: deque[_Lids] = deque()
        self._way: list[_Lids] = []
        self._open = self._lowest = self._shut_s = 0.0

    @property
    def wants_view(self) -> bool:
        """Say whether it only remains to be seen whose eyes they were."""
        return self._state is _Lid.REOPENED

    def see(self, face: Face, captured_s: float) -> bool:
        """Take in one frame; True when the blink is complete."""
        lids = _Lids(captured_s, face.eye_left, face.eye_right, face)
        match self._state:
            case _Lid.WAITING:
                if lids.both >= self._rules.awake * self._rest_open:
                    self._wake(lids)
                return False
            case _Lid.OPEN:
                self._watch_fall(lids)
                return False
            case _Lid.SHUT:
                return self._watch_rise(lids)
            case _Lid.REOPENED:
                return face.embedding is not None
            case _:
                assert_never(self._state)

    def _wake(self, lids: _Lids) -> None:
        self._state = _Lid.OPEN
        self._before = deque([lids])

    def _watch_fall(self, lids: _Lids) -> None:
        while lids.captured_s - self._before[0].captured_s > self._rules.before_s:
            self._before.popleft()
            if not self._before:
                self._state = _Lid.WAITING  # a gap: nothing to compare with
                return
        was = self._before
        self._open = _second_best([one.both for one in was])
        fell = (
            len(was) > 1
            and lids.both <= self._rules.shut * self._open
            and lids.both <= self._rules.shut_at_most * self._rest_open
            and lids.left <= self._rules.one_shut * _second_best([o.left for o in was])
            and lids.right
            <= self._rules.one_shut * _second_best([o.right for o in was])
        )
        if fell and self._nodded(lids.face):
            self._state = _Lid.WAITING
        elif fell:
            self._state = _Lid.SHUT
            self._shut_s, self._lowest = lids.captured_s, lids.both
            begun_s = lids.captured_s - self._rules.way_s
            self._way = [one for one in was if one.captured_s >= begun_s] + [lids]
        else:
            was.append(lids)

    def _watch_rise(self, lids: _Lids) -> bool:
        self._lowest = min(self._lowest, lids.both)
        self._way.append(lids)
        lasted_s = lids.captured_s - self._shut_s
        shortest_s, longest_s = self._lasts_s
        fall = self._open - self._lowest
        if lids.both >= self._lowest + self._rules.won_back * fall:
            human = shortest_s <= lasted_s <= longest_s
            if human and self._seen_half_way(fall) and self._lashes_seen():
                self._state = _Lid.REOPENED
                return lids.face.embedding is not None
            self._wake(lids)
        elif self._nodded(lids.face) or lasted_s > longest_s:
            self._state = _Lid.WAITING
        return False

    def _seen_half_way(self, fall: float) -> bool:
        """Say whether lids moved: pictures exchanged for each other show no way."""
        share = self._rules.half_way * fall
        return any(
            self._lowest + share < one.both < self._open - share for one in self._way
        )

    def _nodded(self, face: Face) -> bool:
        """Say whether the whole face moved: a picture that is tipped looks shut."""
        was = self._before[-1].face
        return (
            abs(face.pitch_deg - was.pitch_deg) > self._rules.still_deg
            or abs(face.yaw_deg - was.yaw_deg) > self._rules.still_deg
            or abs(face.box.height / was.box.height - 1) > self._rules.still_height
        )

    def _lashes_seen(self) -> bool:
        """Say whether lids covered the eyes, or something plain without lashes."""
        shut = [one for one in self._way if one.face.lid_line is not None]
        open_ = [line for o in self._before if (line := o.face.lid_line) is not None]
        if not shut or not open_:
            return True  # the eyes were not measured so
        lowest = min(shut, key=lambda one: one.both).face.lid_line or 0.0
        rules = self._rules
        return lowest >= max(rules.lashes, rules.lashes_of_open * median(open_))


class CloseWatch(BlinkWatch):
    """Waits for both eyes to stay closed for a while and open again.

    For whom a blink on demand is hard: the same rules as a blink's, only longer.
    """

    def __init__(self, rest: Rest, rules: ActRules) -> None:
        super().__init__(rest, rules)
        self._lasts_s = rules.closed_from_s, rules.closed_to_s


def _second_best(values: Sequence[float]) -> float:
    """Leave out one wild frame, if there are enough."""
    few = 4
    return sorted(values)[-2 if len(values) > few else -1]


Watch = BlinkWatch | TurnWatch | NodWatch


def watch(act: Act, rest: Rest, rules: ActRules) -> Watch:
    """Return the watch for an act."""
    match act:
        case Act.BLINK:
            return BlinkWatch(rest, rules)
        case Act.CLOSE_EYES:
            return CloseWatch(rest, rules)
        case Act.TURN_LEFT | Act.TURN_RIGHT:
            return TurnWatch(rest, rules, to_left=act is Act.TURN_LEFT)
        case Act.RAISE_CHIN | Act.LOWER_CHIN:
            return NodWatch(rest, rules, up=act is Act.RAISE_CHIN)
        case _:
            assert_never(act)
