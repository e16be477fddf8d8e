"""Options that several commands share, so that each means the same everywhere."""

from pathlib import Path
from typing import get_args

import click

from likeness.vision.manifest import Variant

root = click.option(
    "--root",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The folder that the list's paths are below.",
)
models = click.option(
    "--models",
    "--dir",
    "models",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the models; default: beside the program.",
)
variant = click.option(
    "--variant",
    type=click.Choice(get_args(Variant)),
    default="w8",
    show_default=True,
    help="Weights of eight bits, as they were trained, or all arithmetic in int8.",
)
