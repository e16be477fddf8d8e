"""`likeness run`: the daemon."""

import gc
import logging
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from likeness.commands.terminal_file import config_option

if TYPE_CHECKING:
    from likeness.config import Config

STARTED_S = time.monotonic()


@click.command("run", help="Serve visitors until stopped.")
@config_option
@click.option("--verbose", is_flag=True, help="Log every event and effect.")
def command(config_file: Path, *, verbose: bool) -> None:
    """Read the configuration, build the parts, serve."""
    # Who asks for a transcript before there is one (serving.py) shall not end us.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    # Before numpy: its BLAS begins a thread for each processor, and none is needed.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    gc.disable()  # until all is there (process_memory.settle): a start leaves no waste
    from likeness import config
    from likeness.edges import process_memory

    process_memory.keep_from_others()
    settings = config.load(config_file)
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(message)s",
    )
    from likeness.edges import key_files
    from likeness.serving import serve

    with key_files.advice_for(settings.terminal.environment):
        serve(settings, started_s=STARTED_S, examine=lambda: _examined(settings))


def _examined(settings: "Config") -> dict[str, str]:
    """Let the doctor look at what the running daemon does not hold itself."""
    from likeness.doctor.examination import checks, examine

    todo = checks(settings)
    # Models twice in memory; a token is not for two threads; the sandbox hides systemd.
    for held in ("models", "keys", "service"):
        del todo[held]
    return {name: f"{one.state}: {one.said}" for name, one in examine(todo).items()}
