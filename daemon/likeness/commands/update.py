"""`likeness update`: what the installer does with signed models and policy."""

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import click
import msgspec

from likeness import config
from likeness.commands.terminal_file import config_option
from likeness.core.update import Trial
from likeness.core.vocabulary import Moment
from likeness.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from likeness.updates import Place

Command = Callable[..., object]
NEXT = "restart the daemon to use it: systemctl restart likeness"


@click.group(help="Signed updates of models and policy.")
def command() -> None:
    """Choose what to do."""


def _options(wrapped: Command) -> Command:
    for option in reversed(
        (
            config_option,
            click.option(
                "--from",
                "source",
                default="",
                help="A folder (a USB stick) or https://…; else update.source.",
            ),
            click.option(
                "--now",
                "now",
                default="",
                help="The time, e.g. 2026-11-22T10:00Z, if the clock is not set.",
            ),
        )
    ):
        wrapped = option(wrapped)
    return wrapped


@command.command()
@_options
def check(config_file: Path, source: str, now: str) -> None:
    """Say what is offered; exit 1 if it would be refused."""
    updates = _updates()
    settings = _settings(config_file)
    offer = updates.look(settings, _place(source, now))
    click.echo(
        f"offered: bundle {offer.bundle.number}, {offer.length} bytes, sha256"
        f" {offer.digest}"
    )


@command.command()
@_options
def fetch(config_file: Path, source: str, now: str) -> None:
    """Bring the offered bundle here; use it later with `apply`."""
    updates = _updates()
    settings = _settings(config_file)
    offer = updates.fetch(settings, _place(source, now))
    click.echo(f"here: bundle {offer.bundle.number}, sha256 {offer.digest}")


@command.command()
@_options
def apply(config_file: Path, source: str, now: str) -> None:
    """Fetch, try and switch; whatever fails, the models in use stay."""
    updates = _updates()
    settings = _settings(config_file)
    done = updates.apply(settings, _place(source, now))
    number = done.offer.bundle.number
    if done.timing is None:
        click.echo(f"bundle {number} is in use already")
        return
    click.echo(
        f"bundle {number} works here ({done.timing.new_ms:.1f} ms, before"
        f" {done.timing.old_ms:.1f} ms); {NEXT}"
    )


@command.command()
@config_option
def status(config_file: Path) -> None:
    """Say which models the next start uses, and how their trial stands."""
    from likeness.edges.model_sets import ModelSets

    sets = ModelSets(Path(_settings(config_file).terminal.state_dir))
    ledger = sets.ledger()
    click.echo(f"next start uses: {ledger.current or 'the packaged models'}")
    if ledger.current:
        click.echo(f"before: {ledger.previous or 'the packaged models'}")
        click.echo(f"trial: {_trial(ledger.trial)}")
    click.echo(f"last accepted: bundle {ledger.accepted or 'none'}")
    if back := ledger.returned:
        click.echo(f"given back: bundle {back.number}, {back.digest[:12]}: {back.why}")


def _updates() -> ModuleType:
    try:
        from likeness import updates
    except ModuleNotFoundError as missing:
        raise UsageError(
            f"{missing.name} is missing: updates need pip install 'likeness[update]'"
        ) from missing
    return updates


def _trial(trial: Trial | None) -> str:
    if trial is None:
        return "passed"
    facts = msgspec.structs.asdict(trial).items()
    return "goes on: " + ", ".join(f"{name} {value}" for name, value in facts)


def _settings(config_file: Path) -> config.Config:
    settings = config.load(config_file)
    _become_owner(Path(settings.terminal.state_dir))
    return settings


def _become_owner(state_dir: Path) -> None:
    """As root, go on as who owns the state: the daemon must be able to use it."""
    try:
        owner = state_dir.stat()
    except OSError as problem:
        raise ConfigError(
            f"{state_dir}: terminal.state_dir: {problem.strerror}; the daemon makes it"
            " when it first starts"
        ) from problem
    if os.geteuid() == owner.st_uid:
        return
    if os.geteuid() != 0:
        raise UsageError(
            f"{state_dir} belongs to another user; call this as root, or as that user"
        )
    os.setgroups([])
    os.setgid(owner.st_gid)
    os.setuid(owner.st_uid)


def _place(source: str, now: str) -> "Place":
    from likeness.edges.clock import SystemClock

    updates = _updates()
    moment = SystemClock().moment()
    if now:
        moment = Moment(_seconds(now), updates.GIVEN, moment.boot, moment.mono_ms)
    place: Place = updates.Place(moment=moment, source=source)
    return place


def _seconds(text: str) -> int:
    try:
        given = datetime.fromisoformat(text)
    except ValueError as problem:
        raise UsageError(
            f"--now '{text}': write a time such as"
            f" {datetime.fromtimestamp(time.time(), UTC):%Y-%m-%dT%H:%MZ}"
        ) from problem
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())
