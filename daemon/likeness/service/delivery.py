"""Runs the outbox between store and broker, and speaks for the terminal over MQTT.

Publishes records and asks; of what comes in, what fails a check is one log line and is
dropped. Leaves to others: what to send next (`core.outbox`), those checks (`hearing`),
what a terminal says of itself (`presence`), the line itself, the visits.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from likeness.core import messages, outbox
from likeness.core.chain import EpochReason, Link
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp, Published
from likeness.core.vocabulary import Purpose
from likeness.errors import KeyLost, StoreFull, Untrusted
from likeness.service.anchoring import Anchoring
from likeness.service.asking import ASK_EXPIRES_S, Asking, VisitGrant
from likeness.service.hearing import Hearing
from likeness.service.line_health import LineHealth
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_carrier import Broker, Verifier
from likeness.service.ports_keeping import ResultStore
from likeness.service.presence import Facts, Presence
from likeness.service.timekeeping import Timekeeping
from likeness.service.waiting_ages import WaitingAges

log = logging.getLogger(__name__)

GOODBYE_WITHIN_S = 1.0
MOST_HEARD = 500  # messages that wait for us; a broker that sends faster loses some
TOO_LARGE = 0x95  # MQTT v5, 2.4; we say it ourselves, before the broker hangs up


@dataclass(frozen=True, slots=True)
class _Kept:
    seq: int


class Delivery:
    """Nothing is forgotten before the carrier has signed for it.

    Args:
        device: our name, a topic level.
        store, broker, verifier, notary: what this carries events between.
        clock: for the waits.
        time: what time it is at least, for expiry, and as far as it is believed.
        choose: gives 0 … 1, for the jitter.
        birth: what this terminal is; published whenever the line comes up.
        telemetry: one flat snapshot; the outbox adds its own numbers.
        telemetry_every_s: how often.
        on_visit: told of each visit that the carrier has opened for us.
        others: who hears what comes on other topics of ours; raises Untrusted.
        on_up: told whenever the line comes up, after we have said who we are.
    """

    def __init__(
        self,
        *,
        device: str,
        store: ResultStore,
        broker: Broker,
        verifier: Verifier,
        notary: Notary,
        clock: Clock,
        time: Timekeeping,
        choose: Callable[[], float],
        birth: Callable[[], Facts] = dict,
        telemetry: Callable[[], Facts] = dict,
        telemetry_every_s: float = 30.0,
        on_visit: Callable[[VisitGrant], None] = lambda _grant: None,
        others: Mapping[str, Callable[[Arrived], None]] | None = None,
        on_up: Callable[[], None] = lambda: None,
    ) -> None:
        self._device = device
        self._store = store
        self._broker = broker
        self._clock = clock
        self._time = time
        self._choose = choose
        self._telemetry = telemetry
        self._telemetry_every_s = telemetry_every_s
        self._asking = Asking(notary, verifier, on_visit, clock)
        self._hearing = Hearing(
            device,
            verifier=verifier,
            time=time,
            store=store,
            asking=self._asking,
            others=others or {},
        )
        self._on_up = on_up
        self._presence = Presence(
            self._publish,
            clock=clock,
            wall=time,
            anchoring=Anchoring(notary, time),
            birth=birth,
        )
        self._events: asyncio.Queue[BrokerEvent | _Kept] = asyncio.Queue()
        self._outbox = outbox.Outbox([], choose)
        self._newest = Link("", -1, "")  # the newest record that the outbox knows
        self._in_flight: dict[int, tuple[str, int]] = {}  # by the line's number
        self._ages = WaitingAges()
        self.counts: Counter[str] = Counter()
        self._health = LineHealth(self.counts)

    # --- from outside ---------------------------------------------------------------
    def stored(self, seq: int) -> None:
        """Take note that a record of this epoch is on the disk and may go out."""
        self._events.put_nowait(_Kept(seq))

    def ask_visit(self, commitment: bytes, transaction: str, purpose: Purpose) -> bool:
        """Ask the carrier to open a visit; its answer comes by `on_visit`.

        Args:
            commitment: SHA-256 of our nonce; the answer is good for it alone.
            transaction: the visit's name.
            purpose: why the visitor is here.

        Returns:
            Whether the question could be sent; without a line there is no answer.
        """
        try:
            token = self._asking.ask(commitment, transaction, purpose)
        except KeyLost as fault:  # the visit goes on, and may end with the key back
            log.warning("event=ask_not_signed why=%s", fault)
            return False
        return self._publish("ask", token, expiry_s=ASK_EXPIRES_S) is not None

    @property
    def is_up(self) -> bool:
        """Whether there is a line to the broker."""
        return self._outbox.line is not outbox.Line.OFFLINE

    def say(
        self,
        leaf: str,
        payload: bytes,
        *,
        retain: bool = False,
        correlation: bytes = b"",
    ) -> int | None:
        """Publish once, if the line is up; return the message's number."""
        return self._publish(leaf, payload, retain=retain, correlation=correlation)

    def announce(self) -> None:
        """Say who is there, as on a new line."""
        self._presence.introduce()
        self._on_up()

    def snapshot(self) -> Facts:
        """Return how things stand: the outbox, the line, and what telemetry adds."""
        return {
            "outbox_waiting": self._outbox.waiting,
            "outbox_oldest_s": self._ages.oldest_s(self._clock.now()),
            "outbox_line": self._outbox.line.name.lower(),
            "line_fault": self._health.fault,
            **{f"delivery_{name}": count for name, count in self.counts.items()},
            **self._telemetry(),
        }

    async def run(self) -> None:
        """Deliver until cancelled; the last word is "stopping"."""
        self._newest = newest = await self._store.newest()
        rows = await self._store.waiting()
        self._ages.begin(rows, self._time.moment(), self._clock.now())
        links = [row.link for row in rows]
        # One that was made in between comes by `stored`.
        links = [
            one for one in links if one.epoch != newest.epoch or one.seq <= newest.seq
        ]
        self._outbox = outbox.Outbox(links, self._choose, self._newest)
        line = asyncio.create_task(self._broker.run(self._take))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_follow(line))
                group.create_task(self._work())
                group.create_task(self._tell_telemetry())
        finally:
            await self._say_goodbye()
            line.cancel()
            await asyncio.wait([line])

    # --- the loop -------------------------------------------------------------------
    async def _work(self) -> None:
        while True:
            event = await self._next()
            match event:
                case None:
                    await self._step(outbox.TimePassed())
                case _Kept():
                    await self._take_stored()
                case BrokerUp():
                    log.info("event=broker_up waiting=%d", self._outbox.waiting)
                    self._health.came_up(event)
                    self.announce()
                    await self._step(outbox.Online(event.window))
                case BrokerDown():
                    self._health.went_down(event)
                    self._in_flight.clear()
                    await self._step(outbox.Offline())
                case Published(number, code):
                    if place := self._in_flight.pop(number, None):
                        await self._step(outbox.Acknowledged(*place, code))
                case Arrived():
                    await self._hear(event)
                    await asyncio.sleep(0)  # many in a row must not hold up the visit
                case _:
                    assert_never(event)

    def _take(self, event: BrokerEvent) -> None:
        """Queue what the line tells; what was dropped here is sent again or expires."""
        if isinstance(event, Arrived) and self._events.qsize() >= MOST_HEARD:
            if not self.counts["flooded"]:
                log.error("event=flooded do='see who publishes to our topics'")
            self.counts["flooded"] += 1
            return
        self._events.put_nowait(event)

    async def _next(self) -> BrokerEvent | _Kept | None:
        due = self._outbox.deadline
        wait_s = None if due is None else max(0.0, due - self._clock.now())
        try:
            async with asyncio.timeout(wait_s):
                return await self._events.get()
        except TimeoutError:
            return None

    async def _take_stored(self) -> None:
        """Hand new records to the outbox, in order."""
        known = self._newest
        for link in await self._store.made_since(known.epoch, known.seq):
            self._newest = link
            self._ages.kept(link, self._clock.now())
            await self._step(outbox.Stored(link))

    async def _begin_epoch(self, reason: EpochReason) -> None:
        """Go on in a new chain; what was still made in the old one goes out as well."""
        log.error("event=forked epoch=%s", self._store.epoch)
        self.counts["forked"] += 1
        if not await self._save(self._store.begin_epoch(reason)):
            return  # the carrier's next word brings us here again
        await self._take_stored()
        self._newest = Link(self._store.epoch, -1, "")
        await self._take_stored()
        self._presence.say_birth()

    async def _step(self, event: outbox.Event) -> None:
        now = self._clock.now()
        effects = self._outbox.handle(event, now)
        log.debug("%.3f > %r", now, event)
        for effect in effects:
            log.debug("%.3f < %r", now, effect)
            await self._carry_out(effect)

    async def _carry_out(self, effect: outbox.Effect) -> None:
        match effect:
            case outbox.Send(epoch, seq):
                await self._send(epoch, seq)
            case outbox.Forget(epoch, upto):
                log.info("event=receipted epoch=%s upto=%d", epoch, upto)
                self.counts["receipts"] += 1
                self._ages.receipted(epoch, upto)
                await self._save(self._store.mark_receipted(epoch, upto))
            case outbox.SetAside(epoch, seq, reason):
                log.error(
                    "event=set_aside epoch=%s seq=%d reason=%r", epoch, seq, reason
                )
                self.counts["set_aside"] += 1
                self._ages.set_aside(epoch, seq)
                await self._save(self._store.set_aside(epoch, seq, reason))
            case outbox.BeginEpoch(reason):
                await self._begin_epoch(reason)
            case outbox.Report(trouble, epoch, seq):
                barred = trouble is outbox.Trouble.BROKER_REFUSES
                level = logging.ERROR if barred else logging.WARNING
                log.log(level, "event=%s epoch=%s seq=%d", trouble, epoch, seq)
                self.counts[trouble] += 1
            case _:
                assert_never(effect)

    async def _send(self, epoch: str, seq: int) -> None:
        token = await self._store.token(epoch, seq)
        if token is None:
            log.error("event=record_missing epoch=%s seq=%d", epoch, seq)
            return
        if not self._health.takes(len(token)):
            await self._step(outbox.Acknowledged(epoch, seq, TOO_LARGE))
            return
        number = self._publish("result", token.encode())
        if number is not None:  # else the line is gone, and BrokerDown is on its way
            self.counts["sent"] += 1
            self._in_flight[number] = (epoch, seq)

    async def _save(self, change: Awaitable[None]) -> bool:
        """What cannot be kept now comes again: a mark costs one resend."""
        try:
            await change
        except (StoreFull, KeyLost) as fault:
            log.error("event=change_not_kept why=%r", str(fault))  # noqa: TRY400
            return False
        return True

    # --- what we hear ---------------------------------------------------------------
    async def _hear(self, message: Arrived) -> None:
        try:
            heard = await self._hearing.hear(message)
        except Untrusted as fault:
            self.counts["dropped"] += 1
            log.warning(
                "event=message_dropped topic=%r size=%d why=%r",
                message.topic[:128],
                len(message.payload),
                str(fault),
            )
            return
        if heard is not None:
            await self._step(heard)

    # --- what we say ----------------------------------------------------------------
    def _publish(
        self,
        leaf: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        return self._broker.publish(
            messages.topic(self._device, leaf),
            payload,
            qos=qos,
            retain=retain,
            expiry_s=expiry_s,
            correlation=correlation,
        )

    async def _tell_telemetry(self) -> None:
        while True:
            self._presence.say_telemetry(self.snapshot())
            self._presence.say_anchor()
            await asyncio.sleep(self._telemetry_every_s)

    async def _say_goodbye(self) -> None:
        number = self._presence.say_stopping()
        if number is None:
            return
        try:
            async with asyncio.timeout(GOODBYE_WITHIN_S):
                while True:
                    event = await self._events.get()
                    if isinstance(event, Published) and event.message == number:
                        return
        except TimeoutError:
            log.info("event=goodbye_unheard")


async def _follow(line: asyncio.Task[None]) -> None:
    """Fail with the line, but leave it up for the last word."""
    await asyncio.shield(line)
