"""`likeness carrier devices`: which terminals are known, with their labels."""

from pathlib import Path

import click
import msgspec

from likeness import strict_toml
from likeness.carrier.devices import Devices
from likeness.carrier.settings import Settings
from likeness.commands.carrier_common import config_option
from likeness.errors import one_line

EXIT_NO = 1


@click.command()
@config_option
@click.option(
    "--where",
    multiple=True,
    help="label=value or label!=value; several are joined by 'and'.",
)
@click.option("--device", "devices", multiple=True, help="These, by name.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def devices(
    config_file: Path,
    where: tuple[str, ...],
    devices: tuple[str, ...],
    *,
    as_json: bool,
) -> int:
    """List the terminals that have these labels. Exit 1 if there is none."""
    found = Devices(Path(strict_toml.load(config_file, Settings).keys) / "devices")
    chosen = [found.known[name] for name in found.chosen(where, devices)]
    if as_json:
        shown = [{"device": one.device, "labels": one.labels} for one in chosen]
        click.echo(msgspec.json.format(msgspec.json.encode(shown)).decode())
        return 0 if chosen else EXIT_NO
    for one in chosen:
        labels = " ".join(f"{name}={has}" for name, has in sorted(one.labels.items()))
        click.echo(one_line(f"{one.device}  {labels}".rstrip()))
    click.echo(f"{len(chosen)} of {len(found.known)} devices")
    return 0 if chosen else EXIT_NO
