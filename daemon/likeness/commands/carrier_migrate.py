"""`likeness carrier migrate`: make the database what this release needs.

Leaves to others: all of it (`carrier.database`).
"""

from pathlib import Path

import click

from likeness import strict_toml
from likeness.carrier.settings import Settings
from likeness.commands.carrier_common import config_option


@click.command("migrate")
@config_option
def command(config_file: Path) -> None:
    """Make the tables what this release needs. What is in them stays.

    Of PostgreSQL nobody else does so: stop all of the carrier's programs before, start
    them after. A database that is a file every program makes ready by itself.
    """
    from likeness.carrier.database import Database, newest_revision

    settings = strict_toml.load(config_file, Settings)
    database = Database(settings.database, migrates=True)
    database.close()
    click.echo(f"{database.name}: ready at {newest_revision()}")
