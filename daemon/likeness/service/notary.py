"""Signs what is not a visit's result: the start of an epoch, and questions.

Leaves to others: results (`recording`), keeping, sending.
"""

import secrets

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import Purpose
from likeness.service.ports import Signer, WallClock


class Notary:
    """Signs in the name of one device."""

    def __init__(self, facts: DeviceFacts, *, signer: Signer, clock: WallClock) -> None:
        self._facts = facts
        self._signer = signer
        self._clock = clock

    def begin_epoch(
        self, head: ChainHead, former: Link | None, reason: EpochReason | None = None
    ) -> str:
        """Return the signed row 0 of a new chain."""
        claims = report.begin_epoch(
            facts=self._facts,
            moment=self._clock.moment(),
            head=head,
            former=former,
            reason=reason,
        )
        return self._signed(claims, messages.EPOCH)

    def ask_visit(self, *, commitment: str, transaction: str, purpose: Purpose) -> str:
        """Return the signed request for a visit's nonce."""
        claims = messages.Ask(
            iss=self._facts.device,
            jti=secrets.token_hex(16),
            iat=self._clock.moment().utc_s,
            ask=messages.ASK_VISIT,
            commitment=commitment,
            transaction=transaction,
            purpose=purpose,
        )
        return self._signed(messages.to_json(claims), messages.ASK)

    def _signed(self, claims: bytes, typ: str) -> str:
        signer = self._signer
        return jws.compact(
            claims, alg=signer.alg, kid=signer.kid, typ=typ, sign=signer.sign
        )
