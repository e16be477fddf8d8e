"""Draws the numbers of one attack from stated ranges and remembers each with its range.

The same name gives the same draws, on every machine. Leaves to others: what is drawn.
"""

import hashlib
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

Option = TypeVar("Option")


class Draws:
    """A generator seeded by a name; `taken` is what attack.json shows."""

    def __init__(self, *name: object) -> None:
        digest = hashlib.sha256("/".join(map(str, name)).encode()).digest()
        self.rng = np.random.default_rng(int.from_bytes(digest[:16], "big"))
        self.taken: dict[str, dict[str, object]] = {}

    def between(self, name: str, low: float, high: float) -> float:
        """Draw evenly from low ≤ value < high."""
        value = float(self.rng.uniform(low, high))
        self.taken[name] = {"drawn": round(value, 5), "from": [low, high]}
        return value

    def one_of(self, name: str, options: Sequence[Option]) -> Option:
        """Draw one of several, each as likely as the others."""
        value = options[int(self.rng.integers(len(options)))]
        self.taken[name] = {"drawn": value, "from": list(options)}
        return value

    def side(self, name: str) -> int:
        """Draw -1 or 1."""
        return self.one_of(name, (-1, 1))
