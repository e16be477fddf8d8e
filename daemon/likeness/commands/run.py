"""`likeness run`: the daemon."""

import logging
import time
from pathlib import Path

import click

STARTED_S = time.monotonic()


@click.command("run", help="Serve visitors until stopped.")
@click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The terminal's TOML file.",
)
@click.option("--verbose", is_flag=True, help="Log every event and effect.")
def command(config_file: Path, *, verbose: bool) -> None:
    """Read the configuration, build the parts, serve."""
    from likeness import config

    settings = config.load(config_file)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(message)s",
    )
    from likeness.wiring import serve

    serve(settings, started_s=STARTED_S)
