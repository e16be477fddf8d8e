"""Hears commands, has them carried out, and answers each one, signed.

An answer that finds no line is said on the next one. Leaves to others: whether and when
a command may be obeyed (`core.commands`), the deeds themselves (`deeds`).
"""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Protocol, assert_never

from likeness.core import command_reading, commands, jws, orders
from likeness.core.line import Arrived
from likeness.errors import KeyLost, LikenessError, Restarting, StoreFull, Untrusted
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_carrier import OrderVerifier
from likeness.service.ports_keeping import Journal, Memory
from likeness.service.ports_parts import Visits
from likeness.service.timekeeping import Timekeeping

log = logging.getLogger(__name__)

REMEMBERED = "command_counter"
WAITING_AT_MOST = 8  # what comes faster is dropped and counted
UNSAID_AT_MOST = 8
DEED_WITHIN_S = 300.0

# Any: each deed has its own answer, flat or one level deep.
Deed = Callable[[], Awaitable[dict[str, Any]]]
Deeds = Mapping[type[orders.Action], Deed]


class Say(Protocol):
    """Publishes once; returns None while there is no line."""

    def __call__(
        self,
        leaf: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> int | None:
        """Publish on one of our topics."""
        ...


class Commanding:
    """Carries commands to their rules, and what follows to the world.

    Args:
        device: our name.
        verifier: knows the carrier's command key.
        notary: signs the answers.
        memory: keeps the last counter over a restart.
        time: what time it is at least.
        epoch: what records are written into now.
        clock: for the log level's end.
        restarts_from: on that clock; no order ends the daemon before.
        visits: nothing stops in the middle of one.
        journal: whose level can be set.
        deeds: what can be done.
        say: publishes.
    """

    def __init__(
        self,
        *,
        device: str,
        verifier: OrderVerifier,
        notary: Notary,
        memory: Memory,
        time: Timekeeping,
        epoch: Callable[[], str],
        clock: Clock,
        visits: Visits,
        journal: Journal,
        deeds: Deeds,
        say: Say,
        restarts_from: float = 0.0,
    ) -> None:
        self._device = device
        self._verifier = verifier
        self._notary = notary
        self._memory = memory
        self._time = time
        self._epoch = epoch
        self._clock = clock
        self._visits = visits
        self._journal = journal
        self._deeds = deeds
        self._say = say
        self._restarts_from = restarts_from
        self._machine = commands.Commands(device, 0)
        self._events: asyncio.Queue[commands.Event] = asyncio.Queue()
        self._unsaid: deque[tuple[bytes, bytes]] = deque(maxlen=UNSAID_AT_MOST)
        self.counts: Counter[str] = Counter()

    # --- from outside ---------------------------------------------------------------
    def hear(self, message: Arrived) -> None:
        """Take in a message from `cmd`.

        Raises:
            Untrusted: the carrier's command key has not signed it, or too many wait
                already: no answer.
        """
        signed = self._verifier.order(message.payload)
        if self._events.qsize() >= WAITING_AT_MOST:
            raise Untrusted("too many commands at once")
        self._events.put_nowait(
            command_reading.read(
                signed,
                jws.chain_hash(message.payload),
                message.correlation,
                earliest_s=self._time.earliest_now(),
                believed_s=self._time.believed_now(),
                epoch=self._epoch(),
            )
        )

    def line_is_up(self) -> None:
        """Say what could not be said before."""
        unsaid = list(self._unsaid)
        self._unsaid.clear()
        for token, correlation in unsaid:
            self._publish(token, correlation)

    async def run(self) -> None:
        """Obey until cancelled.

        Raises:
            Restarting: the carrier wants it.
        """
        kept = await self._memory.recall(REMEMBERED)
        self._machine = commands.Commands(
            self._device, int(kept or 0), restarts_from=self._restarts_from
        )
        async with asyncio.TaskGroup() as group:
            while True:
                event = await self._next()
                if isinstance(event, commands.AtRest) and not self._visits.idle:
                    group.create_task(self._await_rest())  # the next one has begun
                    continue
                now = self._clock.now()
                effects = self._machine.handle(event, now)
                log.debug("%.3f > %r", now, event)
                for effect in effects:
                    log.debug("%.3f < %r", now, effect)
                    await self._carry_out(effect, group)

    # --- the loop -------------------------------------------------------------------
    async def _next(self) -> commands.Event:
        due = self._machine.deadline
        wait_s = None if due is None else max(0.0, due - self._clock.now())
        try:
            async with asyncio.timeout(wait_s):
                return await self._events.get()
        except TimeoutError:
            return commands.TimePassed()

    async def _carry_out(
        self, effect: commands.Effect, group: asyncio.TaskGroup
    ) -> None:
        match effect:
            case commands.Keep(counter, issued_s):
                await self._time.heard(issued_s)
                await self._keep(counter)
            case commands.AwaitRest():
                group.create_task(self._await_rest())
            case commands.Do(action):
                group.create_task(self._do(action))
            case commands.SetLevel(level):
                log.warning("event=log_level level=%s", level or "as_configured")
                self._journal.set_level(level)
            case commands.Answer():
                self._answer(effect)
            case commands.Ignore(why):
                self.counts["ignored"] += 1
                # No line at a common level: who floods us must not fill the log.
                log.debug("event=command_ignored why=%s", why)
            case commands.Stop():
                self._visits.close("restarting")
                raise Restarting("the carrier has ordered a restart")
            case _:
                assert_never(effect)

    async def _keep(self, counter: int) -> None:
        try:
            await self._memory.remember(REMEMBERED, str(counter))
        except StoreFull as fault:
            log.error("event=command_not_kept why=%r", str(fault))  # noqa: TRY400
            self._events.put_nowait(commands.NotKept())
            return
        self._events.put_nowait(commands.Kept())

    async def _await_rest(self) -> None:
        await self._visits.at_rest()
        self._events.put_nowait(commands.AtRest())

    async def _do(self, action: orders.Action) -> None:
        deed = self._deeds.get(type(action))
        if deed is None:
            self._events.put_nowait(commands.Failed("unsupported"))
            return
        try:
            async with asyncio.timeout(DEED_WITHIN_S):
                result = await deed()
        except TimeoutError:
            self._events.put_nowait(commands.Failed("it took too long"))
        except LikenessError as fault:
            self._events.put_nowait(commands.Failed(str(fault)))
        else:
            self._events.put_nowait(commands.Done(result))

    # --- what we say ----------------------------------------------------------------
    def _answer(self, answer: commands.Answer) -> None:
        self.counts[answer.outcome] += 1
        log.warning(
            "event=command outcome=%s reason=%r jti=%r",
            answer.outcome,
            answer.reason,
            answer.asked.jti,
        )
        try:
            token = self._notary.reply(answer).encode()
        except KeyLost as fault:
            log.error("event=reply_not_signed why=%s", fault)  # noqa: TRY400
            return
        self._publish(token, answer.asked.correlation)

    def _publish(self, token: bytes, correlation: bytes) -> None:
        if self._say("reply", token, correlation=correlation) is None:
            self._unsaid.append((token, correlation))
