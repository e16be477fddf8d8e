"""Whether there is memory for a visit: one that is killed half-way has asked in vain.

Leaves to others: how much the machine can still give (proc(5), MemAvailable), what a
board needs (`boards`).
"""

AGAIN_FROM = 1.25  # times the least: else one page more or less opens and closes it


class MemoryRoom:
    """Remembers whether it was too tight.

    Args:
        least_kib: what must be available for a visit to begin; 0: it is not asked.
    """

    def __init__(self, least_kib: int) -> None:
        self._least_kib = least_kib
        self.tight = False

    def judge(self, available_kib: int | None) -> bool:
        """Take what is available (None: not known); return whether it is too tight."""
        if available_kib is None or not self._least_kib:
            self.tight = False
        elif available_kib < self._least_kib:
            self.tight = True
        elif available_kib >= self._least_kib * AGAIN_FROM:
            self.tight = False
        return self.tight
