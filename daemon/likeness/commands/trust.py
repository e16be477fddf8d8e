"""`likeness trust`: whom this terminal believes to issue documents with chips."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from likeness.errors import UsageError, one_line

if TYPE_CHECKING:
    from likeness.chip.certificate import Certificate, Crl
    from likeness.chip.trust_store import TrustStore

FOLDER = click.option(
    "--dir",
    "folder",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    required=True,
    help="The folder that trust.dir names.",
)
PUBLIC = 0o644
MOST_BYTES = 32 << 20
EXIT_NO = 1


@click.group(help="Issuers of documents with chips: list, import.")
def command() -> None:
    """Choose what to do with the trust store."""


@command.command("list")
@FOLDER
def list_issuers(folder: Path) -> int:
    """Say who is trusted, until when, and what was left out. Exit 1 if nobody is.

    With each issuer stands its revocation list: without a current one, a signer that
    was revoked is not found out.
    """
    store = _store(folder)
    now = datetime.now(UTC)
    for issuer in sorted(store.issuers, key=lambda one: one.label):
        over = " (over)" if issuer.end < now else ""
        lists = [_current(one, now) for one in store.lists_of(issuer)]
        revoked = ", ".join(lists) or "no revocation list"
        click.echo(
            f"{issuer.fingerprint[:16]} to {issuer.end:%Y-%m-%d}{over}:"
            f" {one_line(issuer.label)}; {revoked}"
        )
    _tell_rejected(store)
    click.echo(_sum(store))
    return 0 if store.issuers else EXIT_NO


@command.command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@FOLDER
def take(file: Path, folder: Path) -> int:
    """Put a master list, certificate or CRL into the folder, checked.

    Signatures are checked first; who is added is named. A file of which nothing can be
    trusted is refused and exits 1; one that is there already changes nothing. Whether
    it is the right one is yours to know: get it, or its digest, from its publisher by a
    second way.
    """
    from likeness.edges import new_file

    before = _store(folder)
    data = _read(file)
    after = _store(folder, (file.name, data))
    click.echo(f"SHA-256 {sha256(data).hexdigest()}")
    new = [one for one in after.issuers if one not in before.issuers]
    if not new and set(after.crls) == set(before.crls):
        _tell_rejected(after)
        if _holds_some_of(before, file.name, data):
            click.echo(f"{file}: already there; nothing was changed")
            return 0
        click.echo(f"{file}: adds nobody who can be trusted; nothing was changed")
        return EXIT_NO
    name = f"{sha256(data).hexdigest()[:16]}-{_safe(file.name)}"
    try:
        new_file.replace(folder / name, data, mode=PUBLIC)
    except OSError as problem:
        raise UsageError(
            f"{folder}: cannot be written ({problem.strerror}); run as its owner"
        ) from problem
    _tell_rejected(after)
    for listing in after.lists:
        if listing not in before.lists:
            click.echo(f"master list signed by: {_named(listing.signer)}")
    for issuer in sorted(new, key=lambda one: one.label):
        click.echo(f"new: {_named(issuer)}")
    click.echo(f"{name}: {len(new)} new issuers; now {_sum(after)}")
    return 0


def _store(folder: Path, *more: tuple[str, bytes]) -> "TrustStore":
    from likeness.chip import trust_store
    from likeness.edges.trust_folder import TrustFolder

    def load(files: Iterable[tuple[str, bytes]]) -> "TrustStore":
        return trust_store.load([*files, *more])

    return TrustFolder(folder, load).current()


def _current(crl: "Crl", now: datetime) -> str:
    due = f"until {crl.next_update:%Y-%m-%d}" if crl.next_update else "without an end"
    old = "" if crl.is_current(now.date()) else " (not current)"
    return f"revocation list of {len(crl.revoked)} {due}{old}"


def _holds_some_of(store: "TrustStore", name: str, data: bytes) -> bool:
    """Say whether something of a file is trusted by now."""
    from likeness.chip import trust_store

    found = trust_store.parse(data, name)
    listed = (one for held in found.lists for one in held.certificates)
    return any(one in store.issuers for one in (*found.certificates, *listed)) or any(
        one in store.crls for one in found.crls
    )


def _named(certificate: "Certificate") -> str:
    return f"{one_line(certificate.label)} ({certificate.fingerprint[:16]})"


def _read(file: Path) -> bytes:
    """Read a file, or a pipe; a device may be without end."""
    try:
        with file.open("rb") as source:
            data = source.read(MOST_BYTES + 1)
    except OSError as problem:
        raise UsageError(f"{file}: cannot be read: {problem.strerror}") from problem
    if len(data) > MOST_BYTES:
        raise UsageError(f"{file}: is too large for a list of certificates")
    return data


def _safe(name: str) -> str:
    """Keep what every file system takes; it must not be hidden."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[-100:]


def _tell_rejected(store: "TrustStore") -> None:
    for why in store.rejected:
        click.echo(f"left out: {one_line(why)}")


def _sum(store: "TrustStore") -> str:
    return (
        f"{len(store.issuers)} issuers, {len(store.lists)} master lists,"
        f" {len(store.crls)} revocation lists, {len(store.rejected)} left out"
    )
