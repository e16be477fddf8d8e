"""Exact intervals for counted rates (Clopper & Pearson 1934), without scipy.

The bounds are quantiles of the beta distribution; they are found by bisection on the
binomial tail, which is an incomplete beta function: millions of tries cost no more
than some thousand terms of its continued fraction.
"""

import math
from collections.abc import Callable

STEPS = 60  # halvings: far below what a printed rate shows
TERMS = 100_000  # it ends after some √tries of them
ENOUGH, TINY = 1e-15, 1e-300


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
    """P(X <= count) of a binomial; p strictly between 0 and 1 (DLMF 8.17.5)."""
    if p <= 0.0:
        return 1.0
    if p >= 1.0:
        return 1.0 if count >= tries else 0.0
    if count >= tries:
        return 1.0
    return _incomplete_beta(tries - count, count + 1, 1.0 - p, p)


def _incomplete_beta(a: float, b: float, x: float, y: float) -> float:
    """Regularized incomplete beta function I_x(a, b), with y = 1 - x (DLMF 8.17.4)."""
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _incomplete_beta(b, a, y, x)
    front = math.exp(
        math.lgamma(a + b)
        - math.lgamma(a)
        - math.lgamma(b)
        + a * math.log(x)
        + b * math.log(y)
    )
    return front / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """The continued fraction of DLMF 8.17.22, by Lentz's way (3.10.2)."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, TERMS):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / ((1.0 + term * d) or TINY)
        c = (1.0 + term / c) or TINY
        value *= c * d
        if abs(c * d - 1.0) < ENOUGH:
            break
    return value
