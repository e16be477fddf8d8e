"""Opens and cancels visits that the carrier orders, and answers each order, signed.

A start leads to the same consent step as any other; the order of its acts comes from
the terminal's own commitment and the answer to it, so no start can choose it. Each
order is used up when it is heard, whatever becomes of it: its counter is on the disk
first. Leaves to others: what speaks against an order (`core.visit_orders`), the visit.
"""

import asyncio
import logging
from collections import Counter
from typing import Protocol

from likeness.core import jws, messages, visit_orders
from likeness.core.brake import Brake
from likeness.core.command_doubts import Why
from likeness.core.commands import Answer, Asked
from likeness.core.glance import Glance, State
from likeness.core.line import Arrived
from likeness.core.visit_events import Cancelled, Event
from likeness.core.vocabulary import Purpose
from likeness.errors import KeyLost, StoreFull, Untrusted
from likeness.service.commanding import Say
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_keeping import Memory
from likeness.service.timekeeping import Timekeeping

log = logging.getLogger(__name__)

REMEMBERED = "visit_order_counter"
WAITING_AT_MOST = 8
REFUSALS_AT_MOST = 10  # answered in a minute: each costs a signature
REFUSALS_WITHIN_S = 60.0
NO_SUCH_VISIT = "no_such_visit"
# From the verdict on there is nothing left to cancel.
_OVER = (State.IDLE, State.VERDICT, State.RECEIPT)


class VisitOrderVerifier(Protocol):
    """Judges who has signed a start or cancel."""

    def visit_order(self, token: bytes) -> jws.Unverified:
        """Take apart what the carrier's visit key has signed; raise Untrusted."""
        ...


class Openable(Protocol):
    """The terminal, as far as an order needs it."""

    @property
    def obstacle(self) -> str:
        """Why no visit can begin now; empty: one can."""
        ...

    @property
    def glance(self) -> Glance:
        """Where the visit stands."""
        ...

    def begin(self, *, purpose: Purpose, transaction: str) -> int | None:
        """Begin a visit; None if none can begin now."""
        ...

    def post(self, event: Event) -> None:
        """Hand in an event of the visit."""
        ...


class RemoteStart:
    """Obeys one order after the other.

    Args:
        device: our name.
        verifier: knows the carrier's visit key.
        notary: signs the answers.
        memory: keeps the last counter over a restart.
        time: what time it is at least.
        clock: for the brake.
        terminal: where visits begin.
        say: publishes.
    """

    def __init__(
        self,
        *,
        device: str,
        verifier: VisitOrderVerifier,
        notary: Notary,
        memory: Memory,
        time: Timekeeping,
        clock: Clock,
        terminal: Openable,
        say: Say,
    ) -> None:
        self._device = device
        self._verifier = verifier
        self._notary = notary
        self._memory = memory
        self._time = time
        self._clock = clock
        self._terminal = terminal
        self._say = say
        self._counter = 0
        self._heard: asyncio.Queue[tuple[jws.Unverified, Asked]] = asyncio.Queue()
        self._refusals = Brake(REFUSALS_AT_MOST, REFUSALS_WITHIN_S)
        self.counts: Counter[str] = Counter()

    def hear(self, message: Arrived) -> None:
        """Take in an order.

        Raises:
            Untrusted: the carrier's visit key has not signed it, or too many wait
                already: no answer.
        """
        signed = self._verifier.visit_order(message.payload)
        if self._heard.qsize() >= WAITING_AT_MOST:
            raise Untrusted("too many orders at once")
        asked = Asked(jws.chain_hash(message.payload), None, message.correlation[:64])
        self._heard.put_nowait((signed, asked))

    async def run(self) -> None:
        """Obey until cancelled."""
        self._counter = int(await self._memory.recall(REMEMBERED) or 0)
        while True:
            signed, asked = await self._heard.get()
            try:
                order = messages.from_json(
                    signed.payload, visit_orders.KINDS[signed.typ]
                )
            except Untrusted:
                self._refuse(asked, Why.MALFORMED)
                continue
            await self._obey(order, Asked(asked.of, order.jti, asked.correlation))

    async def _obey(self, order: visit_orders.VisitOrder, asked: Asked) -> None:
        why = visit_orders.doubt(
            order,
            device=self._device,
            counter=self._counter,
            earliest_s=self._time.earliest_now(),
            believed_s=self._time.believed_now(),
        )
        if why is not None:
            self._refuse(asked, why)
            return
        await self._time.heard(order.iat)
        try:
            await self._memory.remember(REMEMBERED, str(order.counter))
        except StoreFull:
            self._refuse(asked, Why.NOT_KEPT)
            return
        self._counter = order.counter
        if isinstance(order, visit_orders.Start):
            fault = self._start(order)
        else:
            fault = self._cancel(order)
        if fault:
            self._refuse(asked, fault)
        else:
            self._answer(Answer(asked, "done"))

    def _start(self, order: visit_orders.Start) -> str:
        fault = self._terminal.obstacle
        if fault:
            return fault
        begun = self._terminal.begin(
            purpose=order.purpose, transaction=order.transaction
        )
        return Why.BUSY if begun is None else ""

    def _cancel(self, order: visit_orders.Cancel) -> str:
        now = self._terminal.glance
        if now.state in _OVER or now.transaction != order.transaction:
            return NO_SUCH_VISIT
        self._terminal.post(Cancelled(now.visit))
        return ""

    def _refuse(self, asked: Asked, why: str) -> None:
        if self._refusals.lets(self._clock.now()):
            self._answer(Answer(asked, "refused", why))
        else:
            self.counts["ignored"] += 1

    def _answer(self, answer: Answer) -> None:
        self.counts[answer.outcome] += 1
        log.log(
            logging.INFO if answer.outcome == "done" else logging.WARNING,
            "event=visit_order outcome=%s reason=%r jti=%r",
            answer.outcome,
            answer.reason,
            answer.asked.jti,
        )
        try:
            token = self._notary.reply(answer).encode()
        except KeyLost as fault:
            log.error("event=reply_not_signed why=%s", fault)  # noqa: TRY400
            return
        # Without a line it is not said later: who started it looks for the result.
        self._say("reply", token, correlation=answer.asked.correlation)
