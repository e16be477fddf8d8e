"""So many in so long, and no more: who sends much must not keep us busy.

Leaves to others: what is done with the rest.
"""

from collections import deque


class Brake:
    """Lets the first ones pass, and more as those fall out of the window."""

    def __init__(self, at_most: int, within_s: float) -> None:
        """Let `at_most` pass within `within_s` seconds; both above 0."""
        self._within_s = within_s
        self._passed: deque[float] = deque(maxlen=at_most)

    def lets(self, now: float) -> bool:
        """Say whether one more may pass, and count it if it may."""
        full = len(self._passed) == self._passed.maxlen
        if full and now - self._passed[0] < self._within_s:
            return False
        self._passed.append(now)
        return True
