"""`likeness carrier fleet`: the page that watches the fleet, with its figures.

Leaves to others: all of it (`carrier.fleet`).
"""

import asyncio
import contextlib
import logging
import signal
from pathlib import Path

import click

from likeness import strict_toml
from likeness.carrier.settings import Settings
from likeness.errors import first_fault


@click.command("fleet")
@click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The carrier's TOML file; its [fleet] says where the page is served.",
)
def command(config_file: Path) -> None:
    """Serve the fleet's page and /metrics until stopped; it orders nothing."""
    from likeness.carrier.fleet.fleet import watch

    settings = strict_toml.load(config_file, Settings)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")

    async def until_stopped() -> None:
        task = asyncio.ensure_future(watch(settings))
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, task.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await task

    try:
        asyncio.run(until_stopped())
    except BaseExceptionGroup as faults:
        fault = first_fault(faults)
        if fault is None:
            raise
        raise fault from faults
