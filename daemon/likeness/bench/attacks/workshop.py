"""Makes every wanted attack from every genuine visit, skipping what is there and whole.

Leaves to others: each species, and playing what was made.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from likeness import __version__
from likeness.bench.attacks import genuine, storing
from likeness.bench.attacks.attack import Maker
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.line_file import write_whole
from likeness.bench.visit_file import PlannedVisit
from likeness.errors import FeedUnreadable
from likeness.vision.look import Looker

KEPT = 3  # visits in memory at a time


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be made."""

    plans: list[PlannedVisit]
    species: dict[str, Maker]
    per_species: int  # attacks of each species from each visit
    seed: int

    @property
    def count(self) -> int:
        """How many attacks that is."""
        return len(self.plans) * len(self.species) * self.per_species


@dataclass(frozen=True, slots=True)
class Done:
    """One attack, made or not."""

    id: str
    problem: str = ""
    skipped: bool = False


def make(
    order: Order,
    out: Path,
    looker: Looker,
) -> Iterator[Done]:
    """Make the attacks one after the other; say for each what became of it."""
    shelf = _Shelf(order.plans, looker)
    for plan in order.plans:
        for name, number in _wanted(order):
            made_from = _made_from(plan, name, number, order.seed)
            folder = out / name / f"{plan.id.replace('/', '_')}-{number}"
            attack_id = folder.relative_to(out).as_posix()
            if storing.is_whole(folder, made_from):
                yield Done(attack_id, skipped=True)
                continue
            try:
                visit = shelf.read(plan)
                draws = Draws(*made_from.values())
                others = shelf.others(plan, number)
                attack = order.species[name](visit, draws, others)
                storing.write(folder, attack, visit, draws, made_from=made_from)
            except FeedUnreadable as fault:
                yield Done(attack_id, problem=str(fault))
            else:
                yield Done(attack_id)
    _write_index(out, order)


class _Shelf:
    """Reads visits when they are wanted and keeps the last few, for they are large."""

    def __init__(self, plans: list[PlannedVisit], looker: Looker) -> None:
        self._plans = plans
        self._looker = looker
        self._kept: dict[str, Genuine] = {}

    def read(self, plan: PlannedVisit) -> Genuine:
        if plan.id not in self._kept:
            while len(self._kept) >= KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[plan.id] = genuine.read(plan, self._looker)
        return self._kept[plan.id]

    def others(self, plan: PlannedVisit, number: int) -> Iterator[Genuine]:
        """Give visits of other recordings, those after this one in the list first."""
        start = self._plans.index(plan) + 1 + number
        turned = self._plans[start % len(self._plans) :] + self._plans
        for other in turned[: len(self._plans)]:
            if other.video != plan.video:
                with suppress(FeedUnreadable):
                    yield self.read(other)


def _wanted(order: Order) -> Iterator[tuple[str, int]]:
    for name in order.species:
        for number in range(order.per_species):
            yield name, number


def _made_from(
    plan: PlannedVisit, species: str, number: int, seed: int
) -> dict[str, object]:
    return {
        "maker": storing.MAKER,
        "seed": seed,
        "visit": plan.id,
        "species": species,
        "number": number,
    }


def _write_index(out: Path, order: Order) -> None:
    """Say of the whole folder what it is: simulated."""
    made = sorted(
        path.parent.relative_to(out).as_posix() for path in out.glob("*/*/visit.toml")
    )
    index = {
        "simulated": True,
        "software": __version__,
        "seed": order.seed,
        "attacks": made,
    }
    text = json.dumps(index, indent=1) + "\n"
    write_whole(out / "index.json", text)
