"""Error rates of comparisons: counts, thresholds and the DET curve.

A score at or above a threshold is a match. FMR is the share of impostor pairs that
match, FNMR the share of genuine pairs that do not (ISO/IEC 19795-1). A pair with a face
that was not found has the score NOT_FOUND and never matches. Leaves to others: where
scores come from, and how they are shown.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from likeness.core.intervals import clopper_pearson

Floats = npt.NDArray[np.float64]
Figures = dict[str, Any]  # a part of a JSON report: mixed values, hence Any

NOT_FOUND = -math.inf
LOWEST = -1.0  # no cosine is lower
CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Rate:
    """So many of so many; always shown with its exact 95 % interval."""

    hits: int
    tries: int

    @property
    def share(self) -> float:
        """Hits over tries, 0..1; nan when nothing was tried."""
        return self.hits / self.tries if self.tries else math.nan

    def figures(self) -> Figures:
        """Return it with its Clopper–Pearson bounds; `rate` is None without tries."""
        low, high = clopper_pearson(self.hits, self.tries)
        return {
            "hits": self.hits,
            "tries": self.tries,
            "rate": self.share if self.tries else None,
            "low": low,
            "high": high,
        }


@dataclass(frozen=True, slots=True)
class WorkingPoint:
    """Both error rates at one threshold."""

    threshold: float
    fmr: Rate
    fnmr: Rate

    def figures(self) -> Figures:
        """Return it as plain numbers."""
        return {
            "threshold": self.threshold,
            "fmr": self.fmr.figures(),
            "fnmr": self.fnmr.figures(),
        }


class Scores:
    """The scores of genuine and of impostor pairs."""

    def __init__(self, genuine: Floats, impostor: Floats) -> None:
        self.genuine = np.sort(genuine)
        self.impostor = np.sort(impostor)

    def at(self, threshold: float) -> WorkingPoint:
        """Count both errors at a threshold."""
        below = [
            int(np.searchsorted(scores, threshold, side="left"))
            for scores in (self.genuine, self.impostor)
        ]
        matching = self.impostor.size - below[1]
        return WorkingPoint(
            threshold,
            fmr=Rate(matching, self.impostor.size),
            fnmr=Rate(below[0], self.genuine.size),
        )

    def at_fmr(self, wanted: float) -> WorkingPoint | None:
        """Take the lowest threshold whose FMR is at most `wanted`.

        None if there are fewer than 1 / `wanted` impostor pairs: they cannot show it.
        """
        allowed = math.floor(wanted * self.impostor.size)
        return self.at(self._letting_in(allowed)) if allowed >= 1 else None

    def best(self) -> tuple[float, Rate]:
        """Return the threshold with the most right answers, and how many are right.

        It is chosen on the same pairs that it is judged by, so it flatters a little.
        """
        every = np.unique(np.concatenate([self.genuine, self.impostor]))
        # One above all scores stands for "nobody matches".
        thresholds = np.append(every[np.isfinite(every)], np.nextafter(1.0, 2.0))
        right = (
            self.genuine.size
            - np.searchsorted(self.genuine, thresholds, side="left")
            + np.searchsorted(self.impostor, thresholds, side="left")
        )
        most = int(np.argmax(right))
        pairs = self.genuine.size + self.impostor.size
        return float(thresholds[most]), Rate(int(right[most]), pairs)

    def curve(self) -> list[tuple[float, float, float]]:
        """Return (threshold, FMR, FNMR), with FMR spread evenly on a logarithm."""
        if not (self.impostor.size and self.genuine.size):
            return []
        counts = np.geomspace(1, self.impostor.size, CURVE_POINTS).round().astype(int)
        points = (self.at(self._letting_in(int(n))) for n in np.unique(counts))
        return [(p.threshold, p.fmr.share, p.fnmr.share) for p in points]

    def _letting_in(self, count: int) -> float:
        """Return the lowest threshold that at most `count` impostor pairs reach."""
        if count >= self.impostor.size:
            return LOWEST
        first_kept_out = self.impostor[self.impostor.size - 1 - count]
        return max(float(np.nextafter(first_kept_out, np.inf)), LOWEST)
