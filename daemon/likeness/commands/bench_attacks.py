"""`likeness bench attacks`: make simulated attack visits from genuine ones."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from likeness.bench.attacks import species as known
from likeness.bench.attacks import workshop
from likeness.bench.visit_file import VisitFile, find
from likeness.commands import options
from likeness.errors import UsageError, one_line
from likeness.parts import load_model_set
from likeness.vision.look import Looker


@click.command("attacks", help="Make simulated attack visits from genuine ones.")
@click.option(
    "--from",
    "paths",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="A genuine visit file or a folder of them; may be given again.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder for the attacks; what is there and whole is skipped.",
)
@click.option("--species", multiple=True, help="Only this species; default: all.")
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Another one makes other attacks.",
)
@click.option(
    "--per-species",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Attacks of each species from each visit.",
)
@options.models
def command(
    *,
    paths: tuple[Path, ...],
    out: Path,
    species: tuple[str, ...],
    seed: int,
    per_species: int,
    models: Path | None,
) -> int:
    """Exit 0 when all were made, 1 when some could not be."""
    order = workshop.Order(
        plans=[plan for plan in find(list(paths)) if _is_genuine(plan.file)],
        species=known.named(species),
        per_species=per_species,
        seed=seed,
    )
    if not order.plans:
        raise UsageError("none of these visits is genuine (expect.label)")
    looker = Looker(load_model_set(models, "w8"))
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    made = skipped = failed = 0
    with Progress(console=console) as progress:
        task = progress.add_task("attacks", total=order.count)
        for done in workshop.make(order, out, looker):
            if done.problem:
                console.print(f"likeness: {done.id}: {one_line(done.problem)}")
            failed += bool(done.problem)
            skipped += done.skipped
            made += not (done.problem or done.skipped)
            progress.advance(task)
    click.echo(
        f"{made} simulated attacks made, {skipped} were there, {failed} failed: {out}"
    )
    return 1 if failed else 0


def _is_genuine(file: VisitFile | None) -> bool:
    # An unreadable one (None) goes on: the workshop says what is wrong with it.
    return file is None or file.expect.label in ("genuine", "")
