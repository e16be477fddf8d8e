"""Orders as they come: commands and desired configurations, up to what they set off.

What is tried is the real obeying and the real taking, with a real store and ledger; the
visits, the log and the deeds are stand-ins. Leaves to others: tokens.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from deliveries import DEVICE
from fuzz import tokens
from fuzz.engine import Subject, Target
from fuzz.mutate import Dice, Mutate, json_bytes
from fuzz.tokens import NOW, Resigned
from likeness.carrier import ordering
from likeness.carrier.settings import Settings
from likeness.core import jws, messages, orders
from likeness.core.chain import Link
from likeness.core.line import Arrived
from likeness.edges.desired_file import DesiredFile
from likeness.edges.signer import FileSigner
from likeness.edges.verifier import CarrierOrders
from likeness.errors import ConfigError, Restarting, Untrusted
from likeness.service.commanding import Commanding, Deed
from likeness.service.desiring import Desiring, Standing, Use, at_once
from likeness.service.timekeeping import Timekeeping
from results import EPOCH, Bench, FixedClock, bench
from signed_orders import Levels, Post, Shop

EACH_S = 10.0  # between two orders, so that no brake is ever full
TURNS = 12  # of the loop, until nothing is left to do


class _SteppedClock:
    """It goes on with each input, so that no brake holds for ever."""

    def __init__(self) -> None:
        self.now_s = 1.0

    def now(self) -> float:
        return self.now_s


class Obedient:
    """One terminal that obeys and takes; it is begun anew when it wants to restart."""

    def __init__(self, folder: Path) -> None:
        self.near: Bench = bench(folder, clock=FixedClock())
        self._folder = folder
        self._loop = asyncio.new_event_loop()
        self._loop.run_until_complete(self.near.store.open())
        self._verifier = CarrierOrders(self.near.keys.public("command"))
        self._time = Timekeeping(FixedClock())
        self._clock = _SteppedClock()
        self._tasks: list[asyncio.Future[None]] = []
        self._begin()

    def _begin(self) -> None:
        """Start as the daemon would; a tenth of its memory is enough here."""
        self.post = Post()
        shop = Shop()
        self.commanding = Commanding(
            device=DEVICE,
            verifier=self._verifier,
            notary=self.near.notary,
            memory=self.near.store,
            time=self._time,
            epoch=lambda: EPOCH,
            clock=self._clock,
            visits=shop,
            journal=Levels(),
            deeds=dict.fromkeys(orders.ACTIONS.values(), _deed()),
            say=self.post,
        )
        self.desiring = Desiring(
            device=DEVICE,
            standing=Standing(None),
            file=DesiredFile(self._folder),
            verifier=self._verifier,
            time=self._time,
            clock=self._clock,
            visits=shop,
            fits=_fits,
            fetch=_fetch,
            running=dict,
            unmet=str,
            say=self.post,
        )
        jobs: tuple[Awaitable[None], ...] = (self.commanding.run(), self.desiring.run())
        self._tasks = [asyncio.ensure_future(one, loop=self._loop) for one in jobs]

    def try_one(self, data: bytes) -> str:
        leaf = "desired" if data[:1] == b"d" else "cmd"
        return self._loop.run_until_complete(self._hear(leaf, data[1:]))

    async def _hear(self, leaf: str, payload: bytes) -> str:
        ears = self.desiring if leaf == "desired" else self.commanding
        message = Arrived(messages.topic(DEVICE, leaf), payload, 0, b"c")
        self._clock.now_s += EACH_S
        before = len(self.post.messages)
        ears.hear(message)
        for _ in range(TURNS):
            await asyncio.sleep(0.0005)
            if len(self.post.messages) > before:
                break
        said = [one[0] for one in self.post.messages[before:]]
        if any(task.done() for task in self._tasks):
            await self._end()
            self._begin()
            return f"{leaf} restarts"
        del self.post.messages[:]
        return f"{leaf} {' '.join(said)}"

    async def _end(self) -> None:
        """End both; what ended one by itself must be the wish to restart."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                try:
                    await task
                except* Restarting:
                    pass

    def close(self) -> None:
        self._loop.run_until_complete(self._end())
        self._loop.run_until_complete(self.near.store.close())
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()


def _deed() -> Deed:
    async def done() -> dict[str, Any]:
        return {"done": 1}

    return done


def _fits(overrides: orders.Overrides) -> None:
    if overrides.profile not in (None, "standard", "strict"):
        raise ConfigError(f"no profile '{overrides.profile}'")


async def _fetch(_bundle: orders.Bundle) -> Use:
    return at_once


def _orders(folder: Path) -> Subject:
    far = Obedient(folder)
    said = tokens.from_carrier(far.near, Link(EPOCH, 1, "h" * 43), EPOCH)
    seeds = [b"c" + one for one in said["cmd"]] + [
        b"d" + one for one in said["desired"]
    ]
    names = ("receipt", "visit", "command")
    signers = [FileSigner(far.near.keys.private(name)) for name in names]
    # Mostly the right key: nothing is heard from another.
    resigned = Resigned({one.kid: one for one in signers})
    return Subject(seeds, _behind(resigned), far.try_one, far.close)


def _behind(inner: Mutate) -> Mutate:
    return lambda dice, data, other: data[:1] + inner(dice, data[1:], other[1:])


# --- what the carrier hears back ----------------------------------------------------
def _answers(folder: Path) -> Subject:
    """A birth, what was reported, a reply: the first byte says which."""
    near = bench(folder)
    token = tokens.from_carrier(near, Link(EPOCH, 1, "h" * 43), EPOCH)["cmd"][0]
    reply = {
        "iss": DEVICE,
        "jti": "r",
        "iat": NOW,
        "command": "c",
        "of": jws.chain_hash(token),
        "outcome": "done",
        "result": {"a": 1},
    }
    whole = tokens.signed_by(near.signer, reply, messages.REPLY)
    reported = b'{"version":1,"state":"applied","running":{"software":"0.1.0"}}'
    birth = b'{"epoch":"' + EPOCH.encode() + b'","software":"0.1.0"}'
    resigned = Resigned({near.signer.kid: near.signer})
    settings = Settings(
        keys=str(near.keys.carrier),
        database=str(folder / "carrier.db"),
        environment="test",
    )
    far = ordering.Ordering(settings)
    readers: dict[bytes, Callable[[bytes], object]] = {
        b"b": lambda text: ordering._epoch(Arrived("t", text)),
        b"s": lambda text: messages.from_json(text, orders.Reported),
        b"r": lambda text: far._far._reply(DEVICE, token.decode(), text),
    }

    def run(data: bytes) -> str:
        found = readers.get(data[:1], readers[b"b"])(data[1:])
        return f"heard {data[:1]!r}" if found is not None else "refused Answer:"

    def mutate(dice: Dice, data: bytes, other: bytes) -> bytes:
        if data[:1] == b"r":
            return data[:1] + resigned(dice, data[1:], other[1:])
        return data[:1] + json_bytes(dice, data[1:], other[1:])

    seeds = [b"b" + birth, b"s" + reported, b"r" + whole]
    return Subject(seeds, mutate, run, far.close)


TARGETS = (
    Target("orders", _orders, (Untrusted,), share=0.7, renew_every=500),
    Target("answers to orders", _answers, (Untrusted,), share=1, renew_every=3000),
)
