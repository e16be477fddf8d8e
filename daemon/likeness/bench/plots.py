"""Draws the curves that the reports share, as SVG that stands within a page.

The same figures give the same bytes. Leaves to others: every figure.
"""

import io
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from likeness.bench.det import NOT_FOUND, Scores

# Two colours that differ in lightness too (Okabe & Ito 2008).
GOOD, BAD = "#0072b2", "#d55e00"
LINES = ("#1b1f24", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
INK, GRID = "#1b1f24", "#d0d7de"
BINS = 50
COSINES = (-0.5, 1.0)  # no pair of faces was seen below
SIZE_IN = (6.4, 3.8)
FEW = 20
MOST_SIGNS = 30  # of a name beside a curve
# No date and no random names; text stays text.
# matplotlib types the keys as some 300 literals, hence Any.
SVG: dict[Any, str] = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
}


def det(curves: Mapping[str, Scores], x: str, y: str) -> str:
    """Return `det_figure` as SVG."""
    return _svg(det_figure(curves, x, y), f"det {x} {y}")


def det_figure(curves: Mapping[str, Scores], x: str, y: str) -> Figure:
    """Draw one error over the other, both logarithmic (ISO/IEC 19795-1).

    `x` names the error of negatives that pass, `y` that of positives that do not.
    A curve without any point where both errors happen says so in the legend.
    """
    figure, axes = _empty(x, y)
    for (name, scores), colour in zip(curves.items(), LINES * 9, strict=False):
        points = [(one, other) for _, one, other in scores.curve() if one and other]
        ends = zip(*points, strict=True) if points else ((), ())
        label = name[:MOST_SIGNS] + ("" if points else ": never both errors")
        # A curve of few files is a few points: they are marked.
        marks = "o" if len(points) <= FEW else ""
        axes.step(*ends, where="post", label=label, color=colour, marker=marks, ms=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlim(_decade(max(one.impostor.size for one in curves.values())), 1)
    axes.set_ylim(_decade(max(one.genuine.size for one in curves.values())), 1)
    axes.minorticks_off()
    _legend(axes)
    return figure


def histogram(
    scores: Scores,
    names: tuple[str, str],
    thresholds: Mapping[str, float],
    span: tuple[float, float],
) -> str:
    """Return `histogram_figure` as SVG."""
    drawn = histogram_figure(scores, names, thresholds, span)
    return _svg(drawn, f"histogram {names}")


def histogram_figure(
    scores: Scores,
    names: tuple[str, str],
    thresholds: Mapping[str, float],
    span: tuple[float, float],
) -> Figure:
    """Draw how the scores of positives and negatives are spread over `span`.

    `names` are those of positives and of negatives; shares are of all, those without
    a score included.
    """
    figure, axes = _empty("score", "share of its kind")
    negatives = (scores.impostor, BAD, names[1])
    for values, colour, name in (negatives, (scores.genuine, GOOD, names[0])):
        finite = values[values > NOT_FOUND]
        if not finite.size:
            continue
        counts, edges = np.histogram(finite, BINS, range=span)
        axes.bar(
            edges[:-1],
            counts / values.size,
            edges[1] - edges[0],
            align="edge",
            color=colour,
            alpha=0.7,
            label=f"{name} ({values.size})",
        )
    for name, at in thresholds.items():
        axes.axvline(at, color=INK, linestyle="--", linewidth=1)
        axes.annotate(name, (at, 0.97), xycoords=("data", "axes fraction"), rotation=90,
                      va="top", ha="right", fontsize=8)  # fmt: skip
    axes.set_xlim(*span)
    _legend(axes)
    return figure


def course(
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], x: str, y: str
) -> str:
    """Draw how figures went on, from 0 upwards, as SVG."""
    figure, axes = _empty(x, y)
    for (name, points), colour in zip(curves.items(), LINES * 9, strict=False):
        axes.plot(*points, label=name, color=colour, linewidth=1.2)
    axes.set_ylim(bottom=0)
    _legend(axes)
    return _svg(figure, f"course {x} {y} {' '.join(curves)}")


def _empty(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, which="major", color=GRID, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _legend(axes: Axes) -> None:
    """Name the curves above the drawing, where they hide nothing."""
    axes.legend(
        frameon=False, loc="lower left", bbox_to_anchor=(0, 1), ncols=2, fontsize=9
    )


def _decade(count: int) -> float:
    """Return the whole decade at or below one error of so many; 0.1 at most."""
    return 10.0 ** min(math.floor(-math.log10(max(count, 1))), -1)


def _svg(figure: Figure, name: str) -> str:
    text = io.StringIO()
    # Names that are used within a drawing are made from its own, for two drawings in
    # one page may not share any.
    with rc_context({**SVG, "svg.hashsalt": name}):
        figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    drawn = drawn[drawn.index("<svg") :]  # without the XML head: it stands in a page
    return re.sub(r'<g id="[^"]*"', "<g", drawn)
