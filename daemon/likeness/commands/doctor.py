"""`likeness doctor`: one line for each part of a terminal, and what to do."""

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from likeness import config
from likeness.errors import one_line

if TYPE_CHECKING:
    from likeness.doctor.finding import Finding

EXIT_FAIL = 1


@click.command("doctor", help="Say what is well and what is not, and what to do.")
@click.option("--config", "config_file", required=True, type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(config_file: Path, *, as_json: bool) -> int:
    """Examine the terminal; exit 1 if anything fails."""
    return examine(config.load(config_file), as_json=as_json)


def examine(settings: config.Config, *, as_json: bool = False) -> int:
    """Examine, print, and return the exit code."""
    from likeness.doctor.examination import checks
    from likeness.doctor.examination import examine as run
    from likeness.doctor.finding import State

    found = run(checks(settings))
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for name, one in found.items():
            click.echo(_line(name, one))
    return EXIT_FAIL if any(one.state is State.FAIL for one in found.values()) else 0


def _line(name: str, one: "Finding") -> str:
    todo = f"; {one.todo}" if one.todo else ""
    return one_line(f"{one.state:<4}  {name}: {one.said}{todo}")
