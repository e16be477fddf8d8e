"""`likeness carrier api`: the register, for the carrier's own systems.

Leaves to others: serving (`carrier.register.api`).
"""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

import click

from likeness import strict_toml
from likeness.carrier.register.api import serve_api
from likeness.carrier.settings import Settings


@click.command()
@click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The carrier's TOML file, as of 'carrier run'; [api] says where to listen.",
)
def api(config_file: Path) -> None:
    """Serve the register of numbers until stopped."""
    settings = strict_toml.load(config_file, Settings)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    async def until_stopped() -> None:
        task = asyncio.ensure_future(serve_api(settings))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(until_stopped())
