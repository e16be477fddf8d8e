"""What a visitor asked for in one visit: longer windows, other acts for hard ones.

Each is heard once. Longer means twice as long and never more, for a longer window also
helps who plays recordings (decision 27). Leaves to others: the running window
(session.py, acts.py), which other act stands for which (challenge.py).
"""

from collections.abc import Set
from dataclasses import dataclass, field

from likeness.core.vocabulary import Alternative

LONGER = 2.0  # times


@dataclass(slots=True)
class Wishes:
    """Of one visit; the policy says which alternatives are `allowed`."""

    allowed: Set[Alternative]
    more_time: bool = False
    chosen: set[Alternative] = field(default_factory=set)

    def window(self, seconds: float) -> float:
        """Return how long a window of this policy lasts for this visitor."""
        return seconds * LONGER if self.more_time else seconds

    def choose(self, instead: Alternative) -> bool:
        """Take a wish for other acts; False: not allowed, or chosen before."""
        if not self.may(instead):
            return False
        self.chosen.add(instead)
        return True

    def may(self, instead: Alternative) -> bool:
        """Say whether this can still be asked for."""
        return instead in self.allowed and instead not in self.chosen
