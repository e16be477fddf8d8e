"""The simulated fleet and the real far side together, phase by phase.

A phase is a span of time with its figures: what was made in it, how long that took to
be acknowledged and receipted, what each program cost. Leaves to others: the phases'
order and the command line (`run`), whether all is there (`judge`).
"""

import contextlib
import logging
import multiprocessing
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Self, TypeVar

from processes import happens
from scale import ahead, cost, floor
from scale.cost import Cost
from scale.floor import Begin, Connect, Count, End, Finish, Order, Spec, Standing, Told
from scale.stage import Stage

log = logging.getLogger(__name__)

CONTEXT = multiprocessing.get_context("spawn")
STARTS_WITHIN_S = 60.0
LOOKS_EVERY_S = 0.1
TELLS_EVERY_S = 10.0
Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Phase:
    """One span of the monotonic clock; the costs are those of this span alone."""

    name: str
    began_s: float
    ended_s: float
    cpu_s: Mapping[str, float]
    memory_kib: Mapping[str, int]

    @property
    def lasted_s(self) -> float:
        """Its length."""
        return self.ended_s - self.began_s


class Show:
    """Holds the processes of the terminals beside a stage."""

    def __init__(self, stage: Stage, made: Path, plan: ahead.Plan, floors: int) -> None:
        self.stage = stage
        self.phases: list[Phase] = []
        each = -(-plan.terminals // floors)
        self._specs = [
            Spec(
                folder=str(made),
                port=stage.broker.port,
                first=first,
                until=min(first + each, plan.terminals),
                seed=plan.seed,
            )
            for first in range(0, plan.terminals, each)
        ]
        self._floors: list[_Process] = []

    def __enter__(self) -> Self:
        if not happens(lambda: self.stage.is_ready, STARTS_WITHIN_S):
            raise AssertionError("the ingests do not come up; see their logs")
        self._floors = [_Process(spec) for spec in self._specs]
        return self

    def __exit__(self, *_fault: object) -> None:
        for each in self._floors:
            each.end()

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Take the figures of a block."""
        log.info("phase=%r", name)
        before, began_s = self._costs(), time.monotonic()
        yield
        after, ended_s = self._costs(), time.monotonic()
        self.phases.append(
            Phase(
                name,
                began_s,
                ended_s,
                {
                    one: _spent(before.get(one, Cost()), now)
                    for one, now in after.items()
                },
                {one: now.memory_kib for one, now in after.items()},
            )
        )

    def connect(self, spread_s: float) -> None:
        """Let all come up; see `up_and_idle`."""
        self._order(Connect(spread_s))

    def begin(self, per_s: float) -> None:
        """Let visitors come, so many a second over the whole fleet."""
        self._order(Begin(per_s / len(self._floors)))

    def end(self) -> None:
        """Let no more come."""
        self._order(End())

    def standing(self) -> Standing:
        """Say how it stands, in sum."""
        said = [each.ask(Count(), Standing) for each in self._floors]
        return Standing(
            sum(one.up for one in said),
            sum(one.waiting for one in said),
            sum(one.made for one in said),
        )

    def up_and_idle(self, within_s: float) -> bool:
        """Wait until each terminal has its line and all its receipts."""
        until_s = time.monotonic() + within_s
        terminals = sum(one.until - one.first for one in self._specs)
        told_s = time.monotonic()
        while (now := self.standing()).up < terminals or now.waiting:
            if time.monotonic() > until_s:
                return False
            if time.monotonic() > told_s + TELLS_EVERY_S:
                told_s = time.monotonic()
                log.info("up=%d of=%d waiting=%d", now.up, terminals, now.waiting)
            time.sleep(LOOKS_EVERY_S)
        return True

    def finish(self) -> list[Told]:
        """Let the terminals tell all, and end."""
        return [each.ask(Finish(), Told) for each in self._floors]

    def _order(self, order: Order) -> None:
        for each in self._floors:
            each.tell(order)

    def _costs(self) -> Mapping[str, Cost]:
        ours = [cost.of(each.pid) for each in self._floors]
        simulator = Cost(
            sum(one.cpu_s for one in ours), sum(one.memory_kib for one in ours)
        )
        return {**self.stage.costs(), "simulator": simulator}


def _spent(before: Cost, now: Cost) -> float:
    """Return the seconds in between; who was started anew has begun at 0."""
    anew = now.cpu_s < before.cpu_s
    return now.cpu_s if anew else now.cpu_s - before.cpu_s


@dataclass(slots=True)
class _Process:
    """One floor, and the pipe to it."""

    spec: Spec
    _pipe: "Connection[Order, object]" = field(init=False)
    _process: multiprocessing.process.BaseProcess = field(init=False)

    def __post_init__(self) -> None:
        self._pipe, theirs = CONTEXT.Pipe()
        self._process = CONTEXT.Process(target=floor.main, args=(self.spec, theirs))
        self._process.start()

    @property
    def pid(self) -> int:
        """Its process."""
        assert self._process.pid is not None, "it was started"
        return self._process.pid

    def tell(self, order: Order) -> None:
        """Give an order."""
        self._pipe.send(order)

    def ask(self, order: Order, kind: type[Answer]) -> Answer:
        """Give an order and wait for what it brings."""
        self._pipe.send(order)
        answer = self._pipe.recv()
        assert isinstance(answer, kind)
        return answer

    def end(self) -> None:
        """End it, however it stands."""
        self._process.join(1.0)
        self._process.kill()
        self._process.join()
