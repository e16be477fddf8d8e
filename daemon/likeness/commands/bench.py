"""`likeness bench`: measure on recorded material."""

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from likeness.bench import embed as embedding
from likeness.errors import UsageError
from likeness.vision.look import Looker
from likeness.vision.manifest import Variant
from likeness.wiring import load_model_set


@click.group("bench", help="Measure on recorded material.")
def command() -> None:
    """Choose a measurement."""


@command.command("embed", help="Embed every picture of a list into an npz file.")
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that the list's paths are below.",
)
@click.option(
    "--list",
    "names",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="A text file with one path per line.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The npz file: paths, found, embeddings (dot product = match score).",
)
@click.option("--card", is_flag=True, help="The pictures are card portraits.")
@click.option(
    "--dir",
    "models",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models; default: beside the program.",
)
@click.option(
    "--variant",
    type=click.Choice(["w8", "f32"]),
    default="w8",
    show_default=True,
    help="Weights of eight bits, or as they were trained.",
)
def embed(
    root: Path,
    names: Path,
    out: Path,
    card: bool,
    models: Path | None,
    variant: Variant,
) -> None:
    """A picture without a face is a row of zeros and a line on stderr."""
    if not root.is_dir():
        raise UsageError(f"{root}: no such folder")
    lines = embedding.read_list(names)
    looker = Looker(load_model_set(models, variant))
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    results = []
    with Progress(console=console) as progress:
        task = progress.add_task("pictures", total=len(lines))
        for result in embedding.embed(lines, root, looker, card=card):
            if result.problem:
                console.print(f"likeness: {result.problem}")
            results.append(result)
            progress.advance(task)
    embedding.write(results, out)
    found = sum(result.embedding is not None for result in results)
    click.echo(f"{found} of {len(results)} embedded: {out}")
