"""Many simulated terminals in one process, each with its own line and its own outbox.

What is sent when, and again when, is decided by the product's own `core.outbox`; what
is sent was made ahead (`ahead`). Each receipt must name a record of ours and its hash;
of some terminals the signature is checked as well. Times are those of one clock for all
processes of a machine. Leaves to others: when which terminal makes a result (`floor`).
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from likeness.core import jws, messages, outbox
from likeness.core.backoff import Backoff
from likeness.core.chain import Link
from likeness.edges.verifier import CarrierVerifier
from likeness.errors import Untrusted
from scale import fleet
from scale.ahead import Life
from scale.line import Closed, Line
from scale.mqtt5 import Message

VERIFIED = 16  # of so many terminals one checks the signatures of its receipts
WINDOW = 20  # of the whole line, as paho is handed; the outbox keeps to 16 of them
KEEPALIVE_S = 30
WILL_DELAY_S = 15


@dataclass(slots=True)
class Times:
    """One record's way, in seconds of the monotonic clock; 0: not yet."""

    made: float
    acknowledged: float = 0.0  # by the broker: its first PUBACK
    receipted: float = 0.0  # by the carrier, signed


@dataclass(frozen=True, slots=True)
class Shared:
    """What all terminals of a process have in common.

    Attributes:
        port: of the broker, on this machine.
        seed: of what they say of themselves.
        choose: gives 0 … 1, for the jitter.
        retry_s: the shortest and the longest wait before a terminal comes back.
        keys: the folder with the carrier's public keys.
        counts: what happened, of all terminals.
    """

    port: int
    seed: int
    choose: Callable[[], float]
    retry_s: tuple[float, float]
    keys: Path
    counts: Counter[str] = field(default_factory=Counter)


class Terminal:
    """One of them: makes its records in order, and forgets none without a receipt."""

    def __init__(self, life: Life, shared: Shared) -> None:
        self.life = life
        self.times: list[Times] = []  # of what was made, by seq
        self._hashes: list[str] = []
        self._shared = shared
        self._outbox = outbox.Outbox([], shared.choose)
        self._soon = Backoff(*shared.retry_s, shared.choose)
        self._line: Line | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._shows = fleet.make_up(life.number, shared.seed)
        *self._introduction, self._telemetry = self._shows.messages
        self._verifier = self._make_verifier()

    @property
    def is_up(self) -> bool:
        """Whether its line stands."""
        return self._line is not None

    @property
    def waiting(self) -> int:
        """How many records have no receipt."""
        return self._outbox.waiting

    @property
    def is_dry(self) -> bool:
        """Whether it has made all that was made ahead."""
        return len(self.times) == len(self.life.records)

    def make(self) -> None:
        """Make the next record: from now on it must not be lost."""
        seq = len(self.times)
        self._hashes.append(jws.chain_hash(self.life.records[seq]))
        self.times.append(Times(time.monotonic()))
        self._step(outbox.Stored(Link(self.life.epoch, seq, self._hashes[seq])))

    async def live(self) -> None:
        """Hold the line until cancelled, as the real one does."""
        while True:
            try:
                lost = await self._come_up()
            except Closed:
                self._shared.counts["connect_failed"] += 1
            else:
                await lost
                self._shared.counts["line_lost"] += 1
            await asyncio.sleep(self._soon.next_s())

    def say_telemetry(self) -> None:
        """Say how it is, and that it is there."""
        if self._line is not None:
            self._shared.counts["telemetry"] += 1
            self._line.send(self._telemetry)
            self._line.ping()

    # --- the line -------------------------------------------------------------------
    async def _come_up(self) -> asyncio.Future[None]:
        """Connect; return what is done when the line is lost."""
        lost_word = messages.Status(status="lost", boot=self._shows.boot)
        will = Message(self._topic("status"), messages.to_json(lost_word), retain=True)
        line = await Line.open(
            "127.0.0.1",
            self._shared.port,
            self.life.device,
            will=will,
            will_delay_s=WILL_DELAY_S,
            keepalive_s=KEEPALIVE_S,
            window=WINDOW,
        )
        lost = asyncio.get_running_loop().create_future()
        line.lost = partial(self._went_down, lost)
        line.heard = self._hear
        await line.subscribe(self._topic("receipt"))
        if not line.is_up:
            raise Closed("the line was lost as it came up")
        self._soon.reset()
        self._line = line
        for message in self._introduction:
            line.send(message)
        line.send(Message(self._topic("ask"), self.life.anchor))
        self._step(outbox.Online())
        return lost

    def _went_down(self, lost: asyncio.Future[None]) -> None:
        if self._line is not None:
            self._line = None
            self._step(outbox.Offline())
        if not lost.done():
            lost.set_result(None)

    def _hear(self, message: Message) -> None:
        try:
            receipt = self._read(message.payload)
        except (Untrusted, msgspec.MsgspecError):
            self._shared.counts["bad_receipt"] += 1
            return
        if isinstance(receipt, messages.Refusal):
            self._shared.counts[f"refused_{receipt.reason}"] += 1
            return
        known = receipt.epoch == self.life.epoch and receipt.upto < len(self._hashes)
        kept = self._hashes[receipt.upto] if known else ""
        upto = Link(receipt.epoch, receipt.upto, receipt.head)
        self._step(outbox.Receipted(upto, kept))

    def _read(self, token: bytes) -> messages.Receipt | messages.Refusal:
        """Check all of it, or, for most, all but the signature."""
        if self._verifier is not None:
            self._shared.counts["verified"] += 1
            return self._verifier.receipt(token, int(time.time()))
        payload = jws.decode(token.split(b".")[1].decode("ascii"))
        receipt = msgspec.json.decode(payload, type=messages.Receipt)
        if receipt.aud != self.life.device:
            raise Untrusted("for another terminal")
        return receipt

    # --- the outbox -----------------------------------------------------------------
    def _step(self, event: outbox.Event) -> None:
        now = time.monotonic()
        for effect in self._outbox.handle(event, now):
            match effect:
                case outbox.Send(_, seq):
                    self._send(seq)
                case outbox.Forget(_, upto):
                    for times in self.times[: upto + 1]:
                        times.receipted = times.receipted or now
                case outbox.Report(trouble):
                    self._shared.counts[trouble] += 1
                case outbox.SetAside() | outbox.BeginEpoch():
                    self._shared.counts[type(effect).__name__] += 1
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if (deadline := self._outbox.deadline) is not None:
            loop = asyncio.get_running_loop()  # whose clock is the monotonic one
            self._timer = loop.call_at(deadline, self._step, outbox.TimePassed())

    def _send(self, seq: int) -> None:
        if self._line is None:
            return  # lost in the middle of a step; what follows is Offline
        self._shared.counts["sent"] += 1
        message = Message(self._topic("result"), self.life.records[seq])
        if not self._line.send(message, partial(self._acknowledged, seq)):
            raise AssertionError("the outbox sends more than its window")

    def _acknowledged(self, seq: int, code: int) -> None:
        times = self.times[seq]
        times.acknowledged = times.acknowledged or time.monotonic()
        self._step(outbox.Acknowledged(self.life.epoch, seq, code))

    def _topic(self, leaf: str) -> str:
        return messages.topic(self.life.device, leaf)

    def _make_verifier(self) -> CarrierVerifier | None:
        if self.life.number % VERIFIED:
            return None
        return CarrierVerifier(
            self.life.device,
            receipt_key=self._shared.keys / "receipt.jwk",
            visit_key=self._shared.keys / "visit.jwk",
        )
