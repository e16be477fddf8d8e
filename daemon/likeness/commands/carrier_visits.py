"""`likeness carrier start`, `cancel`: visits from afar.

Leaves to others: signing and waiting (`carrier.starting`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import click
import msgspec

from likeness import strict_toml
from likeness.carrier.settings import Settings
from likeness.carrier.starting import Starting
from likeness.commands.carrier_common import config_option
from likeness.core import messages, orders, visit_orders
from likeness.core.vocabulary import Purpose
from likeness.errors import UsageError, one_line

EXIT_NO = 1
WAIT_S = 15.0

_device = click.argument("device")
_transaction = click.option(
    "--transaction",
    required=True,
    help="The carrier's name for it: 1 to 64 of A-Z a-z 0-9 . _ : -",
)
_wait = click.option(
    "--wait",
    "wait_s",
    type=click.FloatRange(0.1, 3600),
    default=WAIT_S,
    show_default=True,
    help="Seconds to wait for the terminal's answer.",
)
_expires = click.option(
    "--expires",
    "expires_s",
    type=click.IntRange(1, visit_orders.LIFE_AT_MOST_S),
    default=60,
    show_default=True,
    help="Seconds after which the terminal refuses it.",
)


@click.command()
@_device
@config_option
@click.option(
    "--purpose",
    required=True,
    type=click.Choice([str(one) for one in Purpose]),
    help="What the visit is for.",
)
@_transaction
@_wait
@_expires
def start(
    device: str,
    config_file: Path,
    purpose: str,
    transaction: str,
    wait_s: float,
    expires_s: int,
) -> int:
    """Open a visit at a terminal. Its result comes to 'carrier run' by itself."""
    name = _name(transaction)

    async def errand(far: Starting) -> orders.Reply:
        return await far.start(
            device, Purpose(purpose), name, wait_s=wait_s, expires_after_s=expires_s
        )

    return _order(config_file, f"{device}: start {transaction}", errand)


@click.command()
@_device
@config_option
@_transaction
@_wait
@_expires
def cancel(
    device: str, config_file: Path, transaction: str, wait_s: float, expires_s: int
) -> int:
    """End this transaction's visit at a terminal, and no other."""
    name = _name(transaction)

    async def errand(far: Starting) -> orders.Reply:
        return await far.cancel(device, name, wait_s=wait_s, expires_after_s=expires_s)

    return _order(config_file, f"{device}: cancel {transaction}", errand)


def _name(transaction: str) -> str:
    try:
        return msgspec.convert(transaction, messages.Reference)
    except msgspec.ValidationError as problem:
        raise UsageError(
            "--transaction: 1 to 64 signs of A-Z a-z 0-9 . _ : -"
        ) from problem


def _order(
    config_file: Path, what: str, errand: Callable[[Starting], Awaitable[orders.Reply]]
) -> int:
    async def go(far: Starting) -> orders.Reply:
        return await errand(far)

    far = Starting(strict_toml.load(config_file, Settings))
    try:
        reply = asyncio.run(go(far))
    finally:
        far.close()
    why = f": {reply.reason}" if reply.reason else ""
    click.echo(one_line(f"{what}: {reply.outcome}{why}"))
    return 0 if reply.outcome == "done" else EXIT_NO
