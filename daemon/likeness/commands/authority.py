"""`likeness keys authority`: certificates of a bench, from a small test authority.

Leaves to others: the authority's work (`simulators.authority`), a field's own CA.
"""

import re
from pathlib import Path

import click

from likeness.errors import UsageError
from likeness.simulators.authority import Authority, Kind

KINDS = {"device": Kind.DEVICE, "carrier": Kind.CARRIER, "broker": Kind.SERVER}

_NAME = re.compile("[A-Za-z0-9._-]{1,64}")  # RFC 5280, ub-common-name

_folder = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="The authority's folder; made when it is not there.",
)


@click.group(
    name="authority",
    help="A certificate authority for bench and tests. Its keys lie in clear.",
)
def command() -> None:
    """Choose what the authority does."""


@command.command()
@click.argument("kind", type=click.Choice(list(KINDS)))
@click.argument("name")
@_folder
@click.option("--host", "hosts", multiple=True, help="A broker's name or address.")
@click.option(
    "--request",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A signing request (PEM) to answer; without it a key is made, too.",
)
def issue(
    kind: str, name: str, folder: Path, hosts: tuple[str, ...], request: Path | None
) -> None:
    """Give a certificate of this KIND to NAME, its common name."""
    if bool(hosts) != (kind == "broker"):
        raise UsageError("--host is what a broker needs, and only a broker")
    _check_name(name)
    authority = Authority(folder)
    if request is None:
        made = authority.make(name, KINDS[kind], hosts=hosts)
        click.echo(f"certificate: {made.cert}")
        click.echo(f"key: {made.key}")
        return
    answer = authority.issue(_read(request), KINDS[kind], name=name, hosts=hosts)
    cert = folder / "issued" / f"{name}.pem"
    cert.write_bytes(answer)
    click.echo(f"certificate: {cert}")


@command.command()
@click.argument("cert", type=click.Path(path_type=Path, dir_okay=False))
@_folder
def revoke(cert: Path, folder: Path) -> None:
    """Revoke the first certificate in the file CERT."""
    _read(cert)
    authority = Authority(folder)
    authority.revoke(cert)
    click.echo(f"terminals: {authority.devices_crl}")
    click.echo(f"carriers: {authority.carriers_crl}")


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"'{name}': letters, digits, '.', '_' and '-' only, 64 at most"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise UsageError(f"{path}: cannot be read: {problem.strerror}") from problem
