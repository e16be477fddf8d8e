"""`likeness outbox`: what waits for the carrier's receipt; counts and places only.

`--send-again` is for a carrier that refused by its own mistake, and judges anew; with
`--epoch` and `--after` for one that has lost what it had signed for.
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
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The terminal's TOML file.",
)
@click.option(
    "--state-dir",
    type=click.Path(path_type=Path),
    help="Its state folder; instead of --config.",
)
@click.option(
    "--send-again",
    is_flag=True,
    help="First let what was set aside wait again; the daemon must be stopped.",
)
@click.option("--epoch", default="", help="With --after; as the carrier's alarm says.")
@click.option(
    "--after",
    type=click.IntRange(min=-1),
    help="With --send-again: all of the epoch beyond this seq; -1: all of it.",
)
def command(
    config_file: Path | None,
    state_dir: Path | None,
    *,
    send_again: bool,
    epoch: str,
    after: int | None,
) -> int:
    """Print one line for each fact; exit 1 if records were set aside."""
    if (after is None) == bool(epoch) or (epoch and not send_again):
        raise UsageError("--epoch and --after go together, and with --send-again")
    path = _directory(config_file, state_dir) / store_file.NAME
    if not path.is_file():
        raise UsageError(f"{path}: no outbox here; the daemon makes it when it starts")
    try:
        if send_again:
            _send_again(path, epoch, after)
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
    click.echo(f"statements waiting: {found.statements}")
    click.echo(f"receipted and still here: {found.receipted}")
    click.echo(f"set aside: {len(found.aside)}")
    for where, seq, reason in found.aside:
        click.echo(f"  seq {seq} of epoch {where}: {reason}")
    for _, broken in sorted(store_asides.asides(path).items()):
        click.echo(f"broken database: {broken.name}")
    return EXIT_SET_ASIDE if found.aside else 0


def _send_again(path: Path, epoch: str, after: int | None) -> None:
    held = directory_lock.hold(path.parent)
    try:
        if after is None:
            click.echo(f"waiting again: {store_file.send_again(path)}")
            return
        places = store_file.send_all_after(path, epoch, after)
    finally:
        os.close(held)
    click.echo(f"waiting again: {len(places)}")
    if not places or places[0] > after + 1:
        last = f" to {places[0] - 1}" if places else " and beyond"
        click.echo(f"no more here: seq {after + 1}{last}")


def _directory(config_file: Path | None, state_dir: Path | None) -> Path:
    if (config_file is None) == (state_dir is None):
        raise UsageError("give either --config FILE or --state-dir DIR")
    if state_dir is not None:
        return state_dir
    return Path(config.load(Path(str(config_file))).terminal.state_dir)
