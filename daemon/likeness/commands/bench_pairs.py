"""`likeness bench pairs`: list genuine pairs across sessions for `bench match`."""

from pathlib import Path

import click

from likeness.bench import session_pairs


@click.command("pairs", help="List pairs of a person's pictures across sessions.")
@click.argument("folders", nargs=-1, required=True)
@click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="The folder that the FOLDERS are below; each holds a folder for every person.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="The CSV file, for bench match --identity folder --all-pairs.",
)
def command(folders: tuple[str, ...], root: Path, out: Path) -> None:
    """A session is what a picture's name begins with, up to its last underscore."""
    pairs = session_pairs.session_pairs(root, folders)
    session_pairs.write(pairs, out)
    click.echo(f"{len(pairs)} pairs: {out}")
