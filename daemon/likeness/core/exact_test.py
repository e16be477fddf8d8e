"""Whether a share is greater than another by more than chance: Fisher's exact test.

Exact for any counts, also small ones, where a normal approximation misleads. Source:
R. A. Fisher, Statistical Methods for Research Workers, 21.02; A. Agresti, Categorical
Data Analysis (2013), 3.5.1. Leaves to others: what is counted, what follows from it.
"""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """So many of so many."""

    count: int = 0
    of: int = 0

    @property
    def value(self) -> float:
        """The share, 0 … 1; 0 of nothing."""
        return self.count / self.of if self.of else 0.0


def greater(one: Share, other: Share) -> float:
    """Return the one-sided p-value of "one's true share is not above the other's".

    That is: with the margins as they are, the chance of at least `one.count` here if
    both come from the same source (hypergeometric distribution). 1 if one is empty.
    """
    if not one.of or not other.of:
        return 1.0
    counted, everything = one.count + other.count, one.of + other.of
    least = max(one.count, counted - other.of)
    most = min(one.of, counted)
    ways = _log_ways(everything, one.of)
    chance = math.fsum(
        math.exp(
            _log_ways(counted, here)
            + _log_ways(everything - counted, one.of - here)
            - ways
        )
        for here in range(least, most + 1)
    )
    return min(1.0, chance)


def _log_ways(of: int, count: int) -> float:
    """Logarithm of the binomial coefficient."""
    return math.lgamma(of + 1) - math.lgamma(count + 1) - math.lgamma(of - count + 1)
