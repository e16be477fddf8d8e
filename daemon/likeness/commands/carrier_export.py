"""`likeness carrier export`, `verify-export`: one signed file for an inspector.

Leaves to others: what stands in it (`carrier.audit.export`), checking it
(`export_check`).
"""

import os
import secrets
import time
from datetime import datetime
from pathlib import Path

import click
from joserfc.jwk import ECKey

from likeness.carrier.audit import export, export_check
from likeness.carrier.audit import words as audit_words
from likeness.carrier.audit.audit import Audit
from likeness.carrier.audit.export_seal import Checked
from likeness.carrier.database import Database
from likeness.commands import carrier_report as report
from likeness.edges import key_files, new_file
from likeness.edges.signer import FileSigner
from likeness.errors import UsageError, one_line

EXIT_WRONG = 1


@click.command()
@report.config_option
@report.database_option
@report.keys_option
@click.option("--device", required=True, help="Whose records.")
@report.from_option
@report.to_option
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The file to write."
)
def command(
    *,
    config_file: Path | None,
    database: str | None,
    keys: Path | None,
    device: str,
    begins: datetime | None,
    ends: datetime | None,
    out: Path,
) -> int:
    """Write a device's records to one file, signed by audit.key.

    Exit 1 if the carrier itself knows that not all of it is whole; the file says so.
    """
    place = report.where(config_file, database, keys)
    trust = report.trust(place)
    if place.keys is None:
        raise AssertionError("there is no trust without a folder of keys")
    signer = FileSigner(place.keys / "audit.key")
    span, now_s = report.period(begins, ends), int(time.time())
    opened = Database(place.database)
    draft = out.with_name(f".{out.name}.{secrets.token_hex(4)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            audit = Audit(opened, trust, now_s, span)
            told = export.write(
                opened, audit, device, span, signer=signer, now_s=now_s, file=file
            )
            file.flush()
            os.fsync(handle)
        out.hardlink_to(draft)  # fails where a rename would replace
        new_file.sync_folder(out.parent)
    except FileExistsError as problem:
        raise UsageError(f"{out}: is there already; give another name") from problem
    except OSError as problem:
        raise UsageError(f"{out}: cannot be written: {problem.strerror}") from problem
    finally:
        draft.unlink(missing_ok=True)
        opened.close()
    records = sum(chain.records for chain in told.chains)
    state = "whole" if told.is_whole else "NOT WHOLE, see 'likeness carrier report'"
    click.echo(f"{out}: {records} record(s) of {device}, {state}; key {signer.kid}")
    return 0 if told.is_whole else EXIT_WRONG


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--audit-key",
    required=True,
    type=click.Path(path_type=Path),
    help="The carrier's public audit key, JWK or PEM, from a place that you trust.",
)
def verify_export(file: Path, audit_key: Path) -> int:
    """Check an export without any database. Exit 1 if anything is wrong."""
    jwk = key_files.public_jwk(key_files.load_public(audit_key))
    told = export_check.check(file, ECKey.import_key({**jwk}))
    for line in _lines(told):
        click.echo(one_line(f"{file}: {line}"))
    return 0 if told.is_whole else EXIT_WRONG


def _lines(told: Checked) -> list[str]:
    opening = told.opening
    lines = []
    if opening is not None:
        until = (
            "" if opening.to_s > opening.made_utc_s else audit_words.when(opening.to_s)
        )
        since = audit_words.when(opening.from_s) if opening.from_s else ""
        period = f"received {since or 'ever'} to {until or 'then'}"
        made = audit_words.when(opening.made_utc_s)
        lines.append(f"{opening.device}, {period}, made {made}")
    lines += [f"ok {one}" for one in told.chains]
    lines += [f"note {one}" for one in told.notes]
    lines += [f"the carrier states: {one}" for one in told.stated]
    lines += [f"BAD {one}" for one in told.troubles]
    genuine = "genuine" if told.is_genuine else "NOT GENUINE"
    whole = "whole" if told.is_whole else "NOT WHOLE"
    return [*lines, f"{genuine}, {whole}"]
