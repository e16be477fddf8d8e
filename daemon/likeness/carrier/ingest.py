"""Takes in what terminals send: judge, keep, acknowledge, then receipt.

Whatever has arrived is handled as one batch on the store's thread: one commit, then
the PUBACKs, then one cumulative receipt for each chain. Meanwhile the next batch
gathers, so that a busy carrier commits seldom and an idle one at once.

What waits here is bounded: what is not kept is not acknowledged, and more than
`UNANSWERED` the line does not take from the broker. Leaves to others: each of these
steps.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from likeness.carrier.answering import Answering
from likeness.carrier.intake import Intake, Outcome
from likeness.carrier.keeping import Kept
from likeness.carrier.metrics import IngestMetrics
from likeness.carrier.store import CarrierStore
from likeness.carrier.telling import Telling
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.line import Arrived, BrokerDown, BrokerEvent, BrokerUp
from likeness.core.vocabulary import Environment
from likeness.edges.broker import MqttLine

TOPICS = (messages.topic("+", "result"), messages.topic("+", "ask"))
BATCH = 512
UNANSWERED = 2 * BATCH  # a batch in work, and the next one


class Ingest:
    """The carrier's end of the line.

    Args:
        line: with `TOPICS`, and acknowledging by hand.
        store, trust, words: where to keep, whom to believe, what to say.
        environment: results for any other are refused.
        utc: seconds since 1970.
        on_kept: told of each record after its commit, resent ones too.
        answering: answers statements and questions; None: there is no key for that.
        metrics: told of all that happens.
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
        metrics: IngestMetrics | None = None,
    ) -> None:
        self._line = line
        self._utc = utc
        self._on_kept = on_kept
        self._telling = Telling(metrics)
        self._intake = Intake(
            store, trust, words, environment, answering, self._telling
        )
        self._arrived: asyncio.Queue[Arrived] = asyncio.Queue()
        self.counts = self._telling.counts
        self._began_s: float | None = None  # the batch in work

    @property
    def waiting(self) -> int:
        """How many messages wait for their batch."""
        return self._arrived.qsize()

    @property
    def oldest_s(self) -> float:
        """For how long the batch in work has been there; 0: there is none."""
        return 0.0 if self._began_s is None else time.perf_counter() - self._began_s

    async def run(self) -> None:
        """Serve until cancelled."""
        loop = asyncio.get_running_loop()
        with ThreadPoolExecutor(1, thread_name_prefix="carrier-store") as thread:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._line.run(self._listen))
                while True:
                    batch = await self._next_batch()
                    self._began_s = began_s = time.perf_counter()
                    outcome = await loop.run_in_executor(thread, self.handle, batch)
                    self._answer(batch, outcome, began_s)
                    self._began_s = None

    def _listen(self, event: BrokerEvent) -> None:
        match event:
            case BrokerUp(refused=topics):
                self._telling.line_up(topics)
            case BrokerDown(why, fault):
                self._forget_arrived()
                self._telling.line_down(why, fault)
            case Arrived(receipt=0):
                self.counts["qos_0"] += 1  # ours come with QoS 1
            case Arrived():
                self._arrived.put_nowait(event)
            case _:
                pass  # PUBACKs of our receipts: a lost one is asked for by a resend

    def _forget_arrived(self) -> None:
        """Of a line that is gone: none was acknowledged, and all of it comes again."""
        while not self._arrived.empty():
            self._arrived.get_nowait()

    async def _next_batch(self) -> list[Arrived]:
        batch = [await self._arrived.get()]
        while len(batch) < BATCH and not self._arrived.empty():
            batch.append(self._arrived.get_nowait())
        return batch

    def _answer(self, batch: list[Arrived], outcome: Outcome, began_s: float) -> None:
        for message in batch:
            self._line.acknowledge(message.receipt)
        for device, token in outcome.receipts:
            self._line.publish(messages.topic(device, "receipt"), token.encode())
        for said in outcome.said:
            topic = messages.topic(said.device, said.leaf)
            self._line.publish(topic, said.token.encode(), expiry_s=said.expires_s)
        self._telling.batch(outcome.kept, len(outcome.receipts), began_s)
        for kept in outcome.kept:
            self._on_kept(kept)

    def handle(self, batch: list[Arrived]) -> Outcome:
        """Judge and keep a batch, in one commit; return what must be said then."""
        return self._intake.handle(batch, int(self._utc()))
