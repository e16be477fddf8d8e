"""Judges what comes in for this terminal, before anything follows from it.

A verified word of the carrier also says what time it is at least. A receipt has expired
only when the carrier's own times say so (the floor), whatever our clock says: it names
a record of ours by its hash, so an old one is no lie, and a clock that runs ahead must
not hold back what is delivered. Leaves to others:
signatures (`Verifier`), the answer to an ask (`asking`), orders, what a receipt means
for the outbox.
"""

from collections.abc import Callable, Mapping

from likeness.core import jws, messages, outbox, visit_orders
from likeness.core.chain import Link
from likeness.core.line import Arrived
from likeness.errors import Untrusted
from likeness.service.asking import Asking
from likeness.service.ports_carrier import Verifier
from likeness.service.ports_keeping import ResultStore
from likeness.service.timekeeping import Timekeeping

Heard = outbox.Receipted | outbox.Refused


class Hearing:
    """Turns messages into what the outbox must know."""

    def __init__(
        self,
        device: str,
        *,
        verifier: Verifier,
        time: Timekeeping,
        store: ResultStore,
        asking: Asking,
        others: Mapping[str, Callable[[Arrived], None]],
    ) -> None:
        self._device = device
        self._verifier = verifier
        self._time = time
        self._store = store
        self._asking = asking
        self._others = others

    async def hear(self, message: Arrived) -> Heard | None:
        """Return what the outbox must hear; None if it is no affair of its.

        Raises:
            Untrusted: with what is wrong.
        """
        device, leaf = messages.device_and_leaf(message.topic)
        if device != self._device:
            raise Untrusted("the topic of another device")
        match leaf:
            case "receipt":
                return await self._receipt(message.payload)
            case "visit" if leaf in self._others and _is_order(message.payload):
                self._others[leaf](message)
            case "visit":
                # It names our fresh commitment, so it is not an old one, whatever the
                # floor says.
                now_s = self._time.believed_now()
                said_s = self._asking.hear(message.payload, now_s)
                await self._time.heard(said_s, fresh=True)
            case _ if leaf in self._others:
                self._others[leaf](message)
            case _:
                pass
        return None

    async def _receipt(self, token: bytes) -> Heard:
        said = self._verifier.receipt(token, self._time.floor_s)
        await self._time.heard(said.iat)
        if isinstance(said, messages.Refusal):
            record = Link(said.epoch, said.seq, said.hash)
            return outbox.Refused(record, said.reason)
        kept = await self._store.hash_at(said.epoch, said.upto)
        return outbox.Receipted(Link(said.epoch, said.upto, said.head), kept)


def _is_order(token: bytes) -> bool:
    """Say whether it starts or cancels a visit; else it should open one."""
    types = (messages.VISIT, *visit_orders.KINDS)
    return jws.parse(token, types=types).typ != messages.VISIT
