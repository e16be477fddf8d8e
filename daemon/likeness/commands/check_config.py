"""`likeness check-config`: what a configuration would put in force."""

from pathlib import Path

import click
import msgspec

from likeness import config
from likeness.commands.terminal_file import config_option


@click.command("check-config")
@config_option
def command(config_file: Path) -> None:
    """Print every setting with its value, defaults included; exit 78 if it is wrong."""
    from likeness.parts import policy_of

    settings = config.load(config_file)
    policy_of(settings)
    if settings.screen.kind == "page":
        from likeness.front import catalogues_of

        catalogues_of(settings)
    if settings.record.bench_key:
        from likeness.recording import words

        words.load(settings, with_card=True)
    for part in msgspec.structs.fields(config.Config):
        section = getattr(settings, part.name)
        click.echo(f"[{part.name}]")
        for name, value in msgspec.structs.asdict(section).items():
            click.echo(f"{name} = {msgspec.json.encode(value).decode()}")
        click.echo()
    if settings.mqtt.key_file and settings.mqtt.key_file == settings.keys.device_key:
        click.echo("# beware: one key for results and TLS; production refuses that")
    click.echo(
        "# right in itself; whether files and devices are there shows at the start"
    )
