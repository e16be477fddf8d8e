"""Notices a picture that does not live: frozen, repeated, or a still with noise.

- held: the very same picture for longer than any frame-rate conversion holds one;
- shown again: frame after frame that was seen before, in whatever order;
- looped: the face goes again the way it went, closer than any person can;
- lifeless: for two seconds the face's place and pose do nothing but jitter.

A living face sways: what it does next follows from what it did last, so its steps are
small against its way. Noise has no way: the mean square of its steps is twice its
variance (von Neumann, "Distribution of the ratio of the mean square successive
difference to the variance", Ann. Math. Statist. 12, 1941), whatever its strength.
Leaves to others: what follows from it.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import fmean, pvariance

from likeness.core.seen import Face, Observation

# Recordings of living people hold a picture for two frames; 15 frames/s shown as 60
# hold it for four.
HELD_S = 0.4
HELD_FRAMES = 6
AGAIN_AFTER_S = 0.25
AGAIN_FRAMES = 5
LOOKED_AT_S = 0.4  # how often the way of the face is looked at
WAY_S = 1.6  # a shorter one may repeat by chance
APART_S = 0.5
KEPT_S = 15.0  # longer loops are not looked for
# In face widths and radians, root mean square. People repeat themselves to 0.010 at
# best, and to half of what they moved; looped pictures with a camera's noise differ by
# a quarter of it or less.
ALIKE = 0.012
ALIKE_SHARE = 0.33
STILL_S = 2.0
STILL_FRAMES = 40  # fewer in that time do not show how the face goes
# Ratio to the variance: people reach 0.31, a still with noise 1.06 and more.
JITTER = 0.75
STILL_SPREAD = 0.012

Place = tuple[float, ...]  # of the head: across, down, log of size, yaw, pitch, roll


class Frozen:
    """Feed every observation of one visit in order.

    With `may_repeat` the camera is a recording that goes round: only a held or lifeless
    picture is noticed.
    """

    def __init__(self, *, may_repeat: bool = False) -> None:
        self._may_repeat = may_repeat
        self._digest = 0
        self._held_since_s = 0.0
        self._held = 0
        self._seen_s: dict[int, float] = {}
        self._again = 0
        self._way: list[tuple[float, Place]] = []
        self._looked_s = -math.inf

    def see(self, seen: Observation) -> bool:
        """Take in one frame; say whether the picture does not live."""
        dead = self._same_pictures(seen.digest, seen.captured_s)
        if seen.face is None:
            self._way.clear()
            return dead
        self._way.append((seen.captured_s, _place(seen.face)))
        if seen.captured_s - self._looked_s < LOOKED_AT_S:
            return dead
        self._looked_s = seen.captured_s
        while seen.captured_s - self._way[0][0] > KEPT_S:
            del self._way[0]
        return dead or self._lifeless() or (not self._may_repeat and self._looped())

    def _same_pictures(self, digest: int, now: float) -> bool:
        if digest == 0:
            return False
        if digest == self._digest:
            self._held += 1
            held_s = now - self._held_since_s
            return self._held >= HELD_FRAMES and held_s >= HELD_S
        self._digest, self._held_since_s, self._held = digest, now, 1
        before_s = self._seen_s.get(digest, math.inf)
        self._seen_s[digest] = now
        self._again = self._again + 1 if now - before_s > AGAIN_AFTER_S else 0
        return not self._may_repeat and self._again >= AGAIN_FRAMES

    def _since(self, seconds: float) -> list[Place]:
        last_s = self._way[-1][0]
        return [place for at_s, place in self._way if last_s - at_s <= seconds]

    def _lifeless(self) -> bool:
        if self._way[-1][0] - self._way[0][0] < STILL_S:
            return False
        places = self._since(STILL_S)
        if len(places) < STILL_FRAMES or not 0 < _spread(places) < STILL_SPREAD:
            return False
        return min(_jitter(signal) for signal in zip(*places, strict=True)) > JITTER

    def _looped(self) -> bool:
        recent = self._since(WAY_S)
        last_s, count = self._way[-1][0], len(recent)
        spread = _spread(recent)
        if self._way[-count][0] - self._way[0][0] < APART_S or spread == 0:
            return False
        most = count * min(ALIKE, ALIKE_SHARE * spread) ** 2
        places = [place for _, place in self._way]
        ends = (
            number
            for number, (at_s, _) in enumerate(self._way, start=1)
            if number >= count and last_s - at_s >= APART_S
        )
        return any(_alike(recent, places, end, most) for end in ends)


def _place(face: Face) -> Place:
    box, width = face.box, max(face.width_px, 1.0)
    return (
        (box.x + box.width / 2) / width,
        (box.y + box.height / 2) / width,
        math.log(width),
        math.radians(face.yaw_deg),
        math.radians(face.pitch_deg),
        math.radians(face.roll_deg),
    )


def _spread(places: Sequence[Place]) -> float:
    return math.sqrt(sum(pvariance(signal) for signal in zip(*places, strict=True)))


def _jitter(signal: Sequence[float]) -> float:
    """Return von Neumann's ratio: about 2 for noise, near 0 for a smooth way."""
    steps = [(b - a) ** 2 for a, b in pairwise(signal)]
    return fmean(steps) / max(pvariance(signal), 1e-12)


def _alike(
    recent: Sequence[Place], places: Sequence[Place], end: int, most: float
) -> bool:
    """Say whether the way up to `end` differs by at most that sum of squares."""
    total = 0.0
    for back in range(1, len(recent) + 1):
        total += math.dist(recent[-back], places[end - back]) ** 2
        if total > most:
            return False
    return True
