"""Messages of every topic for a terminal: its real ears, with a real store.

Leaves to others: the messages (`tokens`), orders (`order_targets`), the carrier.
"""

import asyncio
import contextlib
import json
import logging
from pathlib import Path
from typing import Any

from deliveries import DEVICE, Script
from fuzz import tokens
from fuzz.engine import Subject, Target, without_values
from fuzz.mutate import Dice, Mutate
from fuzz.tokens import Resigned
from likeness.core import jws, messages
from likeness.core.line import Arrived
from likeness.core.vocabulary import Purpose
from likeness.edges.signer import FileSigner
from likeness.edges.verifier import CarrierVerifier
from likeness.service.delivery import Delivery
from likeness.service.timekeeping import Timekeeping
from results import ACCEPTED, FixedClock, bench

LEAVES = ("receipt", "visit", "cmd", "desired", "result", "ask", "nothing")


class Heard(logging.Handler):
    """Reads every line of the log, as a journal would; keeps the last reason."""

    def __init__(self) -> None:
        super().__init__()
        self.why = ""

    def emit(self, record: logging.LogRecord) -> None:
        line = record.getMessage()
        if "why=" in line:
            self.why = line.partition("why=")[2]


@contextlib.contextmanager
def listening() -> Any:
    """Format what is logged, and show it to nobody."""
    root, heard = logging.getLogger("likeness"), Heard()
    before = (root.level, root.propagate)
    root.addHandler(heard)
    root.setLevel(logging.DEBUG)
    root.propagate = False
    try:
        yield heard
    finally:
        root.removeHandler(heard)
        root.setLevel(before[0])
        root.propagate = before[1]


# --- the terminal -------------------------------------------------------------------
class Terminal:
    """The real way of delivery with a real store, on a loop of its own."""

    def __init__(self, folder: Path) -> None:
        self.near = bench(folder, clock=FixedClock())
        self._loop = asyncio.new_event_loop()
        self._exit = contextlib.ExitStack()
        self._heard: Heard = self._exit.enter_context(listening())
        self._loop.run_until_complete(self._open())

    async def _open(self) -> None:
        near = self.near
        await near.store.open()
        for _ in range(3):
            await near.record(ACCEPTED)
        self.way = Delivery(
            device=DEVICE,
            store=near.store,
            broker=Script(),
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=near.keys.public("receipt"),
                visit_key=near.keys.public("visit"),
            ),
            notary=near.notary,
            clock=_NoTime(),
            time=Timekeeping(FixedClock()),
            choose=lambda: 0.5,
            telemetry_every_s=3600.0,
        )
        self.task = asyncio.create_task(self.way.run())
        await asyncio.sleep(0.05)
        self.newest = await near.store.newest()

    def try_one(self, data: bytes) -> str:
        self.way.ask_visit(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
        leaf = LEAVES[data[0] % len(LEAVES)] if data else "nothing"
        return self._loop.run_until_complete(self._hear(leaf, data[1:]))

    async def _hear(self, leaf: str, payload: bytes) -> str:
        before = self.way.counts["dropped"]
        topic = messages.topic(DEVICE, leaf)
        await self.way._hear(Arrived(topic, payload))
        if self.task.done():
            self.task.result()  # whatever ended it is what we look for
            raise AssertionError("delivery has ended")
        if self.way.counts["dropped"] > before:
            return f"refused Untrusted: {without_values(self._heard.why)}"
        return f"heard {leaf}"

    def close(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self.task)
        self._loop.run_until_complete(self.near.store.close())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()
        self._exit.close()


class _NoTime:
    """A clock that stands still: no deadline ever comes."""

    def now(self) -> float:
        return 0.0


def _terminal(folder: Path) -> Subject:
    far = Terminal(folder)
    said = tokens.from_carrier(far.near, far.newest, far.near.store.epoch)
    commitment = jws.encode(b"c" * 32)
    visit = json.loads(jws.decode(said["visit"][0].split(b".")[1].decode()))
    key = FileSigner(far.near.keys.private("visit"))
    said["visit"].append(
        tokens.signed_by(key, visit | {"commitment": commitment}, messages.VISIT)
    )
    seeds = [
        bytes([LEAVES.index(leaf)]) + one for leaf, many in said.items() for one in many
    ]
    names = ("receipt", "visit", "command")
    signers = [FileSigner(far.near.keys.private(name)) for name in names]
    resigned = Resigned({one.kid: one for one in signers})
    return Subject(seeds, behind_a_byte(resigned), far.try_one, far.close)


def behind_a_byte(inner: Mutate) -> Mutate:
    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        first = data[:1] if dice.random() < 0.95 else bytes([dice.randrange(8)])
        return first + inner(dice, data[1:], other[1:])

    return mutate


TARGETS = (Target("terminal hears", _terminal, share=2, renew_every=3000),)
