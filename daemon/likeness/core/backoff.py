"""How long to wait before trying again: doubling, with jitter, up to a limit.

Jitter keeps ten thousand terminals from coming back to a restarted broker at the same
moment. Leaves to others: waiting.
"""

from collections.abc import Callable


class Backoff:
    """Waits grow from `first_s` to `limit_s`; a success starts them over."""

    def __init__(
        self, first_s: float, limit_s: float, choose: Callable[[], float]
    ) -> None:
        """Take the two ends in seconds, and a chooser that gives 0 … 1."""
        self._first_s = first_s
        self._limit_s = limit_s
        self._choose = choose
        self._tries = 0

    def next_s(self) -> float:
        """Return the next wait in seconds, between `first_s` and `limit_s`.

        The n-th lies between one and two times `first_s` · 2ⁿ, the last ones in the
        upper half of the limit.
        """
        low = min(self._first_s * 2.0**self._tries, self._limit_s / 2)
        self._tries = min(self._tries + 1, 64)
        return min(max(low * (1 + self._choose()), self._first_s), self._limit_s)

    def reset(self) -> None:
        """Begin again with the shortest wait."""
        self._tries = 0
