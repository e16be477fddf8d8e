"""`likeness bench presentation`: the passive classifier on pictures and clips."""

from pathlib import Path
from types import ModuleType

import click
from rich import box
from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn
from rich.table import Table

from likeness import __version__
from likeness.bench import presentation as scoring
from likeness.bench import presentation_figures as measuring
from likeness.bench.det import Figures
from likeness.bench.presentation import Scored, ScoreFile, Scorer
from likeness.bench.presentation_list import (
    Presentation,
    find_recordings,
    read_presentations,
)
from likeness.commands import options
from likeness.core import profile
from likeness.errors import UsageError, one_line
from likeness.parts import load_model_set
from likeness.vision.look import Looker
from likeness.vision.manifest import Variant
from likeness.vision.models import ModelSet

STOPPED = 1


@click.command("presentation", help="Error rates of the passive classifier by species.")
@options.root
@click.option(
    "--list",
    "names",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV with the columns file,label,species; files are pictures, videos or"
    " folders of pictures; label is live or attack.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for scores.csv, presentation.json, presentation.html; keeps scores to"
    " resume.",
)
@click.option(
    "--frames",
    "most_frames",
    type=click.IntRange(1, 1000),
    default=scoring.MOST_FRAMES,
    show_default=True,
    help="So many frames of a clip are judged, spread over it.",
)
@click.option(
    "--profile",
    "policy",
    default="standard",
    show_default=True,
    help="The policy whose thresholds are judged.",
)
@options.models
@options.variant
def command(
    *,
    root: Path,
    names: Path,
    out: Path,
    most_frames: int,
    policy: str,
    models: Path | None,
    variant: Variant,
) -> int:
    """Score what is not scored yet, measure, write; a table goes to stdout."""
    report = _report()
    rules = profile.named(policy).texture
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    listed = read_presentations(names)
    find_recordings(listed, root)
    model_set = load_model_set(models, variant)
    known = ScoreFile(out / "known.jsonl", scoring.made_by(model_set, most_frames))
    scorer = Scorer(Looker(model_set), rules, most_frames)
    given: list[tuple[Presentation, Scored]] = []
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    try:
        _score_all(listed, root, scorer, known, given, console)
    except KeyboardInterrupt:
        console.print(
            f"likeness: stopped after {len(given)} of {len(listed)} files;"
            " the same command goes on from here"
        )
        return STOPPED
    known.close()
    about = {"about": _about(names, model_set, policy, most_frames)}
    figures = {**about, **measuring.figures(given, rules)}
    report.write_scores(given, out)
    page = report.write_report(given, figures, out)
    _show(figures)
    click.echo(f"report: {page}")
    return 0


def _score_all(
    listed: list[Presentation],
    root: Path,
    scorer: Scorer,
    known: ScoreFile,
    given: list[tuple[Presentation, Scored]],
    console: Console,
) -> None:
    columns = (*Progress.get_default_columns()[:3], MofNCompleteColumn())
    with Progress(*columns, TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task("files", total=len(listed))
        for one, scored in scoring.score_each(listed, root, scorer, known):
            given.append((one, scored))
            if scored.score is None:
                said = f"{root / one.file}: {scored.reason}"
                console.print(f"likeness: {one_line(said)}")
            progress.advance(task)


def _about(
    names: Path, models: ModelSet, policy: str, most_frames: int
) -> dict[str, str]:
    """What the figures hold for."""
    return {
        "list": names.name,
        "software": __version__,
        "models": f"{models.variant} under {models.runtime}",
        "profile": policy,
        "frames of a clip": f"at most {most_frames}",
    }


def _show(figures: Figures) -> None:
    """One line for each species, at the threshold below which a face is not live."""
    title = f"errors at {figures['thresholds']['live_from']}, %"
    table = Table(title=title, title_justify="left", box=box.SIMPLE)
    for column in ("label", "species"):
        table.add_column(column)
    for column in ("files", "APCER or BPCER", "no answer"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in figures["groups"]:
        shown = map(_percent, (row["error"]["live_from"], row["no_answer"]))
        table.add_row(row["label"], row["species"], str(row["files"]), *shown)
    Console(highlight=False, markup=False).print(table)


def _percent(rate: Figures) -> str:
    if rate["rate"] is None:
        return "none"
    share, low, high = (f"{100 * rate[key]:.3g}" for key in ("rate", "low", "high"))
    return f"{share} ({low}–{high})"


def _report() -> ModuleType:
    """Import what draws, or say which extra is missing."""
    try:
        from likeness.bench import presentation_report
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"bench presentation needs the bench extra ({missing.name} is missing):"
            " pip install 'likeness[bench]'"
        ) from missing
    return presentation_report
