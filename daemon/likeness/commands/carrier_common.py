"""What the carrier's commands share: the option --config, and serving until stopped.

Leaves to others: what is served, with which settings.
"""

import asyncio
import contextlib
import signal
from collections.abc import Coroutine
from pathlib import Path

import click

from likeness.errors import first_fault

config_option = click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The carrier's TOML file, as of 'carrier run'.",
)


def serve(served: Coroutine[object, object, None]) -> None:
    """Run it until it ends, or until SIGTERM or SIGINT.

    Raises:
        LikenessError: what ended it, also where that ended several tasks at once.
    """

    async def until_stopped() -> None:
        task = asyncio.ensure_future(served)
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
