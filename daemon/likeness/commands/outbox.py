"""`likeness outbox`: what waits for the carrier's receipt; counts and places only.

`--send-again` is for a carrier that refused by its own mistake, and judges anew.
"""

import os
import sqlite3
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from likeness import config
from likeness.edges import directory_lock, store_asides, store_file
from likeness.errors import StoreBroken, UsageError

EXIT_SET_ASIDE = 1


@click.command(help="List what waits for the carrier.")
@click.option("--config", "config_file", type=click.Path(path_type=Path))
@click.option("--state-dir", type=click.Path(path_type=Path))
@click.option(
    "--send-again",
    is_flag=True,
    help="First let what was set aside wait again; the daemon must be stopped.",
)
def command(
    config_file: Path | None, state_dir: Path | None, *, send_again: bool
) -> int:
    """Print one line for each fact; exit 1 if records were set aside."""
    path = _directory(config_file, state_dir) / store_file.NAME
    if not path.is_file():
        raise UsageError(f"{path}: no outbox here; the daemon makes it when it starts")
    try:
        if send_again:
            click.echo(f"waiting again: {_send_again(path)}")
        found = store_file.survey(path)
    except sqlite3.DatabaseError as problem:
        raise StoreBroken(
            f"{path}: cannot be read: {problem}; the daemon sets a broken one aside"
            " when it starts"
        ) from problem
    click.echo(f"epoch: {found.epoch}")
    click.echo(f"waiting: {found.waiting}")
    if found.oldest_utc_s is not None:
        since = datetime.fromtimestamp(found.oldest_utc_s, UTC)
        age_s = max(0, int(time.time()) - found.oldest_utc_s)
        click.echo(f"oldest: {since:%Y-%m-%dT%H:%M:%SZ}, {age_s} s ago")
    click.echo(f"receipted and still here: {found.receipted}")
    click.echo(f"set aside: {len(found.aside)}")
    for epoch, seq, reason in found.aside:
        click.echo(f"  seq {seq} of epoch {epoch}: {reason}")
    for _, broken in sorted(store_asides.asides(path).items()):
        click.echo(f"broken database: {broken.name}")
    return EXIT_SET_ASIDE if found.aside else 0


def _send_again(path: Path) -> int:
    held = directory_lock.hold(path.parent)
    try:
        return store_file.send_again(path)
    finally:
        os.close(held)


def _directory(config_file: Path | None, state_dir: Path | None) -> Path:
    if (config_file is None) == (state_dir is None):
        raise UsageError("give either --config FILE or --state-dir DIR")
    if state_dir is not None:
        return state_dir
    return Path(config.load(Path(str(config_file))).terminal.state_dir)
