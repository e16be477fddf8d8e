"""Who at the terminal waits for an attendant: each visit calls once at a time.

Leaves to others: telling the clerk, and the visitor that somebody comes.
"""

from likeness.core.desk_words import Call

MOST = 32


class Calls:
    """The calls that nobody has answered, the oldest first."""

    def __init__(self) -> None:
        self.open: tuple[Call, ...] = ()
        self._made = 0

    def made(self, transaction: str, now_s: int) -> bool:
        """Take a call of this visit, or of nobody's (""); say whether it is new."""
        if any(call.transaction == transaction for call in self.open):
            return False
        self._made += 1
        call = Call(id=self._made, since=now_s, transaction=transaction)
        self.open = (*self.open[-(MOST - 1) :], call)
        return True

    def answered(self, number: int) -> bool:
        """Let a call go; say whether there was one."""
        left = tuple(call for call in self.open if call.id != number)
        known = len(left) < len(self.open)
        self.open = left
        return known
