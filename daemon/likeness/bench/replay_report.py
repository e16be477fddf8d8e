"""Writes report.html and report.json at the end of a replay.

The page is one file that fetches nothing. Every rate stands with its count and its
exact interval. Leaves to others: playing, and every figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from likeness.bench import pages, plots, replay_figures, timeline
from likeness.bench.det import Figures, Scores
from likeness.bench.line_file import Line
from likeness.core.vocabulary import Verdict

# More drawings than this make a page that a browser is slow to open.
MOST_DRAWN = 300
LISTED = 25  # worst cases of a kind on the page; report.json names all


@dataclass(frozen=True, slots=True)
class Shown:
    """One visit of the page; `number` is its anchor."""

    number: int
    line: Line
    drawing: timeline.Drawing | None
    wrong: bool


def write_report(
    lines: Sequence[Line], tracks: Mapping[str, Line], about: Figures, folder: Path
) -> Path:
    """Write both files; return the page's path.

    Args:
        lines: of results.jsonl, in order.
        tracks: what each visit's frames said, by its id; those without are not drawn.
        about: the circumstances that the figures hold for.
        folder: where to.

    Raises:
        UsageError: it cannot be written.
    """
    figures = {**about, **replay_figures.figures(lines)}
    pages.write_json(figures, folder / "report.json")
    shown = _shown(lines, tracks, figures["worst"])
    by_id = {one.line["id"]: one for one in shown}
    return pages.write_page(
        "replay.html",
        folder / "report.html",
        figures=figures,
        visits=shown,
        worst={k: [by_id[i] for i in ids] for k, ids in figures["worst"].items()},
        listed=LISTED,
        plots=_plots(lines),
    )


def _shown(
    lines: Sequence[Line], tracks: Mapping[str, Line], worst: Mapping[str, list[str]]
) -> list[Shown]:
    """Draw the worst cases and then the others, until there are enough."""
    first = [name for names in worst.values() for name in names]
    order = dict.fromkeys([*first, *(line["id"] for line in lines)])
    drawn = set([name for name in order if name in tracks][:MOST_DRAWN])
    return [
        Shown(
            number,
            line,
            timeline.lay_out(line, tracks[line["id"]]) if line["id"] in drawn else None,
            _is_wrong(line),
        )
        for number, line in enumerate(lines, start=1)
    ]


def _is_wrong(line: Line) -> bool:
    """Say whether the verdict is not what the label calls for."""
    accepted = line["verdict"] == Verdict.ACCEPTED
    if line["label"] == replay_figures.GENUINE:
        return not accepted
    return bool(line["label"]) and accepted


def _plots(lines: Sequence[Line]) -> list[tuple[str, str]]:
    """Return drawings and what they show; only of scores that exist."""
    played = [line for line in lines if replay_figures.is_played(line)]
    match = replay_figures.match_scores(played)
    passive = replay_figures.passive_scores(played)
    drawn = []
    if match.genuine.size or match.impostor.size:
        names = ("genuine", "impostor")
        drawn += [
            (
                plots.histogram(match, names, _needs(played, "match"), plots.COSINES),
                "Match scores of genuine and impostor visits.",
            ),
            *_det(match, "FMR", "FNMR", "Match: DET curve over all thresholds."),
        ]
    if passive.genuine.size or passive.impostor.size:
        names = ("genuine", "attack")
        drawn += [
            (
                plots.histogram(passive, names, _needs(played, "passive"), (0.0, 1.0)),
                "Scores of the passive classifier alone.",
            ),
            *_det(passive, "APCER", "BPCER", "Passive classifier alone: DET curve."),
        ]
    return drawn


def _needs(lines: Sequence[Line], what: str) -> dict[str, float]:
    """Name the thresholds that were in force; former programs did not tell all."""
    given: set[int] = {line.get(f"{what}_threshold") or 0 for line in lines}
    return {f"needs {one / 1e6:.3f}": one / 1e6 for one in sorted(given - {0})}


def _det(scores: Scores, x: str, y: str, caption: str) -> list[tuple[str, str]]:
    if not (scores.genuine.size and scores.impostor.size):
        return []
    return [(plots.det({"all visits": scores}, x, y), caption)]
