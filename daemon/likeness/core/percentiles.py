"""How long something took of late: the last few hundred times, and their percentiles.

Leaves to others: what was timed, and with which clock.
"""

from collections import deque
from math import ceil

KEPT = 512


class Percentiles:
    """Times in seconds in, whole milliseconds out."""

    def __init__(self, kept: int = KEPT) -> None:
        self._times_s: deque[float] = deque(maxlen=kept)
        self.count = 0  # since the start

    def add(self, seconds: float) -> None:
        """Take one time."""
        self.count += 1
        self._times_s.append(seconds)

    def ms(self, share: float) -> int | None:
        """Return the time that this share of them did not exceed (nearest rank).

        Args:
            share: above 0, up to 1; None is returned when nothing was timed.
        """
        if not self._times_s:
            return None
        rank = max(1, ceil(share * len(self._times_s)))
        return round(1000 * sorted(self._times_s)[rank - 1])
