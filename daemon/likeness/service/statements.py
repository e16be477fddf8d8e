"""Keeps signed statements safe and sends them until the carrier has signed for each.

A decision or a dispute is on the disk before the call returns, and stays there until
the carrier says, bound to its name and its digest, that it keeps it or never will.
Leaves to others: when to send (`core.statement_queue`), the disk (`StatementStore`),
who may decide (the desk), which numbers can be disputed (`inquiry`).
"""

import asyncio
import logging
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, assert_never

from likeness.core import asks, jws, statement_queue
from likeness.core.chain import Link
from likeness.core.statement_queue import Signed
from likeness.errors import KeyLost, StoreFull, Untrusted
from likeness.service.commanding import Say
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_keeping import StatementStore
from likeness.service.timekeeping import Timekeeping

log = logging.getLogger(__name__)

HEARD_AT_MOST = 64  # answers that wait for us; what comes faster is said again


class SignedStatements:
    """`Statements` of `service.ports_parts`.

    Args:
        notary: signs.
        store: keeps.
        time: what time it is at least.
        clock: for the waits.
        say: publishes.
        choose: gives 0 … 1, for the jitter.
    """

    def __init__(
        self,
        *,
        notary: Notary,
        store: StatementStore,
        time: Timekeeping,
        clock: Clock,
        say: Say,
        choose: Callable[[], float],
    ) -> None:
        self._notary = notary
        self._store = store
        self._time = time
        self._clock = clock
        self._say = say
        self._choose = choose
        self._queue = statement_queue.StatementQueue([], choose)
        self._events: asyncio.Queue[statement_queue.Event | asks.Answer] = (
            asyncio.Queue()
        )
        self._counts: Counter[str] = Counter()

    # --- from outside ---------------------------------------------------------------
    async def decision(
        self,
        *,
        transaction: str,
        result: Link,
        decision: Literal["accept", "refuse"],
        reason: str,
        attendants: tuple[str, ...],
    ) -> str:
        """State what attendants decided; return the `jti` when it is safe.

        Raises:
            UsageError, StoreFull, KeyLost: see the port; nothing was stated.
            StoreBroken: the database cannot be trusted.
        """
        return await self._state(
            asks.DECISION,
            transaction,
            result,
            ask="decision",
            decision=decision,
            reason=reason,
            attendants=list(attendants),
        )

    async def dispute(
        self, *, transaction: str, result: Link, answer: str, numbers: Sequence[str]
    ) -> str:
        """State which numbers are not the visitor's, in the same way."""
        return await self._state(
            asks.DISPUTE,
            transaction,
            result,
            ask="dispute",
            answer=answer,
            numbers=list(numbers),
        )

    def hear(self, answer: asks.Answer) -> None:
        """Take in what the carrier has signed.

        Raises:
            Untrusted: too many wait already.
        """
        if self._events.qsize() >= HEARD_AT_MOST:
            raise Untrusted("too many answers at once")
        self._events.put_nowait(answer)

    def line_is_up(self) -> None:
        """Begin to send anew."""
        self._events.put_nowait(statement_queue.Online())

    def counts(self) -> Mapping[str, int]:
        """Return what telemetry says."""
        return {"waiting": self._queue.waiting, **self._counts}

    async def run(self) -> None:
        """Send until cancelled."""
        waiting = [
            await self._by_our_key(one) for one in await self._store.statements()
        ]
        self._queue = statement_queue.StatementQueue(waiting, self._choose)
        while True:
            event = await self._next()
            now = self._clock.now()
            for effect in self._queue.handle(event, now):
                await self._carry_out(effect)

    # --- the loop -------------------------------------------------------------------
    # Any: the members of the kind that is meant.
    async def _state(
        self, typ: str, transaction: str, result: Link, **claims: Any
    ) -> str:
        jti = secrets.token_hex(16)
        token = self._notary.ask(typ, jti, transaction, result, **claims)
        statement = Signed(jti, jws.chain_hash(token), token)
        await self._store.keep_statement(statement)
        log.info("event=stated what=%s jti=%s", claims["ask"], jti)
        self._events.put_nowait(statement_queue.Kept(statement))
        return jti

    async def _by_our_key(self, one: Signed) -> Signed:
        """Sign what an earlier key of ours had signed, and keep that in its place."""
        try:
            token = self._notary.ask_again(one.token)
            again = replace(one, token=token, hash=jws.chain_hash(token))
            if again != one:
                await self._store.keep_statement(again)
        except (KeyLost, StoreFull, Untrusted) as fault:  # the next start tries again
            log.warning(
                "event=statement_not_signed_again jti=%s why=%s", one.jti, fault
            )
            return one
        return again

    async def _next(self) -> statement_queue.Event:
        due = self._queue.deadline
        wait_s = None if due is None else max(0.0, due - self._clock.now())
        try:
            async with asyncio.timeout(wait_s):
                event = await self._events.get()
        except TimeoutError:
            return statement_queue.TimePassed()
        if not isinstance(event, asks.Answer):
            return event
        await self._time.heard(event.iat)
        return statement_queue.Answered(
            event.ask, event.of, event.outcome, event.reason
        )

    async def _carry_out(self, effect: statement_queue.Effect) -> None:
        match effect:
            case statement_queue.Send(statement):
                if self._say("ask", statement.token.encode()) is not None:
                    self._counts["sent"] += 1
            case statement_queue.Forget(jti):
                log.info("event=statement_kept jti=%s", jti)
                self._counts["kept"] += 1
                await self._save(self._store.forget_statement(jti))
            case statement_queue.SetAside(jti, reason):
                log.error("event=statement_refused jti=%s reason=%r", jti, reason)
                self._counts["refused"] += 1
                await self._save(self._store.set_statement_aside(jti, reason))
            case statement_queue.Stray(jti):
                log.debug("event=stray_answer jti=%r", jti)
                self._counts["stray_answers"] += 1
            case _:
                assert_never(effect)

    async def _save(self, change: Awaitable[None]) -> None:
        """What cannot be noted now is sent again after a start, and answered again."""
        try:
            await change
        except StoreFull as fault:
            log.error("event=change_not_kept why=%r", str(fault))  # noqa: TRY400
