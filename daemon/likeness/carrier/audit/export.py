"""Writes a device's records into one signed file for an inspector.

The file can be checked without this database and without this program. It holds what
the terminal signed, what the carrier says about it, and nothing that the carrier could
open: persons stay sealed. Leaves to others: the form (`export_lines`), the audit.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import msgspec

from likeness.carrier.audit import rows as audit_rows
from likeness.carrier.audit.audit import Audit, ChainReport, DeviceReport
from likeness.carrier.audit.export_lines import (
    AUDIT,
    VERSION,
    Alarm,
    Chain,
    DeviceKey,
    Line,
    Linked,
    Opening,
    Seal,
    Stated,
    Summary,
    encode,
)
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Period
from likeness.carrier.database import Database
from likeness.core import jws, messages
from likeness.edges.signer import FileSigner
from likeness.errors import UsageError

ISSUER = "carrier"


@dataclass(slots=True)
class _Writer:
    """Counts and digests what it writes."""

    file: BinaryIO
    lines: int = 0
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def write(self, line: Line) -> None:
        data = encode(line)
        self.file.write(data)
        self.digest.update(data)
        self.lines += 1


def write(
    database: Database,
    audit: Audit,
    device: str,
    period: Period,
    *,
    signer: FileSigner,
    now_s: int,
    file: BinaryIO,
) -> DeviceReport:
    """Write the export; return the audit that it tells of.

    Raises:
        UsageError: nothing of this device came in this period.
    """
    report = audit.device(device)
    chains = [one for one in report.chains if one.first >= 0]
    if not chains:
        raise UsageError(f"{device}: nothing of it is here in this period")
    keys, _ = audit.key_book(device)
    writer = _Writer(file)
    writer.write(Line(export=_opening(database, device, keys, period, now_s)))
    told = [_records(database, device, chain, writer) for chain in chains]
    alarms = _alarms(database, device, period, writer)
    writer.write(Line(summary=_summary(report, told, alarms)))
    seal = Seal(
        iss=ISSUER,
        iat=now_s,
        device=device,
        from_s=period.from_s,
        to_s=period.to_s,
        lines=writer.lines,
        sha256=jws.encode(writer.digest.digest()),
    )
    token = jws.compact(
        messages.to_json(seal),
        alg=signer.alg,
        kid=signer.kid,
        typ=AUDIT,
        sign=signer.sign,
    )
    writer.write(Line(seal=token))
    return report


def _opening(
    database: Database, device: str, keys: KeyBook, period: Period, now_s: int
) -> Opening:
    with database.read() as db:
        changes = audit_rows.key_changes(db, device)
    tokens = [row.token for row in changes if row.token]
    return Opening(
        version=VERSION,
        device=device,
        from_s=period.from_s,
        to_s=period.to_s,
        made_utc_s=now_s,
        keys=[*_keys(keys)],
        key_changes=[t for t in tokens if keys.knows_change(jws.chain_hash(t))],
    )


def _keys(keys: KeyBook) -> Iterator[DeviceKey]:
    for kid, key in keys.listed():
        jwk = {**key.as_dict(private=False), "kid": kid}
        yield DeviceKey(
            jwk=msgspec.convert(
                {name: jwk[name] for name in ("kty", "crv", "x", "y", "kid")},
                messages.PublicKey,
            ),
            in_file=keys.in_file(kid),
            since=keys.since(kid),
        )


def _records(
    database: Database, device: str, chain: ChainReport, writer: _Writer
) -> Chain:
    """Write the records of one chain; return its two ends."""
    before, last, count = None, None, 0
    from_seq = max(chain.first - 1, 0)
    for row in audit_rows.records(database, device, chain.epoch, from_seq, chain.last):
        link = Linked(seq=row.seq, hash=jws.chain_hash(row.token))
        if row.seq < chain.first:
            before = link
            continue
        last, count = link, count + 1
        writer.write(
            Line(result=row.token, received=row.kept_utc_s, refusal=row.refusal)
        )
    if last is None:
        raise UsageError(f"{device}: its rows changed meanwhile; export again")
    return Chain(
        epoch=chain.epoch,
        before=before,
        last=last,
        records=count,
        is_whole=chain.is_whole,
    )


def _alarms(database: Database, device: str, period: Period, writer: _Writer) -> int:
    count = 0
    for row in audit_rows.alarms(database, device, period):
        count += 1
        alarm = Alarm(
            kind=row.kind,
            epoch=row.epoch,
            seq=row.seq,
            detail=row.detail,
            raised_utc_s=row.raised_utc_s,
            token=row.token,
        )
        writer.write(Line(alarm=alarm))
    return count


def _summary(report: DeviceReport, chains: list[Chain], alarms: int) -> Summary:
    found = [*report.findings]
    results: Counter[str] = Counter()
    for chain in report.chains:
        found += chain.findings
        results += chain.results
    return Summary(
        chains=chains,
        findings=[
            Stated(kind=f.kind, epoch=f.epoch, seq=f.seq, said=f.said, do=f.do)
            for f in found
        ],
        more=sum(chain.more for chain in report.chains),
        alarms=alarms,
        results=dict(results),
    )
