"""One process full of simulated terminals, told by its maker what to do.

Orders come over a pipe; `Count` is answered by `Standing`, `Finish` by `Told`. Leaves
to others: what a terminal does (`terminals`).
"""

import asyncio
import gc
import random
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from scale import ahead
from scale.terminals import Shared, Terminal, Times

TELEMETRY_S = 30.0


class Spec(msgspec.Struct, frozen=True, kw_only=True):
    """Which terminals a process holds, and how they live."""

    folder: str  # made ahead
    port: int
    first: int
    until: int
    seed: int
    retry_s: tuple[float, float] = (1.0, 120.0)  # as config.Mqtt


@dataclass(frozen=True, slots=True)
class Connect:
    """Come up, spread over so many seconds; each has its epoch record to deliver."""

    spread_s: float


@dataclass(frozen=True, slots=True)
class Begin:
    """From now on visits end, so many a second in all, at random."""

    per_s: float


@dataclass(frozen=True, slots=True)
class End:
    """No more visits."""


@dataclass(frozen=True, slots=True)
class Count:
    """Say how it stands."""


@dataclass(frozen=True, slots=True)
class Finish:
    """Tell all, and end."""


Order = Connect | Begin | End | Count | Finish


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands now."""

    up: int
    waiting: int
    made: int


@dataclass(frozen=True, slots=True)
class Told:
    """All records by terminal number and seq, with their times; and what happened."""

    times: dict[int, list[Times]]
    counts: dict[str, int]
    dry: int  # terminals that ran out of what was made ahead


class Floor:
    """Lives in a process of its own."""

    def __init__(self, spec: Spec, orders: "Connection[object, Order]") -> None:
        folder = Path(spec.folder)
        self._draw = random.Random(f"{spec.seed}/{spec.first}")  # noqa: S311
        self._shared = Shared(
            port=spec.port,
            seed=spec.seed,
            choose=self._draw.random,
            retry_s=spec.retry_s,
            keys=folder,
        )
        found = ahead.lives(folder, spec.first, spec.until)
        self._terminals = [Terminal(life, self._shared) for life in found]
        self._orders = orders
        self._tasks: set[asyncio.Task[None]] = set()
        self._visits: asyncio.Task[None] | None = None

    async def run(self) -> None:
        """Obey until told to finish."""
        came: asyncio.Queue[Order] = asyncio.Queue()
        loop = asyncio.get_running_loop()
        loop.add_reader(
            self._orders.fileno(), lambda: came.put_nowait(self._orders.recv())
        )
        while not isinstance(order := await came.get(), Finish):
            self._obey(order)
        for task in (*self._tasks, *([self._visits] if self._visits else [])):
            task.cancel()
        self._orders.send(self._told())

    def _obey(self, order: Order) -> None:
        match order:
            case Connect(spread_s):
                # What stands now stays: nobody waits for a collector that looks at it.
                gc.collect()
                gc.freeze()
                for terminal in self._terminals:
                    self._task(self._live(terminal, spread_s * self._draw.random()))
            case Begin(per_s):
                self._visits = asyncio.create_task(self._let_visitors_come(per_s))
            case End():
                assert self._visits is not None, "no visitor comes"
                self._visits.cancel()
                self._visits = None
            case Count():
                ours = self._terminals
                up = sum(one.is_up for one in ours)
                waiting = sum(one.waiting for one in ours)
                made = sum(len(one.times) for one in ours)
                self._orders.send(Standing(up, waiting, made))
            case Finish():
                pass  # the loop has ended

    async def _live(self, terminal: Terminal, after_s: float) -> None:
        await asyncio.sleep(after_s)
        terminal.make()  # a life begins with its epoch record
        self._task(self._tell(terminal))
        await terminal.live()

    async def _tell(self, terminal: Terminal) -> None:
        while True:
            await asyncio.sleep(TELEMETRY_S)
            terminal.say_telemetry()

    async def _let_visitors_come(self, per_s: float) -> None:
        """A Poisson process: what comes together comes together."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        for terminal in self._by_chance():
            due += self._draw.expovariate(per_s)
            await asyncio.sleep(due - loop.time())
            terminal.make()

    def _by_chance(self) -> Iterator[Terminal]:
        while wet := [one for one in self._terminals if not one.is_dry]:
            for _ in wet:
                chosen = self._draw.choice(wet)
                if not chosen.is_dry:
                    yield chosen

    def _task(self, job: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(job)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.result()  # a fault of ours is loud

    def _told(self) -> Told:
        ours = self._terminals
        return Told(
            times={one.life.number: one.times for one in ours},
            counts=dict(self._shared.counts),
            dry=sum(one.is_dry for one in ours),
        )


def main(spec: Spec, orders: "Connection[object, Order]") -> None:
    """Run one; the entry of its process."""

    async def run() -> None:
        await Floor(spec, orders).run()

    asyncio.run(run())
