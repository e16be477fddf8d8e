"""The vote of the texture over a visit: live, in doubt, attack, or not measured.

One score says little: a blurred frame or a bright window moves it. The visit's score is
the interquartile mean of the scores' logits, which a quarter of odd frames on either
side cannot move. Leaves to others: when a frame is scored, and what a vote weighs
(verdict.py); alone it decides nothing unless it is certain.
"""

import math
from enum import Enum, auto

from likeness.core.profile import TextureRules

MOST_LOGIT = 8.0  # a score of 0 or 1 counts as this sure, no more


class TextureVote(Enum):
    """What the texture of the face says about one visit."""

    LIVE = auto()
    DOUBT = auto()
    ATTACK = auto()
    NOT_MEASURED = auto()


class Texture:
    """Collects the scores of one visit."""

    def __init__(self, rules: TextureRules) -> None:
        self._rules = rules
        self._logits: list[float] = []

    def see(self, score: float | None) -> None:
        """Take in one frame's score; None (it was not judged) says nothing."""
        if score is not None:
            self._logits.append(_logit(score))

    @property
    def score(self) -> float | None:
        """The visit's score, 0 attack .. 1 live; None when too few were seen."""
        count = len(self._logits)
        if count < self._rules.scores_at_least:
            return None
        quarter = count // 4
        middle = sorted(self._logits)[quarter : count - quarter]
        return 1 / (1 + math.exp(-sum(middle) / len(middle)))

    @property
    def vote(self) -> TextureVote:
        """What the score means."""
        score = self.score
        if score is None:
            return TextureVote.NOT_MEASURED
        if score >= self._rules.live_from:
            return TextureVote.LIVE
        if score < self._rules.attack_below:
            return TextureVote.ATTACK
        return TextureVote.DOUBT


def _logit(score: float) -> float:
    if not score > 0:  # nan speaks for nobody
        return -MOST_LOGIT
    if score >= 1:
        return MOST_LOGIT
    logit = math.log(score / (1 - score))
    return max(-MOST_LOGIT, min(MOST_LOGIT, logit))
