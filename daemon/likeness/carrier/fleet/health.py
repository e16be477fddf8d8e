"""Biometric figures of the fleet and of each camera, from the figures of hours.

Whole days are kept in memory, and a day is read again when one of its hours was made
anew. A rate or a mean of fewer than `LEAST` results is not shown: it would say little
of the camera and something of a person. Leaves to others: hours (`hours`), the
measure of drift (`core.drift`), pages.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from likeness.carrier.fleet.tables import hours, reasons
from likeness.core.drift import Drift, Sums, drifts
from likeness.core.intervals import clopper_pearson
from likeness.core.vocabulary import Verdict

HOURS = 24
DAYS = 7  # before today: of rates, and of drift
PLOT_DAYS = 28
LEAST = 20  # results behind anything that is shown
SCORES = ("match", "passive")
MOST_REASONS = 12


@dataclass(frozen=True, slots=True)
class Figures:
    """Results of some time."""

    verdicts: Mapping[str, int] = field(default_factory=dict)
    match: Sums = Sums()  # noqa: RUF009 - frozen, and the same for all
    passive: Sums = Sums()  # noqa: RUF009

    def __add__(self, other: "Figures") -> "Figures":
        """Return both together."""
        names = {*self.verdicts, *other.verdicts}
        return Figures(
            {
                name: self.verdicts.get(name, 0) + other.verdicts.get(name, 0)
                for name in names
            },
            self.match + other.match,
            self.passive + other.passive,
        )

    @property
    def results(self) -> int:
        """How many there are."""
        return sum(self.verdicts.values())


@dataclass(frozen=True, slots=True)
class Rate:
    """How often, of how many, and within what (95 %, Clopper & Pearson)."""

    count: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """What was counted."""
        return self.count / self.of


def rates(figures: Figures) -> dict[str, Rate] | None:
    """Return the rate of each verdict; None: there are too few results to tell."""
    total = figures.results
    if total < LEAST:
        return None
    counts = {str(one): figures.verdicts.get(one, 0) for one in Verdict}
    return {
        name: Rate(count, total, *clopper_pearson(count, total))
        for name, count in counts.items()
    }


@dataclass(frozen=True, slots=True)
class View:
    """What pages show of it."""

    today: int = 0  # day since 1970
    fleet: Figures = Figures()
    daily: tuple[tuple[int, Figures], ...] = ()  # of the fleet; day since 1970
    reasons: tuple[tuple[str, int], ...] = ()
    terminals: Mapping[str, Figures] = field(default_factory=dict)
    match: Mapping[str, Drift] = field(default_factory=dict)
    passive: Mapping[str, Drift] = field(default_factory=dict)

    def drifting(self) -> dict[str, tuple[str, ...]]:
        """Return whose scores stand apart, and which."""
        found: dict[str, tuple[str, ...]] = {}
        for score, known in zip(SCORES, (self.match, self.passive), strict=True):
            for device, drift in known.items():
                if drift.stands_apart:
                    found[device] = (*found.get(device, ()), score)
        return found


class Health:
    """The figures of the last days, of each terminal."""

    def __init__(self) -> None:
        self._days: dict[int, dict[str, Figures]] = {}

    def read(self, db: sa.Connection, today: int, changed: Iterable[int]) -> View:
        """Bring the days up to date; `changed` are days that were made anew."""
        wanted = range(today - DAYS, today + 1)
        for day in [day for day in self._days if day not in wanted]:
            del self._days[day]
        stale = set(changed)
        for day in wanted:
            if day not in self._days or day in stale:
                self._days[day] = _day(db, day)
        total: dict[str, Figures] = {}
        for day in wanted:
            for device, figures in self._days[day].items():
                before = total.get(device)
                total[device] = figures if before is None else before + figures
        return View(
            today=today,
            fleet=sum_of(total.values()),
            daily=tuple(by_day(db, today)),
            reasons=tuple(of_reasons(db, today)),
            terminals=total,
            match=drifts({name: one.match for name, one in total.items()}),
            passive=drifts({name: one.passive for name, one in total.items()}),
        )


def sum_of(many: Iterable[Figures]) -> Figures:
    """Add up."""
    verdicts: dict[str, int] = {}
    sums = {score: [0, 0, 0] for score in SCORES}
    for one in many:
        for name, count in one.verdicts.items():
            verdicts[name] = verdicts.get(name, 0) + count
        for score, found in zip(SCORES, (one.match, one.passive), strict=True):
            total = sums[score]
            total[0] += found.count
            total[1] += found.total
            total[2] += found.squares
    return Figures(verdicts, Sums(*sums["match"]), Sums(*sums["passive"]))


def by_day(
    db: sa.Connection, today: int, device: str = ""
) -> list[tuple[int, Figures]]:
    """Return the figures of each day of the last weeks, of one terminal or of all.

    Without squares: those of a large fleet's day are no whole number of 64 bits.
    """
    day = hours.c.hour // HOURS  # one expression: PostgreSQL must see that it is one
    query = (
        sa.select(day.label("day"), hours.c.verdict, *_summed(squares=False))
        .where(hours.c.hour >= (today - PLOT_DAYS) * HOURS)
        .group_by(day, hours.c.verdict)
    )
    if device:
        query = query.where(hours.c.device == device)
    found: dict[int, Figures] = {}
    for row in db.execute(query):
        found[row.day] = found.get(row.day, Figures()) + _figures(row)
    return sorted(found.items())


def of_reasons(
    db: sa.Connection, today: int, device: str = ""
) -> list[tuple[str, int]]:
    """Return the most frequent reasons of the last days, of one terminal or of all."""
    count = sa.func.sum(reasons.c.results)
    query = (
        sa.select(reasons.c.reason, count)
        .where(reasons.c.hour >= (today - DAYS) * HOURS)
        .group_by(reasons.c.reason)
        .order_by(count.desc(), reasons.c.reason)
        .limit(MOST_REASONS)
    )
    if device:
        query = query.where(reasons.c.device == device)
    return [(reason, int(many)) for reason, many in db.execute(query)]


def _day(db: sa.Connection, day: int) -> dict[str, Figures]:
    query = (
        sa.select(hours.c.device, hours.c.verdict, *_summed())
        .where(hours.c.hour.between(day * HOURS, (day + 1) * HOURS - 1))
        .group_by(hours.c.device, hours.c.verdict)
    )
    found: dict[str, Figures] = {}
    for row in db.execute(query):
        before, figures = found.get(row.device), _figures(row)
        found[row.device] = figures if before is None else before + figures
    return found


def _summed(*, squares: bool = True) -> list[sa.ColumnElement[Any]]:
    names = ["results", *(f"{s}_{word}" for s in SCORES for word in ("count", "sum"))]
    added = [f"{score}_squares" for score in SCORES]
    none = [] if squares else [sa.literal(0).label(name) for name in added]
    summed = [*names, *(added if squares else ())]
    return [*(sa.func.sum(hours.c[name]).label(name) for name in summed), *none]


# Any: a row with these columns; PostgreSQL adds whole numbers up to decimals.
def _figures(row: Any) -> Figures:
    return Figures(
        {row.verdict: int(row.results)},
        Sums(int(row.match_count), int(row.match_sum), int(row.match_squares)),
        Sums(int(row.passive_count), int(row.passive_sum), int(row.passive_squares)),
    )
