"""The command line: each command lives in one file and is imported when it is used."""

import importlib

import click

# name → (module, what it does). Help is listed without importing the modules, since
# several of them load models or plotting libraries.
COMMANDS = {
    "run": ("run", "The daemon."),
    "demo": ("demo", "One accepted and one refused visit, nothing else needed."),
    "replay": ("replay", "Play visit files through the real pipeline."),
    "bench": ("bench", "Measure on recorded material."),
    "models": ("models", "Build, check and list the models."),
    "reader": ("reader", "Simulate a card reader."),
    "trust": ("trust", "Issuers of documents with chips: list, import."),
    "carrier": ("carrier", "The carrier's side: ingest, verify."),
    "check-config": ("check_config", "Say what a configuration would put in force."),
    "update": ("update", "Signed updates of models and policy."),
    "publish": ("publish", "The publisher's side: sign and offer updates."),
    "outbox": ("outbox", "List what waits for the carrier."),
    "provision": ("provision", "Make a terminal's keys; take the carrier's answer."),
    "record": ("record", "Film a consenting person's visit, sealed for a bench."),
    "doctor": ("doctor", "Say what is well and what is not, and what to do."),
    "diagnostics": ("diagnostics", "What an engineer needs; plays a transcript."),
    "desk": ("desk", "The clerk's desk: a token, the document of its API."),
    "keys": ("keys", "Make test keys; prepare a terminal's next key."),
}


class _LazyGroup(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"likeness.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, what) for name, (_, what) in COMMANDS.items()])


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Face-to-card verification for camera terminals in telecom shops.",
)
@click.version_option(package_name="likeness")
def cli() -> None:
    """Choose a command."""
