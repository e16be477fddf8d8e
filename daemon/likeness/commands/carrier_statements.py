"""Lists what attendants decided and visitors disputed, for `carrier report`.

Leaves to others: keeping them (`carrier.stated`), whose numbers they are.
"""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from likeness.carrier.numbers import NumberFile
from likeness.carrier.register import disputed
from likeness.carrier.stated import Stated
from likeness.carrier.store import CarrierStore
from likeness.edges import key_files
from likeness.errors import Untrusted, one_line


def show(
    database: str, device: str, opened: tuple[Path, Path] | None, *, json: bool
) -> None:
    """List them; `opened` are the person's key and the file of numbers."""
    store = CarrierStore(database)
    try:
        found = [one for one in store.stated() if device in ("", one.device)]
        if opened:
            found = _with_numbers(store, found, opened[0], NumberFile(opened[1]))
    finally:
        store.close()
    if json:
        click.echo(msgspec.json.format(msgspec.json.encode(found)).decode())
        return
    for one in found:
        click.echo(one_line(describe(one)))
    if not found:
        click.echo("nothing was decided or disputed")


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
