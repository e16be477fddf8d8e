"""Small plots as SVG, drawn here: no library, no style and no script in them.

Colours come from the page's own style sheet, by class. Each plot says in words what it
shows. Leaves to others: what is plotted.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 320, 72, 6
EFFECT_AT_MOST = 2.0


@dataclass(frozen=True, slots=True)
class Point:
    """A value over time, and between what it lies."""

    at: float
    value: float
    low: float
    high: float


def over_time(points: Sequence[Point], name: str) -> Markup:
    """Return a line with its band; `name` says what it is."""
    if len(points) < 2:  # noqa: PLR2004 - a line needs two
        return Markup("")
    lowest = min(point.low for point in points)
    highest = max(point.high for point in points)
    begin, end = points[0].at, points[-1].at

    def place(at: float, value: float) -> str:
        x = EDGE + (at - begin) / (end - begin) * (WIDTH - 2 * EDGE)
        span = (highest - lowest) or 1.0
        y = HEIGHT - EDGE - (value - lowest) / span * (HEIGHT - 2 * EDGE)
        return f"{x:.1f},{y:.1f}"

    line = " ".join(place(point.at, point.value) for point in points)
    band = " ".join(
        [
            *(place(point.at, point.high) for point in points),
            *(place(point.at, point.low) for point in reversed(points)),
        ]
    )
    said = (
        f"{name}: from {points[0].value:.3f} to {points[-1].value:.3f},"
        f" between {lowest:.3f} and {highest:.3f}"
    )
    return Markup(
        '<svg class="plot" role="img" viewBox="0 0 {} {}" aria-label="{}">'
        '<polygon class="band" points="{}"/><polyline class="line" points="{}"/></svg>'
    ).format(WIDTH, HEIGHT, said, band, line)


def effect(value: float, error: float) -> Markup:
    """Return a mark on a scale from -2 to 2 deviations, with twice its error."""

    def x(of: float) -> float:
        held = max(-EFFECT_AT_MOST, min(EFFECT_AT_MOST, of))
        return 60 + held / EFFECT_AT_MOST * 54

    return Markup(
        '<svg class="effect" viewBox="0 0 120 16" aria-hidden="true">'
        '<line class="zero" x1="60" x2="60" y1="1" y2="15"/>'
        '<line class="error" x1="{:.1f}" x2="{:.1f}" y1="8" y2="8"/>'
        '<circle class="mark-point" cx="{:.1f}" cy="8" r="3.5"/></svg>'
    ).format(x(value - 2 * error), x(value + 2 * error), x(value))


def shares(parts: Sequence[tuple[str, float]]) -> Markup:
    """Return a bar of parts that make up one whole; each part's name is its class."""
    pieces, x = [], 0.0
    for name, share in parts:
        pieces.append(
            Markup('<rect class="{}" x="{:.2f}" y="0" width="{:.2f}" height="8"/>')
            .format(name, x * 100, share * 100)
        )  # fmt: skip
        x += share
    return Markup(
        '<svg class="shares" viewBox="0 0 100 8" preserveAspectRatio="none"'
        ' aria-hidden="true">{}</svg>'
    ).format(Markup("").join(pieces))
