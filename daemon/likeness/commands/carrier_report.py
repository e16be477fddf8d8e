"""`likeness carrier report`: what is kept of terminals, and whether all of it is whole.

Leaves to others: the audit (`carrier.audit`), one result (`carrier.audit.evidence`),
what was stated (`carrier_statements`).
"""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec
from joserfc.jwk import ECKey

from likeness import strict_toml
from likeness.carrier.audit import evidence, export_check
from likeness.carrier.audit import words as audit_words
from likeness.carrier.audit.audit import Audit, DeviceReport
from likeness.carrier.audit.export_lines import Chain
from likeness.carrier.audit.rows import FOR_EVER, Period
from likeness.carrier.database import Database
from likeness.carrier.settings import Settings
from likeness.carrier.trust import Trust
from likeness.commands import carrier_statements
from likeness.edges import key_files
from likeness.errors import UsageError, one_line

EXIT_WRONG = 1
DATE_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"]

config_option = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The carrier's TOML file, as of 'carrier run'; instead of the next two.",
)
database_option = click.option(
    "--database", help="Of 'carrier run': a file, or postgresql://…"
)
keys_option = click.option(
    "--keys", type=click.Path(path_type=Path), help="Folder of keys, with devices/."
)
from_option = click.option(
    "--from",
    "begins",
    type=click.DateTime(DATE_FORMATS),
    help="What was received since this day or second (UTC).",
)
to_option = click.option(
    "--to",
    "ends",
    type=click.DateTime(DATE_FORMATS),
    help="And before this one.",
)


@dataclass(frozen=True, slots=True)
class Where:
    """What is to be audited, and by whose keys."""

    database: str
    keys: Path | None


def where(config: Path | None, database: str | None, keys: Path | None) -> Where:
    """Return the places that a command was given.

    Raises:
        UsageError: neither or both, or no database there.
    """
    if config is not None:
        if database or keys:
            raise UsageError("give either --config FILE, or --database and --keys")
        settings = strict_toml.load(config, Settings)
        database, keys = settings.database, Path(settings.keys)
    if not database:
        raise UsageError("give --config FILE, or --database FILE_OR_URL --keys DIR")
    if "://" not in database and not Path(database).is_file():
        raise UsageError(f"{database}: no database here; 'carrier run' makes it")
    return Where(database, keys)


def trust(place: Where) -> Trust:
    """Return the devices whose keys are known here.

    Raises:
        UsageError: no folder was named.
    """
    if place.keys is None:
        raise UsageError(
            "--keys DIR is needed: signatures are checked by the devices' public keys"
        )
    return Trust(place.keys / "devices")


def period(begins: datetime | None, ends: datetime | None) -> Period:
    """Return the period that a command was given, in UTC."""
    from_s, to_s = (
        int(one.replace(tzinfo=UTC).timestamp()) if one else default
        for one, default in ((begins, 0), (ends, FOR_EVER))
    )
    if from_s >= to_s:
        raise UsageError("--from must lie before --to")
    return Period(from_s, to_s)


