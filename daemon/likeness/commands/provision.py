"""`likeness provision`: keys and a request for the carrier, then what it answers."""

from datetime import UTC, datetime
from pathlib import Path

import click

from likeness import config
from likeness.commands.terminal_file import config_option

FILE = click.Path(path_type=Path)


@click.group(help="Make a terminal's keys; install what the carrier answers.")
def command() -> None:
    """Choose a step."""


@command.command()
@config_option
@click.option(
    "--out", required=True, type=FILE, help="What goes to the carrier is put here."
)
def make(config_file: Path, out: Path) -> None:
    """Make the device key and the TLS key where the configuration says.

    No key is ever overwritten. A device key in a token (pkcs11:…) is made in it.
    """
    from likeness import provisioning

    settings = config.load(config_file)
    made = provisioning.make(settings, out)
    for one in made.kept:
        click.echo(f"kept: {one}")
    click.echo(f"device key: {made.kid} ({made.key_tier})")
    click.echo("send both files to the carrier; neither holds a secret:")
    click.echo(f"  {made.request}  for its CA to sign")
    click.echo(f"  {made.device_file}  for its folder of devices")
    click.echo("then take its answer with 'likeness provision install'")


@command.command()
@config_option
@click.option("--cert", required=True, type=FILE, help="The answer to the request.")
@click.option(
    "--issuer", required=True, type=FILE, help="The CA that issues to terminals."
)
@click.option(
    "--broker-ca",
    required=True,
    type=FILE,
    help="The CA that issues to brokers, and to no terminal.",
)
@click.option(
    "--carrier-keys",
    required=True,
    type=FILE,
    help="A folder with carrier-receipt.jwk, -visit.jwk, -person.jwk; and -command.jwk,"
    " -answer.jwk where keys.carrier_command_key, keys.carrier_answer_key are set.",
)
def install(
    config_file: Path, cert: Path, issuer: Path, broker_ca: Path, carrier_keys: Path
) -> int:
    """Check the carrier's answer whole, install it, run the doctor."""
    from likeness import provisioning
    from likeness.commands.doctor import examine
    from likeness.edges import key_files

    settings = config.load(config_file)
    with key_files.advice_for(settings.terminal.environment):
        written = provisioning.install(
            settings,
            cert=cert,
            issuer=issuer,
            broker_ca=broker_ca,
            carrier_keys=carrier_keys,
            now=datetime.now(UTC),
        )
    for one in written:
        click.echo(f"installed: {one}")
    return examine(settings)
