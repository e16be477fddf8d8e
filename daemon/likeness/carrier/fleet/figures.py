"""Which figures of cameras are shown, and as which plots: never of few results.

Leaves to others: the figures (`health`), drawing (`plots`), pages.
"""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import plots as fleet_plots
from likeness.carrier.fleet.health import Figures, Rate, View
from likeness.core.drift import Drift

MOST_CAMERAS = 50


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot, with its name and between what its values lie, in words."""

    name: str
    span: str
    svg: Markup


def plots(days: Sequence[tuple[int, Figures]], whose: str) -> list[Plot]:
    """Return the plots of a time: rates with their intervals, and mean scores."""
    joined = enough(days)
    rated = [(day, fleet_health.rates(figures)) for day, figures in joined]
    found = []
    for verdict in ("accepted", "refused", "referred"):
        points = [_rate_point(day, one[verdict]) for day, one in rated if one]
        found.append(_plot(verdict, points, whose, percent))
    for score in fleet_health.SCORES:
        sums = [(day, getattr(figures, score)) for day, figures in joined]
        points = [
            fleet_plots.Point(day, one.mean, one.mean, one.mean)
            for day, one in sums
            if one.count >= fleet_health.LEAST
        ]
        found.append(_plot(f"{score} score", points, whose, "{:.3f}".format))
    return [plot for plot in found if plot.svg]


def _plot(
    name: str,
    points: Sequence[fleet_plots.Point],
    whose: str,
    said: Callable[[float], str],
) -> Plot:
    low = min((point.low for point in points), default=0.0)
    high = max((point.high for point in points), default=0.0)
    svg = fleet_plots.over_time(points, f"{name} {whose}")
    return Plot(name, f"{said(low)} to {said(high)}", svg)


@dataclass(frozen=True, slots=True)
class Compared:
    """One score of one camera against the fleet's."""

    device: str
    score: str
    drift: Drift


def apart(view: View) -> list[Compared]:
    """Return the cameras that differ most from the others; who stands apart first."""
    known = (("match", view.match), ("passive", view.passive))
    all_of_them = [
        Compared(device, score, drift)
        for score, drifts in known
        for device, drift in drifts.items()
    ]
    return heapq.nsmallest(
        MOST_CAMERAS,
        all_of_them,
        key=lambda one: (
            not one.drift.stands_apart,
            -abs(one.drift.z),
            one.device,
            one.score,
        ),
    )


def enough(days: Sequence[tuple[int, Figures]]) -> list[tuple[int, Figures]]:
    """Join days with those that follow until there are enough results to show."""
    found: list[tuple[int, Figures]] = []
    gathered = Figures()
    for day, figures in days:
        gathered = gathered + figures
        if gathered.results >= fleet_health.LEAST:
            found.append((day, gathered))
            gathered = Figures()
    return found


def bar(figures: Figures) -> Markup:
    """Return the verdicts as parts of one bar."""
    total = figures.results
    if total < fleet_health.LEAST:
        return Markup("")
    parts = [
        (name, figures.verdicts.get(name, 0) / total)
        for name in ("accepted", "referred", "refused")
    ]
    return fleet_plots.shares(parts)


def percent(value: float) -> str:
    """Return a share."""
    return f"{value * 100:.1f} %"


def _rate_point(day: int, rate: Rate) -> fleet_plots.Point:
    return fleet_plots.Point(day, rate.share, rate.low, rate.high)
