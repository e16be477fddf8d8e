"""A record on its way into the carrier's store, and what it says of itself.

Leaves to others: judging its signature (`verify`), its place (`keeping`).
"""

from dataclasses import dataclass, field

from likeness.carrier.verify import RECORDS, Claims
from likeness.core import jws, messages


@dataclass(frozen=True, slots=True)
class Incoming:
    """One well signed record on its way into the store."""

    device: str
    epoch: str
    seq: int
    hash: str
    token: str = field(repr=False)
    claims: Claims | None = None  # None: well signed, but not to be read
    refusal: str = ""  # why it is kept but not taken; empty: taken

    @property
    def prev(self) -> str | None:
        """The hash that it says stands before it; None if that cannot be read."""
        if self.claims is None:
            return None
        if isinstance(self.claims, messages.EpochBegins):
            return ""
        return self.claims.prev

    @property
    def kid(self) -> str:
        """The key that it names, and that its signature is good for."""
        return jws.parse(self.token, types=RECORDS).kid
