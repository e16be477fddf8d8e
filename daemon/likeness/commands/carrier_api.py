"""`likeness carrier api`: the register, for the carrier's own systems.

Leaves to others: serving (`carrier.register.api`).
"""

import logging
from pathlib import Path

import click

from likeness import strict_toml
from likeness.carrier.register.api import serve_api
from likeness.carrier.settings import Settings
from likeness.commands.carrier_common import config_option, serve


@click.command()
@config_option
def api(config_file: Path) -> None:
    """Serve the register of numbers until stopped. Where, [api] says."""
    settings = strict_toml.load(config_file, Settings)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    serve(serve_api(settings))
