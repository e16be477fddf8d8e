"""`likeness models`: build, check and list the models, fill a mirror for building."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import click
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table

from likeness.errors import ModelError
from likeness.model_build import ModelBuild, Step, mirror_steps, verify_picture
from likeness.pins import is_file_with
from likeness.vision.manifest import BUILT, PICTURES, models_dir, read_manifest
from likeness.vision.models import (
    golden_answer,
    load_model,
    open_model,
    verify,
)
from likeness.vision.runtimes import find_runtime, installed_runtimes

FOLDER = click.Path(file_okay=False, path_type=Path)

WIDE_ENOUGH = 128  # columns: a narrow terminal or a file gets unbroken lines

in_folder = click.option(
    "--dir",
    "folder",
    type=FOLDER,
    default=None,
    help="The folder of manifest.toml; without it the one beside the program.",
)


@click.group()
def command() -> None:
    """Build, check and list the models."""


@command.command()
@click.option(
    "--from",
    "mirror",
    type=FOLDER,
    default=None,
    help="Take packages and build tools from this folder; use no network.",
)
@in_folder
def build(mirror: Path | None, folder: Path | None) -> None:
    """Make what is missing, and check every digest."""
    folder = folder or models_dir()
    steps = ModelBuild(folder, mirror).steps()
    if not steps:
        click.echo(f"everything is in place in {folder / BUILT}")
        return
    _do(steps)
    click.echo(f"built and checked: {folder / BUILT}")


@command.command()
@click.option("--to", "mirror", type=FOLDER, required=True, help="The folder to fill.")
@in_folder
def fetch(mirror: Path, folder: Path | None) -> None:
    """Fill a folder for `build --from` on a machine like this one."""
    _do(mirror_steps(folder or models_dir(), mirror))
    click.echo(f"filled: {mirror}")


@command.command()
@in_folder
def check(folder: Path | None) -> int:
    """Check files, digests and answers under each runtime. Exit 1 if one is wrong."""
    folder = folder or models_dir()
    find_runtime()  # none at all is a fault of its own
    wrong = 0
    for name, trial in _trials(folder):
        try:
            trial()
        except ModelError as fault:
            wrong += 1
            click.echo(f"wrong {name}: {fault}")
        else:
            click.echo(f"ok    {name}")
    return 1 if wrong else 0


@command.command(name="list")
@in_folder
def list_models(folder: Path | None) -> None:
    """Show what the manifest names, and whether it is here."""
    folder = folder or models_dir()
    manifest = read_manifest(folder)
    table = Table(
        "role", "file", "bytes", "sha256", "licence", "from", "here", box=None
    )
    for entry in manifest.model:
        package = entry.source.package
        origin = str(manifest.package_named(package)) if package else "our own"
        for built in entry.built:
            here = is_file_with(folder / BUILT / built.file, built.sha256)
            facts = (f"{built.bytes:,}", built.sha256[:12], entry.licence, origin)
            table.add_row(entry.role, built.file, *facts, "yes" if here else "no")
    for picture in manifest.picture:
        path = folder / BUILT / PICTURES / picture.file
        origin = str(manifest.package_named(picture.source.package))
        here = is_file_with(path, picture.source.sha256)
        facts = ("", picture.source.sha256[:12], picture.licence, origin)
        table.add_row("picture", picture.file, *facts, "yes" if here else "no")
    console = Console()
    console.width = max(console.width, WIDE_ENOUGH)
    console.print(table)


@command.command()
@in_folder
def golden(folder: Path | None) -> None:
    """Print the built files' golden vectors, for the manifest's author."""
    folder = folder or models_dir()
    for entry in read_manifest(folder).model:
        for built in entry.built:
            verify(folder, built)
            model = open_model(folder, entry, built, find_runtime())
            answer = [
                [float(f"{x:.6g}") for x in a] for a in golden_answer(model, entry)
            ]
            click.echo(f"{built.file}: golden = {answer}")


def _trials(folder: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """Give each thing that can be wrong a name and a way to find out."""
    manifest = read_manifest(folder)
    for entry in manifest.model:
        for built in entry.built:
            for runtime in installed_runtimes():
                trial = partial(load_model, folder, entry, built.variant, runtime)
                yield f"{built.file} under {runtime}", trial
    for picture in manifest.picture:
        yield picture.file, partial(verify_picture, folder, picture)


def _do(steps: list[Step]) -> None:
    """Carry out steps, showing where we are and what is done."""
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(stderr=True),
    )
    with progress:
        task = progress.add_task("", total=len(steps))
        for step in steps:
            progress.update(task, description=step.label)
            step.run()
            progress.advance(task)
