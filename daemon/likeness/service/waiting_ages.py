"""How old the oldest record without a receipt is: the figure that a fleet is judged by.

Leaves to others: which records wait (`core.outbox`), telling it (`delivery`).
"""

from likeness.core import time_floor
from likeness.core.chain import Link, Waiting
from likeness.core.vocabulary import Moment

# A record that seems older was dated by a clock that was not set.
BELIEVABLE_S = 366 * 86_400.0


class WaitingAges:
    """Knows since when each record waits; seconds are monotonic."""

    def __init__(self) -> None:
        self._since: dict[tuple[str, int], float] = {}

    def begin(self, rows: list[Waiting], moment: Moment, now: float) -> None:
        """Take what waited before the start, dated as far as both clocks are good."""
        for row in rows:
            age_s = float(moment.utc_s - row.made_utc_s)
            is_good = time_floor.is_believed(moment) and 0 <= age_s <= BELIEVABLE_S
            self.kept(row.link, now - age_s if is_good else now)

    def kept(self, link: Link, since: float) -> None:
        """Take a record that waits since then."""
        self._since.setdefault((link.epoch, link.seq), since)

    def receipted(self, epoch: str, upto: int) -> None:
        """Forget what the carrier has signed for."""
        done = [key for key in self._since if key[0] == epoch and key[1] <= upto]
        for key in done:
            del self._since[key]

    def set_aside(self, epoch: str, seq: int) -> None:
        """Forget a record that the carrier will never take."""
        self._since.pop((epoch, seq), None)

    def oldest_s(self, now: float) -> int:
        """Return the oldest one's age, in whole seconds; 0: none waits."""
        return int(now - min(self._since.values(), default=now))
