"""`likeness carrier start`, `cancel`, `report`: visits from afar, what was stated.

Leaves to others: signing and waiting (`carrier.starting`), keeping (`carrier.stated`).
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from likeness import strict_toml
from likeness.carrier import disputed
from likeness.carrier.numbers import NumberFile
from likeness.carrier.settings import Settings
from likeness.carrier.starting import Starting
from likeness.carrier.stated import Stated
from likeness.carrier.store import CarrierStore
from likeness.core import messages, orders, visit_orders
from likeness.core.vocabulary import Purpose
from likeness.edges import key_files
from likeness.errors import Untrusted, UsageError, one_line

EXIT_NO = 1
WAIT_S = 15.0

_device = click.argument("device")
_config = click.option(
    "--config",
    "config_file",
    required=True,
    type=click.Path(path_type=Path),
    help="The carrier's TOML file, as of 'carrier run'.",
)
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
@_config
@click.option(
    "--purpose", required=True, type=click.Choice([str(one) for one in Purpose])
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
    """Open a visit at a terminal; its result comes to 'carrier run' by itself."""
    name = _name(transaction)

    async def errand(far: Starting) -> orders.Reply:
        return await far.start(
            device, Purpose(purpose), name, wait_s=wait_s, expires_after_s=expires_s
        )

    return _order(config_file, f"{device}: start {transaction}", errand)


@click.command()
@_device
@_config
@_transaction
@_wait
@_expires
def cancel(
    device: str, config_file: Path, transaction: str, wait_s: float, expires_s: int
) -> int:
    """End the visit of this transaction at a terminal, and no other."""
    name = _name(transaction)

    async def errand(far: Starting) -> orders.Reply:
        return await far.cancel(device, name, wait_s=wait_s, expires_after_s=expires_s)

    return _order(config_file, f"{device}: cancel {transaction}", errand)


@click.command()
@click.option(
    "--database", required=True, type=click.Path(path_type=Path), help="Of 'run'."
)
@click.option("--device", default="", help="Of this terminal only.")
@click.option("--json", "as_json", is_flag=True, help="For programs, with the tokens.")
@click.option(
    "--person-key",
    type=click.Path(path_type=Path),
    help="With --numbers: show which numbers are disputed, whole.",
)
@click.option(
    "--numbers", "number_file", type=click.Path(path_type=Path), help="Of 'run'."
)
def report(
    database: Path,
    device: str,
    person_key: Path | None,
    number_file: Path | None,
    *,
    as_json: bool,
) -> None:
    """List what attendants decided, and which numbers visitors disputed."""
    if (person_key is None) != (number_file is None):
        raise UsageError("--person-key and --numbers go together")
    if not database.is_file():
        raise UsageError(f"{database}: no database here; 'carrier run' makes it")
    store = CarrierStore(database)
    try:
        found = [one for one in store.stated() if device in ("", one.device)]
        if person_key and number_file:
            found = _with_numbers(store, found, person_key, NumberFile(number_file))
    finally:
        store.close()
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for one in found:
        click.echo(one_line(describe(one)))
    if not found:
        click.echo("nothing was decided or disputed")


def _with_numbers(
    store: CarrierStore, found: list[Stated], key: Path, registry: NumberFile
) -> list[Stated]:
    """Put whole numbers in the place of their references."""
    opens = key_files.load_private(key)

    def numbers(one: Stated) -> tuple[str, ...]:
        try:
            return tuple(disputed.numbers(store, one, opens, registry))
        except Untrusted as fault:  # sealed to a former key: the others are listed
            click.echo(f"{one.jti}: its numbers stay references: {fault}", err=True)
            return one.numbers

    return [replace(one, numbers=numbers(one)) if one.numbers else one for one in found]


def describe(one: Stated) -> str:
    """Say in one line what was stated, about which result."""
    kept = datetime.fromtimestamp(one.kept_utc_s, UTC)
    about = f"{one.device} epoch {one.epoch[:8]} seq {one.seq}"
    visit = f"{one.verdict} for {one.purpose}, transaction {one.transaction}"
    if one.decision:
        by = " and ".join(one.attendants)
        said = f"decided '{one.decision}' by {by}: {one.reason}"
    else:
        said = f"disputed {len(one.numbers)} number(s): {', '.join(one.numbers)}"
    return f"{kept:%Y-%m-%dT%H:%M:%SZ} {about}: {visit}; {said}"


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
