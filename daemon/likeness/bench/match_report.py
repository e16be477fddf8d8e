"""Writes what a match measurement gave: match.json, scores.csv and match.html.

Leaves to others: every figure; here they are only shown.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from likeness.bench import pages, plots
from likeness.bench.det import NOT_FOUND, Figures
from likeness.bench.line_file import write_whole
from likeness.bench.match import WORST, Measured, Scored


def write_json(figures: Figures, folder: Path) -> Path:
    """Write match.json: every figure as a number."""
    return pages.write_json(figures, folder / "match.json")


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
    # Names of pictures need not be UTF-8; they come out as they went in.
    return write_whole(folder / "scores.csv", text.getvalue(), errors="surrogateescape")


def write_page(
    figures: Figures,
    scored: Sequence[Scored],
    whole: Measured,
    groups: Mapping[str, Measured],
    folder: Path,
) -> Path:
    """Write match.html: tables, the DET curve, histograms and the worst pairs."""
    found = [one for one in scored if one.score > NOT_FOUND]
    genuine = sorted((o for o in found if o.pair.same), key=lambda o: o.score)
    impostor = sorted((o for o in found if not o.pair.same), key=lambda o: -o.score)
    curves = {"all": whole, **groups}
    widest = {name: one.widest for name, one in curves.items()}
    kinds = ("genuine", "impostor")
    return pages.write_page(
        "match.html",
        folder / "match.html",
        figures=figures,
        det=plots.det(widest, "FMR", "FNMR"),
        histogram=plots.histogram(
            whole.widest, kinds, figures["thresholds"], plots.COSINES
        ),
        lowest=[(o.pair.a, o.pair.b, o.score) for o in genuine[:WORST]],
        highest=whole.figures.get("all_pairs", {}).get("highest")
        or [(o.pair.a, o.pair.b, o.score) for o in impostor[:WORST]],
        without=[one for one in scored if one.not_found],
    )
