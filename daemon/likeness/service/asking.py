"""Asks the carrier to open a visit, and takes each answer once.

An answer counts only if the carrier signed it for this device, and for exactly the
commitment, transaction and purpose that were asked last, and while the visit may still
wait for it: one that was held back says nothing about the time now. Leaves to others:
sending, the signature, what the visit does with its nonce.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from likeness.core import jws
from likeness.core.vocabulary import Purpose
from likeness.errors import Untrusted
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_carrier import Verifier

ASK_EXPIRES_S = 30  # the visit has gone on without an answer by then


@dataclass(frozen=True, slots=True)
class VisitGrant:
    """The carrier opened a visit: its nonce, bound to our commitment."""

    transaction: str
    purpose: Purpose
    commitment: bytes
    nonce: bytes = field(repr=False)  # the order of acts is nobody's to foresee


@dataclass(frozen=True, slots=True)
class _Asked:
    transaction: str
    purpose: Purpose
    commitment: str


class Asking:
    """Remembers the last question until it is answered or too old."""

    def __init__(
        self,
        notary: Notary,
        verifier: Verifier,
        on_visit: Callable[[VisitGrant], None],
        clock: Clock,
    ) -> None:
        self._notary = notary
        self._clock = clock
        self._verifier = verifier
        self._on_visit = on_visit
        self._asked: _Asked | None = None
        self._asked_at = 0.0
        self._counter = 0  # of the last visit that the carrier opened

    def ask(self, commitment: bytes, transaction: str, purpose: Purpose) -> bytes:
        """Return the signed question; it replaces the one before."""
        asked = _Asked(transaction, purpose, jws.encode(commitment))
        self._asked, self._asked_at = asked, self._clock.now()
        return self._notary.ask_visit(
            commitment=asked.commitment, transaction=transaction, purpose=purpose
        ).encode()

    def hear(self, token: bytes, now_s: int | None) -> int:
        """Hand on what the carrier opened for us; return when it signed that.

        Raises:
            Untrusted: it is not for us, not what we asked, too late, or was heard
                before.
        """
        if self._clock.now() - self._asked_at >= ASK_EXPIRES_S:
            self._asked = None
        visit = self._verifier.visit(token, now_s)
        asked = _Asked(visit.transaction, visit.purpose, visit.commitment)
        if asked != self._asked:
            raise Untrusted("a visit not asked for, opened before, or too late")
        if visit.counter <= self._counter:
            raise Untrusted("a counter that went back")
        self._asked, self._counter = None, visit.counter
        self._on_visit(
            VisitGrant(
                transaction=visit.transaction,
                purpose=visit.purpose,
                commitment=jws.decode(visit.commitment),
                nonce=jws.decode(visit.nonce),
            )
        )
        return visit.iat
