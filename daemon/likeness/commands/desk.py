"""`likeness desk`: a token for the clerk's desk, and the document of its API."""

from pathlib import Path

import click

from likeness.errors import UsageError


@click.group(help="The clerk's desk: make its token, print its OpenAPI document.")
def command() -> None:
    """Choose what to do for the desk."""


@command.command()
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, help="The file of tokens."
)
@click.option("--attendant", default="", help="The staff number of its only holder.")
def token(out: Path, attendant: str) -> None:
    """Make a token and keep it in a file that only its owner can read.

    A file that exists gets a new token in place of its old one; with --attendant only
    that attendant's line is replaced, or one is added. A running desk follows within
    a second, and the old token is worth nothing then.
    """
    from likeness.edges import desk_token

    if attendant and not desk_token.ATTENDANT.match(attendant):
        raise UsageError(
            f"--attendant '{attendant}': a staff number of letters, digits, '.', '_'"
            " and '-', 32 at most"
        )
    try:
        desk_token.put_new(out, attendant)
    except OSError as problem:
        raise UsageError(
            f"--out {out}: cannot be written: {problem.strerror}"
        ) from problem
    whose = f"for attendant {attendant}" if attendant else "for the desk"
    click.echo(f"token {whose}: {out}")


@command.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document of the desk's API."""
    import msgspec

    from likeness.edges import desk_openapi

    document = msgspec.json.encode(desk_openapi.document())
    click.echo(msgspec.json.format(document, indent=2).decode())
