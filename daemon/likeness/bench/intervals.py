"""Exact intervals for counted rates (Clopper & Pearson 1934), without scipy.

The bounds are quantiles of the beta distribution; they are found by bisection on the
binomial tail, which is summed in logarithms so that large counts stay exact.
"""

import math
from collections.abc import Callable

STEPS = 60  # halvings: far below what a printed rate shows


def clopper_pearson(hits: int, tries: int, level: float = 0.95) -> tuple[float, float]:
    """Return the two-sided interval of a rate; (0, 1) when nothing was tried."""
    if tries == 0:
        return 0.0, 1.0
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else _solve(lambda p: 1 - _at_most(hits - 1, tries, p), tail)
    if hits == tries:
        return low, 1.0
    return low, _solve(lambda p: 1 - _at_most(hits, tries, p), 1 - tail)


def _solve(rising: Callable[[float], float], wanted: float) -> float:
    low, high = 0.0, 1.0
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < wanted else (low, middle)
    return (low + high) / 2


def _at_most(count: int, tries: int, p: float) -> float:
    """P(X <= count) of a binomial; p strictly between 0 and 1."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 1.0 if count >= tries else 0.0
    log_p, log_q = math.log(p), math.log1p(-p)
    total = math.lgamma(tries + 1)
    return math.fsum(
        math.exp(
            total
            - math.lgamma(k + 1)
            - math.lgamma(tries - k + 1)
            + k * log_p
            + (tries - k) * log_q
        )
        for k in range(count + 1)
    )
