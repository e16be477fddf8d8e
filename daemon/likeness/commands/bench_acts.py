"""`likeness bench acts`: how well blinks and turns are seen."""

from pathlib import Path
from typing import Any

import click
from rich import box
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from likeness import __version__
from likeness.bench import acts as measuring
from likeness.bench.acts_labels import find_clips, read_labels
from likeness.bench.speed import write
from likeness.commands import options
from likeness.core import profile
from likeness.errors import UsageError
from likeness.parts import load_model_set
from likeness.vision.look import Looker
from likeness.vision.manifest import Variant

Figures = dict[str, Any]  # of a JSON report: mixed values, hence Any


@click.command("acts", help="Blinks and turns seen in clips with labels made by eye.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder of the clips.",
)
@click.option(
    "--labels",
    "names",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="CSV with the columns clip,frame_from,frame_peak,frame_to,act,sure.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for acts.json.",
)
@click.option(
    "--mirrored", is_flag=True, help="Also play each clip in the mirror, counted apart."
)
@click.option(
    "--profile",
    "policy",
    default="standard",
    show_default=True,
    help="The policy whose rules are judged.",
)
@options.models
@options.variant
def command(
    *,
    root: Path,
    names: Path,
    out: Path,
    mirrored: bool,
    policy: str,
    models: Path | None,
    variant: Variant,
) -> None:
    """Play, compare, write; the figures go to stdout, too."""
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    judged = profile.named(policy)
    clips = read_labels(names)
    find_clips(clips, root)
    model_set = load_model_set(models, variant)
    looker = Looker(model_set)
    ways = {"as_recorded": False} | ({"mirrored": True} if mirrored else {})
    figures: Figures = {
        "software": __version__,
        "variant": model_set.variant,
        "runtime": str(model_set.runtime),
        "models": dict(model_set.digests),
        "profile": judged.name,
        "labels": names.name,
    }
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("clips", total=len(clips) * len(ways))
        for way, mirror in ways.items():
            figures[way] = measuring.measure(
                clips,
                root,
                looker,
                judged,
                lambda: progress.advance(task),
                mirrored=mirror,
            )
    file = out / "acts.json"
    write(figures, file)
    for way in ways:
        show(way.replace("_", " "), figures[way])
    click.echo(f"figures: {file}")


def show(way: str, figures: Figures) -> None:
    """Print a table: the clips, then all of them, with exact 95 % intervals."""
    table = Table(title=way, title_justify="left", box=box.SIMPLE, padding=(0, 1, 0, 0))
    table.add_column("clip", overflow="fold")
    for name in ("act", "labels", "precision %", "recall %", "late"):
        table.add_column(name, no_wrap=True)
    for clip, acts in figures["clips"].items():
        for act, found in acts.items():
            if found["labelled"] or found["false_frames"]:
                table.add_row(clip, act, *_cells(found, interval=False))
    table.add_section()
    for act, found in figures["all"].items():
        table.add_row("all", act, *_cells(found, interval=True))
    Console(highlight=False, markup=False).print(table)
    click.echo("late: ms from the labelled peak to the answer, median and p95")


def _cells(found: Figures, *, interval: bool) -> tuple[str, ...]:
    delay = found["answer_after_peak_ms"]
    late = "-" if delay["median"] is None else f"{delay['median']} {delay['p95']}"
    rates = (_rate(found[name], interval=interval) for name in ("precision", "recall"))
    return (str(found["labelled"]), *rates, late)


def _rate(rate: Figures, *, interval: bool) -> str:
    if rate["rate"] is None:
        return "-"
    text = f"{100 * rate['rate']:.1f}"
    if interval:
        text += f" {100 * rate['low']:.0f}-{100 * rate['high']:.0f}"
    return text
