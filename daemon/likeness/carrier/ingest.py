"""Takes in what terminals send: judge, keep, acknowledge, then receipt.

Whatever has arrived is handled as one batch on the store's thread: one commit, then
the PUBACKs, then one cumulative receipt for each chain. A record that is well signed
but not for this carrier, or of another life of its chain, is refused, signed; one that
is not well signed gets no answer, since it may not be the terminal's.

What waits here is bounded: by the line's Receive Maximum, since what is not kept is not
acknowledged and comes again. Leaves to others: each of these steps.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.answering import Answering
from likeness.carrier.asked import AskDesk, Said
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.unknown_keys import UnknownKeys
from likeness.carrier.verify import BadRecord, Problem, Record
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import Link
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp
from likeness.core.line_faults import LineFault
from likeness.core.vocabulary import Environment
from likeness.edges.broker import MqttLine
from likeness.errors import Untrusted

log = logging.getLogger(__name__)

TOPICS = (messages.topic("+", "result"), messages.topic("+", "ask"))
BATCH = 256


@dataclass(slots=True)
class Outcome:
    """What a batch came to: what to publish after the commit, and what to tell."""

    kept: list[Kept] = field(default_factory=list)
    receipts: list[tuple[str, str]] = field(default_factory=list)  # device, token
    said: list[Said] = field(default_factory=list)


class Ingest:
    """The carrier's end of the line.

    Args:
        line: with `TOPICS`, and acknowledging by hand.
        store, trust, words: where to keep, whom to believe, what to say.
        environment: results for any other are refused.
        utc: seconds since 1970.
        on_kept: told of each record after its commit, resent ones too.
        answering: answers statements and questions; None: there is no key for that.
    """

    def __init__(
        self,
        *,
        line: MqttLine,
        store: CarrierStore,
        trust: Trust,
        words: CarrierWords,
        environment: Environment,
        utc: Callable[[], float] = time.time,
        on_kept: Callable[[Kept], object] = lambda _kept: None,
        answering: Answering | None = None,
    ) -> None:
        self._line = line
        self._store = store
        self._trust = trust
        self._words = words
        self._environment = environment
        self._utc = utc
        self._on_kept = on_kept
        self._unknown_keys = UnknownKeys()  # on the store's thread
        self._arrived: asyncio.Queue[Arrived] = asyncio.Queue()
        self.counts: Counter[str] = Counter()
        self._asks = AskDesk(store, words, self._key, answering, self.counts)

    @property
    def waiting(self) -> int:
        """How many messages wait for their batch."""
        return self._arrived.qsize()

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="carrier-store") as thread:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._line.run(self._listen))
                while True:
                    batch = await self._next_batch()
                    outcome = await loop.run_in_executor(thread, self.handle, batch)
                    self._answer(batch, outcome)

    def _listen(self, event: BrokerEvent) -> None:
        match event:
            case BrokerUp(refused=()):
                log.info("event=broker_up")
            case BrokerUp(refused=topics):
                self.counts["line_subscription_refused"] += 1
                log.error("event=subscription_refused topics=%r", topics)
            case BrokerDown(why, fault):
                self._forget_arrived()
                self._count_down(why, fault)
            case Arrived(receipt=0):
                self.counts["qos_0"] += 1  # ours come with QoS 1
            case Arrived():
                self._arrived.put_nowait(event)
            case _:
                pass  # PUBACKs of our receipts: a lost one is asked for by a resend

    def _count_down(self, why: str, fault: LineFault | None) -> None:
        if fault is None:
            log.warning("event=broker_down why=%r", why)
            return
        self.counts[f"line_{fault.word}"] += 1
        log.error(
            "event=line_fault fault=%s why=%r do=%r", fault.word, why, fault.advice
        )

    def _forget_arrived(self) -> None:
        """Of a line that is gone: none was acknowledged, and all of it comes again."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def _next_batch(self) -> list[Arrived]:
        batch = [await self._arrived.get()]
        while len(batch) < BATCH and not self._arrived.empty():
            batch.append(self._arrived.get_nowait())
        return batch

    def _answer(self, batch: list[Arrived], outcome: Outcome) -> None:
        for message in batch:
            self._line.acknowledge(message.receipt)
        for device, token in outcome.receipts:
            self._line.publish(messages.topic(device, "receipt"), token.encode())
        for said in outcome.said:
            topic = messages.topic(said.device, said.leaf)
            self._line.publish(topic, said.token.encode(), expiry_s=said.expires_s)
        for kept in outcome.kept:
            self.counts["new" if kept.new else "fork" if kept.fork else "again"] += 1
            _tell(kept)
            self._on_kept(kept)

    # --- on the store's thread ------------------------------------------------------
    def handle(self, batch: list[Arrived]) -> Outcome:
        """Judge and keep a batch, in one commit; return what must be said then."""
        now_s = int(self._utc())
        outcome = Outcome()
        incoming: list[Incoming] = []
        asked: list[Arrived] = []  # after the results, which they may be about
        for message in batch:
            try:
                device, leaf = messages.device_and_leaf(message.topic)
                if leaf == "ask":
                    asked.append(message)
                elif leaf == "result":
                    incoming.append(self._judge(device, message.payload, now_s))
                    if isinstance(incoming[-1].claims, messages.KeyChange):
                        self._keep(incoming, now_s, outcome)  # what follows needs it
                        incoming = []
            except Untrusted as fault:
                self._drop(message, fault)
        self._keep(incoming, now_s, outcome)
        for message in asked:
            device, _ = messages.device_and_leaf(message.topic)
            try:
                if said := self._asks.hear(device, message.payload, now_s):
                    outcome.said.append(said)
            except Untrusted as fault:
                self._drop(message, fault)
        return outcome

    def _keep(self, incoming: list[Incoming], now_s: int, outcome: Outcome) -> None:
        all_kept, chains = self._store.keep(incoming, now_s)
        outcome.kept += all_kept
        for kept in all_kept:
            one = kept.record
            if kept.wrong_key:
                continue  # whoever signed it is not the one to answer
            if refusal := Problem.FORK if kept.fork else one.refusal:
                place = Link(one.epoch, one.seq, one.hash)
                said = self._words.refusal(one.device, place, refusal, now_s)
                outcome.receipts.append((one.device, said))
        for chain in chains:
            said = self._words.receipt(chain.device, chain.upto, now_s)
            outcome.receipts.append((chain.device, said))

    def _judge(self, device: str, token: bytes, now_s: int) -> Incoming:
        """Return the record, or a well signed one with the reason to refuse it."""
        kid = verify.parse(token).kid
        try:
            key = self._key(device, kid)
        except BadRecord as fault:
            if fault.problem is Problem.UNKNOWN_KEY and (
                stranger := self._unknown_keys.seen(device, kid, now_s)
            ):
                self._store.raise_unknown_key(stranger, token.decode("ascii"), now_s)
            raise
        try:
            record = verify.verify(token, key)
        except BadRecord as fault:
            place = verify.place_of(token)
            if fault.problem is Problem.BAD_SIGNATURE or place is None:
                raise
            return Incoming(
                device=device,
                epoch=place.epoch,
                seq=place.seq,
                hash=jws.chain_hash(token),
                token=token.decode("ascii"),
                refusal=fault.problem,
            )
        return Incoming(
            device=device,
            epoch=record.claims.epoch,
            seq=record.claims.seq,
            hash=record.hash,
            token=record.token,
            claims=record.claims,
            refusal=self._refusal(device, record),
        )

    def _refusal(self, device: str, record: Record) -> str:
        claims = record.claims
        if claims.iss != device:
            return Problem.WRONG_DEVICE
        allowed = self._trust.allows(device, claims.environment)
        if claims.environment is not self._environment or not allowed:
            return Problem.WRONG_ENVIRONMENT
        return ""

    def _key(self, device: str, kid: str) -> ECKey:
        key = self._trust.key(device, kid)
        if key is not None:
            return key
        changed = self._store.changed_key(device, kid)
        if changed is not None:
            return verify.jwk_of(changed)
        known = self._trust.knows(device)
        raise BadRecord(Problem.UNKNOWN_KEY if known else Problem.UNKNOWN_DEVICE)

    def _drop(self, message: Arrived, fault: Untrusted) -> None:
        self.counts["dropped"] += 1
        log.warning(
            "event=message_dropped topic=%r size=%d why=%r",
            message.topic[:128],
            len(message.payload),
            str(fault),
        )


def _tell(kept: Kept) -> None:
    one = kept.record
    doubtful = kept.fork or kept.wrong_key or one.refusal
    level = logging.ERROR if doubtful else logging.INFO
    verdict = getattr(one.claims, "verdict", "none")
    log.log(
        level,
        "event=%s device=%s epoch=%s seq=%d verdict=%s refusal=%s",
        kept.what,
        one.device,
        one.epoch,
        one.seq,
        verdict,
        one.refusal or "none",
    )
