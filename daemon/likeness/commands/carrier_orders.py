"""`likeness carrier command` and `carrier desire`: orders to one terminal."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Literal, TypeVar

import click
import msgspec

from likeness import strict_toml
from likeness.carrier.ordering import Ordering
from likeness.carrier.settings import Settings
from likeness.commands.carrier_common import config_option
from likeness.core import orders
from likeness.errors import one_line

EXIT_NO = 1
Answer = TypeVar("Answer")
Command = Callable[..., object]


@click.group(name="command", help="Order one thing of one terminal, and wait for it.")
def command() -> None:
    """Choose what to order."""


def _options(wait_s: float) -> Callable[[Command], Command]:
    def add(wrapped: Command) -> Command:
        for option in (
            click.option(
                "--wait",
                "wait_s",
                type=click.FloatRange(0.1, 3600),
                default=wait_s,
                show_default=True,
                help="Seconds to wait for the answer.",
            ),
            config_option,
            click.option("--device", required=True, help="The terminal's name."),
        ):
            wrapped = option(wrapped)
        return wrapped

    return add


_expires = click.option(
    "--expires",
    "expires_s",
    type=click.IntRange(1, 24 * 3600),
    default=60,
    show_default=True,
    help="Seconds after which the terminal refuses it.",
)
_epoch = click.option(
    "--epoch", default="", help="Of its database; else as its birth says."
)


def _plain(name: str, action: orders.Action) -> click.Command:
    @_options(60.0)
    @_expires
    @_epoch
    def order(
        device: str, config_file: Path, wait_s: float, expires_s: int, epoch: str
    ) -> int:
        return _order(config_file, device, action, wait_s, expires_s, epoch)

    text = (type(action).__doc__ or "").strip()
    return click.command(name=name, help=text)(order)


command.add_command(_plain("restart", orders.Restart()))
command.add_command(_plain("diagnose", orders.Diagnose()))
command.add_command(_plain("announce", orders.Announce()))
command.add_command(_plain("self-test", orders.SelfTest()))
command.add_command(_plain("rotate-key", orders.RotateKey()))


@command.command("log-level")
@_options(30.0)
@_expires
@_epoch
@click.option(
    "--level",
    required=True,
    type=click.Choice(["debug", "info", "warning"]),
    help="What the log shall tell.",
)
@click.option(
    "--for",
    "for_s",
    type=click.IntRange(1, 3600),
    default=600,
    show_default=True,
    help="Seconds; then it is as before by itself.",
)
def log_level(
    device: str,
    config_file: Path,
    wait_s: float,
    expires_s: int,
    epoch: str,
    level: Literal["debug", "info", "warning"],
    for_s: int,
) -> int:
    """Let it log more, or less, for a time. Nothing personal is in any level."""
    action = orders.SetLogLevel(level=level, for_s=for_s)
    return _order(config_file, device, action, wait_s, expires_s, epoch)


@click.command()
@_options(60.0)
@click.option(
    "--file",
    "desired_file",
    required=True,
    type=click.Path(path_type=Path),
    help="TOML: the values that shall stand over the terminal's own file.",
)
def desire(device: str, config_file: Path, wait_s: float, desired_file: Path) -> int:
    """Say which configuration a terminal shall have. An empty one: its file's own."""
    overrides = strict_toml.load(desired_file, orders.Overrides)
    said = _run(config_file, lambda far: far.desire(device, overrides, wait_s=wait_s))
    why = f": {said.reason}" if said.reason else ""
    click.echo(one_line(f"configuration {said.version}: {said.state}{why}"))
    click.echo(msgspec.json.format(msgspec.json.encode(said.running)).decode())
    return 0 if said.state == "applied" else EXIT_NO


def _order(
    config_file: Path,
    device: str,
    action: orders.Action,
    wait_s: float,
    expires_s: int,
    epoch: str,
) -> int:
    reply = _run(
        config_file,
        lambda far: far.command(
            device, action, wait_s=wait_s, expires_after_s=expires_s, epoch=epoch
        ),
    )
    why = f": {reply.reason}" if reply.reason else ""
    click.echo(one_line(f"{device}: {reply.outcome}{why}"))
    if reply.result:
        click.echo(msgspec.json.format(msgspec.json.encode(reply.result)).decode())
    return 0 if reply.outcome == "done" else EXIT_NO


def _run(config_file: Path, errand: Callable[[Ordering], Awaitable[Answer]]) -> Answer:
    async def go(far: Ordering) -> Answer:
        return await errand(far)

    far = Ordering(strict_toml.load(config_file, Settings))
    try:
        return asyncio.run(go(far))
    finally:
        far.close()
