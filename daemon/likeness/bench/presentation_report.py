"""Writes what a measurement of presentations gave: scores, figures and a page.

Leaves to others: every figure; here they are only shown.
"""

import csv
import io
from pathlib import Path

from likeness.bench import pages, plots
from likeness.bench.det import Figures
from likeness.bench.line_file import write_whole
from likeness.bench.presentation_figures import Given, by_species, scores

LISTED = 40  # files without an answer on the page; presentation.json names all


def write_scores(given: Given, folder: Path) -> Path:
    """Write scores.csv: file, score (0 attack .. 1 live).

    The score of a file that could not be judged is `nan`, a number that is neither
    above nor below any threshold; presentation.json says why.
    """
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["file", "score"])
    for one, scored in given:
        shown = "nan" if scored.score is None else f"{scored.score:.6f}"
        rows.writerow([one.file, shown])
    return write_whole(folder / "scores.csv", text.getvalue(), errors="surrogateescape")


def write_report(given: Given, figures: Figures, folder: Path) -> Path:
    """Write presentation.json and presentation.html; return the page's path.

    Raises:
        UsageError: it cannot be written.
    """
    pages.write_json(figures, folder / "presentation.json")
    return pages.write_page(
        "presentation.html",
        folder / "presentation.html",
        figures=figures,
        listed=LISTED,
        plots=_plots(given, figures["thresholds"]),
    )


def _plots(given: Given, thresholds: dict[str, float]) -> list[tuple[str, str]]:
    both = scores(given)
    drawn = []
    if both.genuine.size or both.impostor.size:
        named = {name.replace("_", " "): at for name, at in thresholds.items()}
        histogram = plots.histogram(both, ("live", "attack"), named, (0.0, 1.0))
        drawn.append((histogram, "Scores of live presentations and of attacks."))
    if both.genuine.size and both.impostor.size:
        curves = {"all attacks": both, **by_species(given)}
        drawn.append(
            (plots.det(curves, "APCER", "BPCER"), "DET curve, also for each species.")
        )
    return drawn