@click.command()
@config_option
@database_option
@keys_option
@click.option("--device", default="", help="Of this terminal only.")
@from_option
@to_option
@click.option(
    "--against",
    "exports",
    multiple=True,
    type=click.Path(path_type=Path),
    help="An export made before: is what it holds still here?",
)
@click.option("--result", default="", help="DEVICE/EPOCH/SEQ: the evidence of one.")
@click.option(
    "--transaction", default="", help="The evidence of each result of this name."
)
@click.option(
    "--statements", is_flag=True, help="List what attendants and visitors stated."
)
@click.option("--json", "as_json", is_flag=True, help="For programs, with the tokens.")
@click.option(
    "--person-key",
    type=click.Path(path_type=Path),
    help="With --statements and --numbers: show disputed numbers, whole.",
)
@click.option(
    "--numbers",
    "number_file",
    type=click.Path(path_type=Path),
    help="With --person-key: the file of 'carrier run --numbers'.",
)
def command(
    *,
    config_file: Path | None,
    database: str | None,
    keys: Path | None,
    device: str,
    begins: datetime | None,
    ends: datetime | None,
    person_key: Path | None,
    number_file: Path | None,
    exports: tuple[Path, ...],
    result: str,
    transaction: str,
    statements: bool,
    as_json: bool,
) -> int:
    """Audit each chain: whole, or where it breaks and what to do.

    All is computed anew from the signed tokens. Exit 1 if anything is wrong.
    """
    if (person_key is None) != (number_file is None):
        raise UsageError("--person-key and --numbers go together")
    place = where(config_file, database, keys)
    if statements or person_key:
        opened = person_key and number_file and (person_key, number_file)
        carrier_statements.show(place.database, device, opened or None, json=as_json)
        return 0
    known = trust(place)
    opened_database = Database(place.database)
    try:
        audit = Audit(
            opened_database,
            known,
            int(time.time()),
            period(begins, ends),
            _exported(place, exports),
        )
        if result or transaction:
            found = _wanted(opened_database, audit, result, transaction)
            return _show_evidence(found, as_json=as_json)
        reports = iter([_one(audit, device)]) if device else audit.devices()
        return _show(reports, as_json=as_json)
    finally:
        opened_database.close()


def _one(audit: Audit, device: str) -> DeviceReport:
    report = audit.device(device)
    if not (report.chains or report.alarms or report.findings):
        raise UsageError(f"{device}: nothing of it is here in this period")
    return report


def _exported(place: Where, files: tuple[Path, ...]) -> dict[str, list[Chain]]:
    """Return what was exported before, by device.

    Raises:
        UsageError: a file is not one that this carrier has sealed.
    """
    told: dict[str, list[Chain]] = {}
    for path in files:
        own = key_files.load_private((place.keys or Path()) / "audit.key").public_key()
        checked = export_check.check(
            path, ECKey.import_key({**key_files.public_jwk(own)})
        )
        if checked.troubles or not checked.opening or not checked.summary:
            why = "; ".join(checked.troubles[:1])
            raise UsageError(f"{path}: not as this carrier has sealed it: {why}")
        told.setdefault(checked.opening.device, []).extend(checked.summary.chains)
    return told


def _show(reports: Iterator[DeviceReport], *, as_json: bool) -> int:
    count, wrong = 0, 0
    for report in reports:
        count += 1
        wrong += not report.is_whole
        if as_json:
            click.echo(audit_words.as_json(report).decode())
            continue
        for line in audit_words.lines(report):
            click.echo(one_line(line))
    if not as_json:
        click.echo(f"{count} device(s), {wrong} not whole")
    return EXIT_WRONG if wrong else 0


def _wanted(
    database: Database, audit: Audit, result: str, transaction: str
) -> Iterator[evidence.Evidence]:
    if result and transaction:
        raise UsageError("give either --result or --transaction")
    if transaction:
        return evidence.of_transaction(database, audit, transaction)
    device, epoch, seq = ([*result.split("/"), "", "", ""])[:3]
    if result.count("/") != 2 or not re.fullmatch("[0-9]{1,16}", seq):  # noqa: PLR2004
        raise UsageError(f"--result '{result}': write DEVICE/EPOCH/SEQ")
    return iter([evidence.at(database, audit, device, epoch, int(seq))])


def _show_evidence(every: Iterator[evidence.Evidence], *, as_json: bool) -> int:
    count, wrong = 0, 0
    for one in every:
        count += 1
        wrong += not one.is_good
        if as_json:
            click.echo(msgspec.json.encode(one).decode())
            continue
        click.echo(one_line(f"{one.device}/{one.at.epoch}/{one.at.seq}"))
        for check in one.checks:
            said = f"  {check.state:<12} {check.name}: {check.said}"
            click.echo(one_line(said))
    if not count:
        raise UsageError("no result of this transaction is here")
    return EXIT_WRONG if wrong else 0
