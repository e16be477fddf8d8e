"""Writes what a match measurement gave: match.json, scores.csv and match.html.

Each file is written beside its place and moved there when whole. Leaves to others:
every figure; here they are only shown.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from likeness.bench.det import NOT_FOUND, Figures, Floats, Scores
from likeness.bench.match import WORST, Measured, Scored
from likeness.errors import UsageError

# Two colours that differ in lightness too (Okabe & Ito 2008).
GENUINE, IMPOSTOR = "#0072b2", "#d55e00"
LINES = ("#1b1f24", "#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
BINS = 60
SIZE_IN = (7.0, 4.4)
# The same figures give the same file: no date, no random names; text stays text.
# matplotlib types the keys as some 300 literals, hence Any.
SVG: dict[Any, str] = {
    "svg.hashsalt": "likeness",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
}


def write_json(figures: Figures, folder: Path) -> Path:
    """Write match.json: every figure as a number."""
    text = json.dumps(figures, indent=1, ensure_ascii=False, allow_nan=False)
    return _write(folder / "match.json", text + "\n")


def write_scores(scored: Sequence[Scored], folder: Path) -> Path:
    """Write scores.csv; a pair without a score names the faces not found."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["a", "b", "same", "score", "not_found"])
    for one in scored:
        pair = one.pair
        shown = "" if one.not_found else f"{one.score:.6f}"
        lost = " ".join(one.not_found)
        rows.writerow([pair.a, pair.b, int(pair.same), shown, lost])
    return _write(folder / "scores.csv", text.getvalue())


def write_page(
    figures: Figures,
    scored: Sequence[Scored],
    whole: Measured,
    groups: Mapping[str, Measured],
    folder: Path,
) -> Path:
    """Write match.html: tables, the DET curve, histograms and the worst pairs."""
    page = Environment(
        loader=PackageLoader("likeness.bench"), autoescape=True, trim_blocks=True
    ).get_template("match.html")
    found = [one for one in scored if one.score > NOT_FOUND]
    genuine = sorted((o for o in found if o.pair.same), key=lambda o: o.score)
    impostor = sorted((o for o in found if not o.pair.same), key=lambda o: -o.score)
    curves = {"all": whole, **groups}
    text = page.render(
        figures=figures,
        det=_svg(det_plot({name: one.widest for name, one in curves.items()})),
        histogram=_svg(histogram(whole.widest, figures["thresholds"])),
        lowest=[(o.pair.a, o.pair.b, o.score) for o in genuine[:WORST]],
        highest=whole.figures.get("all_pairs", {}).get("highest")
        or [(o.pair.a, o.pair.b, o.score) for o in impostor[:WORST]],
        without=[one for one in scored if one.not_found],
    )
    return _write(folder / "match.html", text)


def det_plot(curves: Mapping[str, Scores]) -> Figure:
    """Draw FNMR over FMR, both logarithmic; an error that never happens is left out."""
    figure, axes = _empty("FMR", "FNMR")
    for number, (name, scores) in enumerate(curves.items()):
        points = [(fmr, fnmr) for _, fmr, fnmr in scores.curve() if fmr and fnmr]
        if points:
            fmr, fnmr = zip(*points, strict=True)
            colour = LINES[number % len(LINES)]
            axes.step(fmr, fnmr, where="post", label=name, color=colour)
    axes.set_xscale("log")
    axes.set_yscale("log")
    if axes.lines:
        axes.legend(frameon=False)
    else:
        axes.text(0.5, 0.5, "no error to draw", transform=axes.transAxes, ha="center")
    return figure


def histogram(scores: Scores, thresholds: Mapping[str, float]) -> Figure:
    """Draw how scores are spread, each kind of pair by its own share."""
    figure, axes = _empty("score", "share of pairs")
    drawn = (
        (scores.impostor, IMPOSTOR, "impostor"),
        (scores.genuine, GENUINE, "genuine"),
    )
    for values, colour, name in drawn:
        finite: Floats = values[values > NOT_FOUND]
        if finite.size:
            counts, edges = np.histogram(finite, BINS, range=(-1.0, 1.0))
            axes.bar(
                edges[:-1],
                counts / values.size,
                edges[1] - edges[0],
                align="edge",
                color=colour,
                alpha=0.7,
                label=name,
            )
    for name, at in thresholds.items():
        axes.axvline(at, color="#1b1f24", linestyle="--" if name == "accept" else ":")
        axes.annotate(name, (at, 0.97), xycoords=("data", "axes fraction"), rotation=90,
                      va="top", ha="right", fontsize=8)  # fmt: skip
    axes.set_xlim(-0.5, 1.0)
    axes.legend(frameon=False, loc="upper left")
    return figure


def _empty(x: str, y: str) -> tuple[Figure, Axes]:
    figure = Figure(figsize=SIZE_IN, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    axes.grid(visible=True, which="major", color="#d0d7de", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    with rc_context(SVG):
        figure.savefig(text, format="svg", metadata={"Date": None})
    drawn = text.getvalue()
    return drawn[drawn.index("<svg") :]  # without the XML head: it stands in a page


def _write(path: Path, text: str) -> Path:
    part = path.with_name(path.name + ".part")
    try:
        # Names of pictures need not be UTF-8; they come out as they went in.
        part.write_text(text, encoding="utf-8", errors="surrogateescape")
        part.replace(path)
    except OSError as problem:
        raise UsageError(f"{path}: cannot be written: {problem.strerror}") from problem
    return path
