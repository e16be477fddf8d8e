"""`likeness doctor`: one line for each part of a terminal, and what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from likeness import config
from likeness.commands.terminal_file import config_option
from likeness.errors import UsageError, one_line

if TYPE_CHECKING:
    from likeness.doctor.finding import Finding
    from likeness.doctor.places import Places

EXIT_FAIL = 1


@click.command("doctor", help="Say what is well and what is not, and what to do.")
@config_option
@click.option(
    "--only",
    multiple=True,
    metavar="CHECK",
    help="Only the check of this name; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(config_file: Path, *, only: tuple[str, ...], as_json: bool) -> int:
    """Examine the terminal; exit 1 if anything fails."""
    return examine(config.load(config_file), only=only, as_json=as_json)


def examine(
    settings: config.Config,
    *,
    only: Sequence[str] = (),
    as_json: bool = False,
    places: "Places | None" = None,
) -> int:
    """Examine, print, and return the exit code.

    Args:
        settings: of the terminal.
        only: the checks to run, by name; none: all.
        as_json: print one JSON object.
        places: where to look on the machine; None: where a running one has it.

    Raises:
        UsageError: a name in `only` is none of a check.
    """
    from likeness.doctor.examination import checks
    from likeness.doctor.examination import examine as run
    from likeness.doctor.finding import State
    from likeness.doctor.places import HERE

    todo = checks(settings, places or HERE)
    if unknown := [name for name in only if name not in todo]:
        known = ", ".join(todo)
        raise UsageError(f"there is no check '{unknown[0]}' here; known: {known}")
    found = run({name: todo[name] for name in todo if not only or name in only})
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        for name, one in found.items():
            click.echo(_line(name, one))
    return EXIT_FAIL if any(one.state is State.FAIL for one in found.values()) else 0


def _line(name: str, one: "Finding") -> str:
    todo = f"; {one.todo}" if one.todo else ""
    return one_line(f"{one.state:<4}  {name}: {one.said}{todo}")
