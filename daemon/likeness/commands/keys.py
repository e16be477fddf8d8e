"""`likeness keys`: test keys for a bench, and the next key of a terminal."""

import re
from pathlib import Path

import click

from likeness import config
from likeness.commands import authority
from likeness.commands.terminal_file import config_option
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.errors import UsageError

_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")


@click.group(help="Make test keys; prepare a terminal's next key.")
def command() -> None:
    """Choose what to do with keys."""


command.add_command(authority.command)


@command.command()
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder for all of them.",
)
@click.option("--device", required=True, help="The terminal's name.")
@click.option(
    "--environment",
    "environments",
    type=click.Choice([str(one) for one in Environment]),
    multiple=True,
    default=("test",),
    show_default=True,
    help="What its results may be used for; may be given more than once.",
)
def make(out: Path, device: str, environments: tuple[str, ...]) -> None:
    """Make one terminal's keys, and the carrier's if there are none."""
    if not _DEVICE.match(device):
        raise UsageError(
            f"--device '{device}': letters, digits, '.', '_' and '-' only, 64 at most"
        )
    keys = bench_keys.make(out, device, tuple(map(Environment, environments)))
    click.echo(f"terminal {device}: {keys.terminal}")
    click.echo(f"carrier: {keys.carrier}")


@command.command()
@config_option
def rotate(config_file: Path) -> None:
    """Prepare the device's next key. It takes over at the daemon's next start.

    The change is a record in the chain, signed by both keys; the carrier follows it by
    itself, and takes nothing from the old key after it. Run twice, it is one key.
    """
    from likeness.edges.key_ring import KeyRing

    settings = config.load(config_file)
    ring = KeyRing(Path(settings.terminal.state_dir), settings.keys.device_key)
    new = ring.prepare()
    click.echo(f"now: {ring.current().kid}")
    click.echo(f"next: {new.kid} ({new.key_tier}), from the daemon's next start on")
