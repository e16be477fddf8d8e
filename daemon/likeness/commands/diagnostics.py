"""`likeness diagnostics`: what an engineer needs of a terminal, without its visitors.

`diagnostics replay` plays a transcript to the rules of this program.
"""

from pathlib import Path

import click

from likeness.errors import UsageError, one_line

EXIT_LEFT_OUT = 1
EXIT_OTHERWISE = 1


@click.group(
    "diagnostics",
    invoke_without_command=True,
    help="Bundle what is needed to mend a terminal: no visitor is in it.",
)
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The terminal's TOML file; needed for a bundle.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The .tar.gz to write.",
)
@click.pass_context
def command(ctx: click.Context, config_file: Path | None, out: Path | None) -> int:
    """Make the bundle, say what it holds; exit 1 if a file had to be left out."""
    if ctx.invoked_subcommand is not None:
        return 0
    if config_file is None or out is None:
        raise UsageError(
            "give --config FILE and --out BUNDLE.tar.gz,"
            " or 'diagnostics replay TRANSCRIPT'"
        )
    return bundle(config_file, out)


def bundle(config_file: Path, out: Path) -> int:
    """Gather, write, and say what it is."""
    from likeness import config
    from likeness.diagnostics import archive, asking
    from likeness.diagnostics.bundle import NEVER, gather

    settings = config.load(config_file)
    unasked = asking.ask(Path(settings.terminal.state_dir))
    found = gather(settings)
    size = archive.write(found.files, out)
    if unasked:
        click.echo(f"no transcript of now: {unasked}")
    for name in sorted(found.files):
        click.echo(f"holds: {name}, {len(found.files[name])} bytes")
    for name, why in found.left_out.items():
        click.echo(f"left out: {name}: {why}")
    click.echo(f"{out}: {size} bytes; look into it, then send it to your carrier's")
    click.echo("engineers by a way that you would trust with this terminal's settings")
    return EXIT_LEFT_OUT if found.left_out.keys() - NEVER.keys() else 0


@command.command("replay", help="Show a transcript as the rules of today play it.")
@click.argument("file", type=click.Path(path_type=Path))
def replay(file: Path) -> int:
    """Print the timeline; exit 1 if today's rules decide otherwise."""
    from likeness.core import transcript_replay
    from likeness.diagnostics import timeline

    try:
        text = file.read_bytes()
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem
    head, lines = transcript_replay.parse(text)
    steps = list(transcript_replay.replay(head, lines))
    for row in (*timeline.head_lines(head), *timeline.rows(steps)):
        click.echo(one_line(row))  # the file may be by another hand
    if not any(step.played for step in steps):
        click.echo("no visit begins in it: nothing was played")
    first = next((step for step in steps if step.differs), None)
    if first is None:
        return 0
    click.echo(f"today's rules decide otherwise, first in line {first.number}")
    return EXIT_OTHERWISE
