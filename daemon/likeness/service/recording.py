"""Makes the end of a visit safe: compose, seal, sign and commit, in that order.

Place in the chain, signature and row come from one transaction, so nothing is signed
that is not kept. Leaves to others: what is shown and sent.
"""

import secrets
from collections.abc import Awaitable, Callable

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, Stored
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import Conclusion
from likeness.service.ports import WallClock
from likeness.service.ports_carrier import Sealer, Signer

SALT_BYTES = 16

Append = Callable[[Callable[[ChainHead], str]], Awaitable[Stored]]


class Recorder:
    """Call it with a conclusion; it returns when the result is safe."""

    def __init__(
        self,
        *,
        append: Append,
        signer: Signer,
        sealer: Sealer,
        facts: DeviceFacts,
        clock: WallClock,
    ) -> None:
        self._append = append
        self._signer = signer
        self._sealer = sealer
        self._facts = facts
        self._clock = clock

    async def __call__(self, conclusion: Conclusion) -> Stored:
        """Sign and commit.

        Raises:
            StoreFull: there is no room; the visit has no result.
            KeyLost: nothing can be signed; the same.
        """
        salt = secrets.token_bytes(SALT_BYTES)
        moment = self._clock.moment()
        card = conclusion.card
        sealed = None
        if card is not None and report.tells_who(conclusion):
            sealed = self._sealer.seal(report.person(card, salt))

        def make(head: ChainHead) -> str:
            claims = report.compose(
                conclusion,
                facts=self._facts,
                moment=moment,
                head=head,
                salt=salt,
                sealed_person=sealed,
            )
            return jws.compact(
                claims,
                alg=self._signer.alg,
                kid=self._signer.kid,
                typ=messages.RESULT,
                sign=self._signer.sign,
            )

        return await self._append(make)
