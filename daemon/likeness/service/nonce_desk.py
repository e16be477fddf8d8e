"""Hands the nonce of an opened visit to the visit that asked for it.

Leaves to others: asking (`asking`), what the visit does with it.
"""

from collections.abc import Callable

from likeness.core.visit_events import AskNonce
from likeness.core.vocabulary import NonceSource, Purpose
from likeness.service.asking import VisitGrant


class NonceDesk:
    """Knows the last question, so that a late answer goes to nobody."""

    def __init__(
        self,
        ask: Callable[[bytes, str, Purpose], object],
        give: Callable[[int, bytes, NonceSource], None],
    ) -> None:
        """Take who asks the carrier, and who gives a nonce to a visit."""
        self._ask = ask
        self._give = give
        self._asked: AskNonce | None = None

    def ask(self, question: AskNonce) -> None:
        """Ask; the answer to the question before is not waited for any more."""
        self._asked = question
        self._ask(question.commitment, question.transaction, question.purpose)

    def opened(self, grant: VisitGrant) -> None:
        """Take the carrier's answer."""
        asked = self._asked
        if asked is not None and asked.transaction == grant.transaction:
            self._give(asked.visit, grant.nonce, NonceSource.CARRIER)
