"""Writes two replays side by side: compare.html and compare.json.

Leaves to others: every figure; here they are only shown.
"""

from collections.abc import Sequence
from pathlib import Path

from likeness.bench import pages, plots, replay_figures
from likeness.bench.det import Figures
from likeness.bench.line_file import Line

LISTED = 200  # changed visits on the page; compare.json names all


def write_report(
    figures: Figures, a: Sequence[Line], b: Sequence[Line], folder: Path
) -> Path:
    """Write both files; return the page's path.

    Raises:
        UsageError: it cannot be written.
    """
    pages.write_json(figures, folder / "compare.json")
    return pages.write_page(
        "compare.html",
        folder / "compare.html",
        figures=figures,
        rates=list(_rates(figures["a"], figures["b"])),
        listed=LISTED,
        plots=_plots(a, b),
    )


def _rates(a: Figures, b: Figures) -> list[tuple[str, Figures, Figures]]:
    """Pair the rates of both, with what they are."""
    rows = [
        (f"genuine: {name}", a["genuine"][key], b["genuine"][key])
        for key, name in (
            ("accepted", "accepted"),
            ("bpcer", "taken for an attack (BPCER)"),
            ("bpnrr", "no answer (BPNRR)"),
        )
    ]
    impostors = (a["impostors"]["accepted"], b["impostors"]["accepted"])
    rows.append(("impostor: accepted", *impostors))
    of_b = {row["species"]: row for row in b["attacks"]}
    for row in a["attacks"]:
        other = of_b.get(row["species"])
        if other is not None:
            rows += [
                (f"{row['species']}: {name}", row[key], other[key])
                for key, name in (
                    ("iapar", "accepted (IAPAR)"),
                    ("apcer", "taken for bona fide (APCER)"),
                )
            ]
    return [row for row in rows if row[1]["tries"] or row[2]["tries"]]


def _plots(a: Sequence[Line], b: Sequence[Line]) -> list[tuple[str, str]]:
    kinds = (
        (replay_figures.match_scores, "FMR", "FNMR", "Match"),
        (replay_figures.passive_scores, "APCER", "BPCER", "Passive classifier"),
    )
    drawn = []
    for scores, x, y, name in kinds:
        both = {"a": scores(a), "b": scores(b)}
        if all(one.genuine.size and one.impostor.size for one in both.values()):
            drawn.append((plots.det(both, x, y), f"{name}: DET curve of both."))
    return drawn
