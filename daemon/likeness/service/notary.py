"""Makes signed records: a conclusion, the start of an epoch, or a question.

Composes (`core.report`), seals the person for the carrier, signs. What is slow or needs
chance is done before the store's transaction; what depends on the place in the chain is
done inside it. Leaves to others: keeping and sending.
"""

import secrets
from collections.abc import Callable

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, Link
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import Conclusion, Purpose
from likeness.service.ports import Sealer, Signer, WallClock

SALT_BYTES = 16


class Notary:
    """Signs in the name of one device."""

    def __init__(
        self, facts: DeviceFacts, *, signer: Signer, sealer: Sealer, clock: WallClock
    ) -> None:
        self._facts = facts
        self._signer = signer
        self._sealer = sealer
        self._clock = clock

    def result(self, conclusion: Conclusion) -> Callable[[ChainHead], str]:
        """Seal the person; return what composes and signs for a place in the chain."""
        salt = secrets.token_bytes(SALT_BYTES)
        moment = self._clock.moment()
        sealed = None
        if conclusion.card is not None and report.tells_who(conclusion):
            sealed = self._sealer.seal(report.person(conclusion.card, salt))

        def make(head: ChainHead) -> str:
            claims = report.compose(
                conclusion,
                facts=self._facts,
                moment=moment,
                head=head,
                salt=salt,
                sealed_person=sealed,
            )
            return self._signed(claims, messages.RESULT)

        return make

    def begin_epoch(self, head: ChainHead, former: Link | None) -> str:
        """Return the signed row 0 of a new chain."""
        claims = report.begin_epoch(
            facts=self._facts, moment=self._clock.moment(), head=head, former=former
        )
        return self._signed(claims, messages.EPOCH)

    def ask(self, *, commitment: str, transaction: str, purpose: Purpose) -> str:
        """Return the signed request for a visit's nonce."""
        claims = messages.Ask(
            iss=self._facts.device,
            jti=secrets.token_hex(16),
            iat=self._clock.moment().utc_s,
            ask="visit",
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
