"""`likeness carrier schemas`: the contract with terminals, for programs of others.

Leaves to others: what is in the files (`carrier.schemas`).
"""

from pathlib import Path
from typing import Any

import click
import msgspec

from likeness.carrier import schemas
from likeness.errors import UsageError

ASYNCAPI = "asyncapi.json"


@click.command("schemas")
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for asyncapi.json and one NAME.schema.json for each message.",
)
def command(out: Path) -> None:
    """Write AsyncAPI 3 and JSON Schemas of all messages. The schemas are of 2020-12."""
    files = {ASYNCAPI: schemas.asyncapi(), **schemas.message_schemas()}
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            (out / name).write_bytes(_text(content))
    except OSError as problem:
        raise UsageError(
            f"--out '{out}': cannot be written: {problem.strerror or problem}"
        ) from problem
    click.echo(f"{out}: {ASYNCAPI} and {len(files) - 1} schemas")


def _text(content: dict[str, Any]) -> bytes:  # Any: JSON
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"
