"""`likeness carrier discovery`: tells Home Assistant which terminals there are.

Leaves to others: what it is told (`carrier.home_assistant`), publishing (`retaining`).
"""

import asyncio
from pathlib import Path

import click
import msgspec

from likeness import strict_toml
from likeness.carrier import home_assistant, retaining
from likeness.carrier.settings import Settings
from likeness.carrier.trust import Trust
from likeness.commands.carrier_common import config_option
from likeness.errors import UsageError, one_line


@click.command("discovery")
@config_option
@click.option("--device", default="", help="Only this terminal; else each we know.")
@click.option("--dry-run", is_flag=True, help="Show it, and publish nothing.")
@click.option("--remove", is_flag=True, help="Take it back.")
def command(config_file: Path, device: str, *, dry_run: bool, remove: bool) -> None:
    """Publish MQTT discovery for Home Assistant. Retained, for each terminal."""
    settings = strict_toml.load(config_file, Settings)
    devices = _devices(settings, device)
    documents = {
        topic: b"" if remove else msgspec.json.encode(document)
        for one in devices
        for topic, document in home_assistant.configs(one).items()
    }
    if dry_run:
        for topic, payload in documents.items():
            click.echo(f"{topic} {payload.decode()}")
        return
    asyncio.run(retaining.publish(settings, documents))
    what = "taken back" if remove else "published"
    click.echo(one_line(f"{len(documents)} for {len(devices)} terminal(s) {what}"))


def _devices(settings: Settings, device: str) -> list[str]:
    folder = Path(settings.keys) / "devices"
    trust = Trust(folder)
    known = [one.stem for one in sorted(folder.glob("*.json")) if trust.knows(one.stem)]
    if not device:
        return known
    if device not in known:
        raise UsageError(f"--device '{device}': there is no {folder}/{device}.json")
    return [device]
