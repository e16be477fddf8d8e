"""`likeness carrier fleet`: the page that watches the fleet, with its figures.

Leaves to others: all of it (`carrier.fleet`).
"""

import logging
from pathlib import Path

import click

from likeness import strict_toml
from likeness.carrier.settings import Settings
from likeness.commands.carrier_common import config_option, serve


@click.command("fleet")
@config_option
def command(config_file: Path) -> None:
    """Serve the fleet's page and /metrics until stopped. It orders nothing.

    Where, [fleet] says.
    """
    from likeness.carrier.fleet.fleet import watch

    settings = strict_toml.load(config_file, Settings)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    serve(watch(settings))
