"""The option `--config` of every command that reads the terminal's file."""

from pathlib import Path

import click

config_option = click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The terminal's TOML file.",
)
