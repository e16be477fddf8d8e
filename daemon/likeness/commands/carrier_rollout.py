"""`likeness carrier rollout`: wishes that go out in waves, and come back.

Leaves to others: what is done (`carrier.rollout`), what is shown (`rollout_words`).
"""

import asyncio
import contextlib
import re
import signal
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import click
import msgspec

from likeness import strict_toml
from likeness.carrier.rollout import check as rollout_check
from likeness.carrier.rollout import run as rollout_run
from likeness.carrier.rollout.check import Draft
from likeness.carrier.rollout.line import RolloutLine
from likeness.carrier.rollout.rollout import Rollouts
from likeness.carrier.rollout.turn import turn
from likeness.carrier.settings import Settings
from likeness.commands import rollout_words
from likeness.commands.carrier_common import config_option
from likeness.core import orders, rollout_plan
from likeness.core.rollout import PauseAsked, ResumeAsked
from likeness.core.rollout_plan import PlanFile
from likeness.core.rollout_standing import Phase, Standing
from likeness.errors import UsageError, one_line

EXIT_NO = 1
Answer = TypeVar("Answer")
_BUNDLE = re.compile(r"([1-9][0-9]{0,15}):([0-9a-f]{64})")

_file = click.argument("file", type=click.Path(path_type=Path))
_devices = click.option(
    "--device", "devices", multiple=True, help="These terminals, not the file's choice."
)
_no_run = click.option(
    "--no-run", is_flag=True, help="Only note it; 'rollout run' carries it out."
)
_json = click.option("--json", "as_json", is_flag=True, help="For programs.")


@click.group(name="rollout", help="Wishes that go out in waves; see ROLLOUTS.md.")
def command() -> None:
    """Choose what to do."""


@command.command()
@_file
@config_option
@_devices
@_json
@click.option("--all", "show_all", is_flag=True, help="A line for each terminal.")
def check(
    file: Path,
    config_file: Path,
    devices: tuple[str, ...],
    *,
    as_json: bool,
    show_all: bool,
) -> int:
    """Say who would get what, and when; signs and publishes nothing."""
    plan = _plan(file, devices)
    with _opened(config_file) as (rollouts, settings):
        chosen = rollouts.chosen(plan)

        async def look(line: RolloutLine) -> Draft:
            return rollouts.draft(plan, chosen, line, int(time.time()))

        found = _on_line(rollouts, settings, look)
    if as_json:
        formatted = msgspec.json.format(rollout_check.as_json(found))
        click.echo(formatted.decode())
    else:
        _show(rollout_words.draft(found, show_all=show_all))
    return EXIT_NO if found.problems else 0


@command.command()
@_file
@config_option
@_devices
@_no_run
def start(
    file: Path, config_file: Path, devices: tuple[str, ...], *, no_run: bool
) -> int:
    """Begin a rollout, and carry it on as 'run' does."""
    plan = _plan(file, devices)
    with _opened(config_file) as (rollouts, settings):
        chosen = rollouts.chosen(plan)

        async def begin(line: RolloutLine) -> int:
            found = rollouts.draft(plan, chosen, line, int(time.time()))
            if found.problems:
                more = len(found.problems) - 1
                also = f" (and {more} more: see 'rollout check')" if more else ""
                raise UsageError(f"{found.problems[0]}{also}")
            rollouts.add(found, int(time.time()))
            click.echo(one_line(f"{plan.name}: planned for {len(chosen)} terminals"))
            return 0 if no_run else await _carry_on(rollouts, line, [plan.name])

        return _on_line(rollouts, settings, begin)


@command.command()
@click.argument("names", nargs=-1, required=True)
@config_option
def run(names: tuple[str, ...], config_file: Path) -> int:
    """Carry rollouts on until each is done, stopped, paused or back.

    May be killed and started again at any time.
    """
    with _opened(config_file) as (rollouts, settings):
        return _run(rollouts, settings, list(dict.fromkeys(names)))


