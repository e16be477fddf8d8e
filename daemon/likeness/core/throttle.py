"""How often somebody may ask: buckets that fill with time, and waits that grow.

Time is an argument. What is kept is bounded: the one heard of longest ago is forgotten.
Leaves to others: who somebody is, what happens to what is too much.
"""

from collections import OrderedDict


class Buckets:
    """One bucket for each name; it holds `most` and fills by `per_s` each second."""

    def __init__(self, *, per_s: float, most: float, names: int = 256) -> None:
        self._per_s = per_s
        self._most = most
        self._names = names
        self._level: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str, now: float) -> bool:
        """Take one out of this bucket; say whether there was one."""
        level, since = self._level.pop(name, (self._most, now))
        level = min(self._most, level + (now - since) * self._per_s)
        allowed = level >= 1
        self._level[name] = (level - 1 if allowed else level, now)
        if len(self._level) > self._names:
            self._level.popitem(last=False)
        return allowed


class GrowingWaits:
    """A wait for each name that doubles with each fault and is forgotten with time."""

    def __init__(
        self, *, from_s: float, to_s: float, forget_s: float, names: int = 256
    ) -> None:
        self._from_s = from_s
        self._to_s = to_s
        self._forget_s = forget_s
        self._names = names
        self._faults: OrderedDict[str, tuple[int, float]] = OrderedDict()

    def fault(self, name: str, now: float) -> float:
        """Count a fault; return how long its answer waits, in seconds."""
        count, last = self._faults.pop(name, (0, now))
        if now - last > self._forget_s:
            count = 0
        self._faults[name] = (count + 1, now)
        if len(self._faults) > self._names:
            self._faults.popitem(last=False)
        return float(min(self._to_s, self._from_s * 2 ** min(count, 32)))

    def good(self, name: str) -> None:
        """Begin anew with this one."""
        self._faults.pop(name, None)
