"""How the records of one epoch wait for their receipts, apart from those of others.

Leaves to others: what an answer means, and what goes out (`outbox`).
"""

from collections.abc import Callable

from likeness.core.backoff import Backoff
from likeness.core.chain import Link

AHEAD = 64  # sent and not yet receipted
RECEIPT_FROM_S = 5.0
RECEIPT_TO_S = 300.0


class Lane:
    """One epoch's records without a receipt, in order, and how patient we are."""

    def __init__(self, choose: Callable[[], float]) -> None:
        """Begin with none; `choose` gives 0 … 1, for the jitter."""
        self.waiting: list[Link] = []
        self.sent = 0  # how many of the first ones went out since we last began anew
        self.ahead = AHEAD  # how many may
        self.deadline: float | None = None
        self.patience = Backoff(RECEIPT_FROM_S, RECEIPT_TO_S, choose)

    @property
    def may_send(self) -> bool:
        """Whether one more of them may go out."""
        return self.sent < min(len(self.waiting), self.ahead)

    def begin_anew(self) -> None:
        """Take it that none of them was sent."""
        self.sent = 0
        self.deadline = None

    def wait(self, now: float) -> None:
        """Wait for the carrier's answer, longer each time."""
        self.deadline = now + self.patience.next_s()