@command.command()
@click.argument("name", required=False)
@config_option
@_json
@click.option("--all", "show_all", is_flag=True, help="A line for each terminal.")
def status(
    name: str | None, config_file: Path, *, as_json: bool, show_all: bool
) -> None:
    """Say where one rollout stands, or all."""
    with _opened(config_file) as (rollouts, _):
        names = [name] if name else rollouts.names()
        looks = {one: rollouts.look(one) for one in names}
    if as_json:
        shown = [rollout_words.as_facts(*one) for one in looks.values()]
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return
    for one in looks.values():
        _show(rollout_words.status(*one, brief=name is None, show_all=show_all))
    if not looks:
        click.echo("no rollout")


@command.command()
@click.argument("name")
@config_option
def pause(name: str, config_file: Path) -> None:
    """Touch nobody more for now; a 'rollout run' of it ends."""
    with _opened(config_file) as (rollouts, _):
        _say(name, rollouts.ask(name, PauseAsked(), int(time.time())))


@command.command()
@click.argument("name")
@config_option
@_no_run
def resume(name: str, config_file: Path, *, no_run: bool) -> int:
    """Go on after a pause; a wave that was watched is watched anew."""
    with _opened(config_file) as (rollouts, settings):
        _say(name, rollouts.ask(name, ResumeAsked(), int(time.time())))
        return 0 if no_run else _run(rollouts, settings, [name])


@command.command()
@click.argument("name")
@config_option
@_no_run
@click.option("--bundle", help="NUMBER:SHA256 of the former models, published anew.")
@click.option("--keep-bundle", is_flag=True, help="Leave the models as they are.")
def back(
    name: str,
    config_file: Path,
    *,
    no_run: bool,
    bundle: str | None,
    keep_bundle: bool,
) -> int:
    """Give each touched terminal what it had before, as a new version."""
    wanted = None if bundle is None else _bundle(bundle)
    with _opened(config_file) as (rollouts, settings):
        now_s = int(time.time())
        standing = rollouts.ask_back(name, wanted, keep_bundle=keep_bundle, now_s=now_s)
        _say(name, standing)
        return 0 if no_run else _run(rollouts, settings, [name])


# --- how ----------------------------------------------------------------------------
@contextlib.contextmanager
def _opened(config_file: Path) -> Iterator[tuple[Rollouts, Settings]]:
    settings = strict_toml.load(config_file, Settings)
    rollouts = Rollouts(settings)
    try:
        yield rollouts, settings
    finally:
        rollouts.close()


def _plan(file: Path, devices: Sequence[str]) -> PlanFile:
    plan = strict_toml.load(file, PlanFile)
    if devices:
        plan = msgspec.structs.replace(plan, where=(), devices=tuple(devices))
    rollout_plan.refuse_unfit(plan, str(file))
    return plan


def _bundle(text: str) -> orders.Bundle:
    found = _BUNDLE.fullmatch(text)
    if found is None:
        raise UsageError(
            f"--bundle '{text}': write NUMBER:SHA256, as 'models publish' says them"
        )
    return orders.Bundle(number=int(found[1]), digest=found[2])


def _run(rollouts: Rollouts, settings: Settings, names: Sequence[str]) -> int:
    for name in names:
        rollouts.look(name)  # one that is not there is said before a line is asked for

    async def go(line: RolloutLine) -> int:
        return await _carry_on(rollouts, line, names)

    return _on_line(rollouts, settings, go)


async def _carry_on(rollouts: Rollouts, line: RolloutLine, names: Sequence[str]) -> int:
    stand = await rollout_run.run(rollouts, line, names, _say)
    well = (Phase.DONE, Phase.BACK)
    return 0 if all(one.phase in well for one in stand.values()) else EXIT_NO


def _on_line(
    rollouts: Rollouts,
    settings: Settings,
    errand: Callable[[RolloutLine], Awaitable[Answer]],
) -> Answer:
    """Do something while the line is up; SIGTERM ends it in order."""
    line = RolloutLine(settings)

    async def up() -> Answer:
        async with line.up():
            return await errand(line)

    async def go() -> Answer:
        task = asyncio.ensure_future(up())
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await task

    with turn(rollouts.database):
        try:
            return asyncio.run(go())
        except asyncio.CancelledError:
            raise click.exceptions.Abort from None


def _say(name: str, standing: Standing) -> None:
    click.echo(one_line(f"{name}: {rollout_words.standing(standing)}"))


def _show(lines: Sequence[str]) -> None:
    for text in lines:
        click.echo(one_line(text))
