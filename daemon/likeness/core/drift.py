"""Whether one camera's scores stand apart from the fleet's, told with its uncertainty.

Of each terminal there is the count n, mean m and variance of its scores. Then

- the fleet's centre c is the median of the means, and their spread t is 1.4826 times
  their median absolute deviation from it (Hampel 1974; 1.4826 = 1 / Φ⁻¹(3/4)): a few
  terminals that are far off move neither;
- s is the standard deviation of scores within a terminal, pooled over the fleet;
- the effect is (m - c) / s: by how much of what visitors differ anyway (Glass 1976);
- z is (m - c) / √(t² + s² / n): how unusual that is, given how much cameras differ and
  how little is known of this one (a random-effects model, DerSimonian & Laird 1986;
  since t holds some of s² / n as well, z is rather too small than too large).

Both must be large: with many results any difference is certain, and with few any may
be chance. |z| ≥ 4.5 comes by chance once in 150,000 comparisons; a fleet of 10,000 with
two scores makes 20,000 at each look. Leaves to others: which scores, over what time.
"""

import math
import statistics
from collections.abc import Mapping
from dataclasses import dataclass

MICRO = 1e6  # scores are whole numbers × 10⁶
LEAST_RESULTS = 50  # of a terminal: below, nothing is said of it
LEAST_TERMINALS = 10  # below there is no fleet to compare with
UNUSUAL_Z = 4.5
LARGE_EFFECT = 0.5
_TO_DEVIATION = 1.4826


@dataclass(frozen=True, slots=True)
class Sums:
    """Scores, added up as whole numbers."""

    count: int = 0
    total: int = 0  # × 10⁶
    squares: int = 0  # × 10¹²

    def __add__(self, other: "Sums") -> "Sums":
        """Return both together."""
        return Sums(
            self.count + other.count,
            self.total + other.total,
            self.squares + other.squares,
        )

    @property
    def mean(self) -> float:
        """Of the scores; there is at least one."""
        return self.total / self.count / MICRO

    @property
    def deviations(self) -> float:
        """Sum of squared deviations from the mean; exact, then rounded once."""
        if not self.count:
            return 0.0
        exact = self.count * self.squares - self.total * self.total
        return max(0, exact) / self.count / MICRO**2


@dataclass(frozen=True, slots=True)
class Drift:
    """One terminal against the fleet."""

    count: int
    mean: float
    centre: float  # of the fleet
    error: float  # standard error of this mean
    effect: float
    error_of_effect: float  # its standard error, as if the fleet were known exactly
    z: float

    @property
    def stands_apart(self) -> bool:
        """Whether somebody should look at this camera."""
        return abs(self.z) >= UNUSUAL_Z and abs(self.effect) >= LARGE_EFFECT


def drifts(scores: Mapping[str, Sums]) -> dict[str, Drift]:
    """Return the drift of each terminal that has enough results; maybe of none."""
    enough = {
        device: sums for device, sums in scores.items() if sums.count >= LEAST_RESULTS
    }
    if len(enough) < LEAST_TERMINALS:
        return {}
    means = {device: sums.mean for device, sums in enough.items()}
    centre = statistics.median(means.values())
    apart = statistics.median(abs(mean - centre) for mean in means.values())
    spread = _TO_DEVIATION * apart
    free = sum(sums.count - 1 for sums in enough.values())
    within = math.sqrt(math.fsum(one.deviations for one in enough.values()) / free)
    if within == 0.0:  # every score the same: nothing to measure with
        return {}
    found = {}
    for device, sums in enough.items():
        off = means[device] - centre
        error = within / math.sqrt(sums.count)
        found[device] = Drift(
            count=sums.count,
            mean=means[device],
            centre=centre,
            error=error,
            effect=off / within,
            error_of_effect=error / within,
            z=off / math.hypot(spread, error),
        )
    return found
