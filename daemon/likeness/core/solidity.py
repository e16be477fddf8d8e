"""Judges whether a turning head is solid, or a flat picture that is swung.

Collects the parallax of turned frames, each side apart; a side's depth is the mean of
its frames, each weighted by its precision, and its doubt their typical noise: frames of
one turn err together. The flatter of the two sides counts. Leaves to others: measuring
(vision/solidity.py), what follows from it (verdict.py).
"""

import math
from collections.abc import Sequence
from enum import Enum, auto
from statistics import median

from likeness.core.profile import SolidityRules
from likeness.core.seen import Parallax

LEAST_NOISE = 0.02  # nothing is surer than this


class Shape(Enum):
    """What the turns of a visit say."""

    SOLID = auto()
    DOUBT = auto()
    FLAT = auto()
    NOT_MEASURED = auto()


class Solidity:
    """The turns of one visit; feed the parallax of every frame that has one."""

    def __init__(self, rules: SolidityRules) -> None:
        self._rules = rules
        self.seen = 0  # turned frames that could be followed, however uncertain
        self._left: list[Parallax] = []
        self._right: list[Parallax] = []

    def see(self, parallax: Parallax | None) -> None:
        """Take in one frame; None (not turned, or not followed) says nothing."""
        rules = self._rules
        if parallax is None or abs(parallax.turn_deg) < rules.turn_from_deg:
            return
        self.seen += 1
        if parallax.noise > rules.noise_at_most:
            return
        (self._left if parallax.turn_deg > 0 else self._right).append(parallax)

    @property
    def shape(self) -> Shape:
        """What the turns so far say together."""
        sides = [
            _together(side)
            for side in (self._left, self._right)
            if len(side) >= self._rules.frames_at_least
        ]
        threshold = self._rules.solid_from
        if not sides:
            return Shape.NOT_MEASURED
        depth, noise = min(sides)
        if depth >= threshold:
            return Shape.SOLID
        flat = depth + self._rules.sure * noise < threshold
        return Shape.FLAT if flat else Shape.DOUBT


def _together(frames: Sequence[Parallax]) -> tuple[float, float]:
    """Return depth and noise of one side."""
    weights = [1 / max(one.noise, LEAST_NOISE) ** 2 for one in frames]
    depths = (w * one.depth for w, one in zip(weights, frames, strict=True))
    depth = math.fsum(depths) / math.fsum(weights)
    return depth, median(max(one.noise, LEAST_NOISE) for one in frames)
