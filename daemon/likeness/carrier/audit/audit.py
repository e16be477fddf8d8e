"""Audits what is kept of terminals: whole, or exactly where and how it is not.

One device after the other, a page of records at a time. Leaves to others: each rule
(`chain`, `columns`, `former`, `doubles`, `orphans`), the
words of a report (`words`).
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.alarms import MAY_BE_WANTED, Alarm
from likeness.carrier.audit import columns as audit_columns
from likeness.carrier.audit import former as audit_former
from likeness.carrier.audit import orphans as audit_orphans
from likeness.carrier.audit import rows as audit_rows
from likeness.carrier.audit.chain import FINDINGS_AT_MOST, Given, Walk
from likeness.carrier.audit.dates import Dater, Dates
from likeness.carrier.audit.doubles import Doubles
from likeness.carrier.audit.export_lines import Chain
from likeness.carrier.audit.findings import Finding, Kind, found, is_wrong
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Extent, Period, Row
from likeness.carrier.database import Database
from likeness.carrier.trust import Trust
from likeness.carrier.verify import Problem, Record
from likeness.core import jws, messages
from likeness.core.chain import Link

ALARMS_AT_MOST = 20
# What follows from these is found anew; or it has passed, and nothing is wrong by it.
_PASSING = {*MAY_BE_WANTED, Problem.GAP, Problem.REFUSED, Problem.CLOCK}


@dataclass(slots=True)
class ChainReport:
    """One chain, or the part of it that came in the period."""

    epoch: str
    first: int = -1
    last: int = -1
    records: int = 0
    begins: messages.EpochBegins | None = None  # row 0, if it came in the period
    whole_upto: Link | None = None
    findings: list[Finding] = field(default_factory=list)
    more: int = 0  # findings beyond these
    results: Counter[str] = field(default_factory=Counter)  # "verdict purpose"
    refused: Counter[str] = field(default_factory=Counter)  # kept, but not taken
    keys: list[str] = field(default_factory=list)  # each, and since when
    dates: Dates = field(default_factory=Dates)

    @property
    def is_whole(self) -> bool:
        """Say whether nothing in it is wrong."""
        return not is_wrong(self.findings)


@dataclass(slots=True)
class DeviceReport:
    """All that is kept of one device."""

    device: str
    chains: list[ChainReport] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)  # of no chain alone
    alarms: list[Alarm] = field(default_factory=list)
    alarm_kinds: Counter[str] = field(default_factory=Counter)
    statements: Counter[str] = field(default_factory=Counter)  # "accept", "dispute", …

    @property
    def is_whole(self) -> bool:
        """Say whether nothing is wrong."""
        alarmed = set(self.alarm_kinds) - _PASSING
        chains = all(one.is_whole for one in self.chains)
        return chains and not is_wrong(self.findings) and not alarmed


class Audit:
    """Audits one database with the keys that its carrier was given."""

    def __init__(
        self,
        database: Database,
        trust: Trust,
        now_s: int,
        period: Period,
        exports: Mapping[str, Sequence[Chain]] | None = None,
    ) -> None:
        """Take them.

        Args:
            database: what is audited.
            trust: the devices with their public keys.
            now_s: seconds since 1970, to say how long something is missing.
            period: of reception.
            exports: of each device, the chains that inspectors were given.
        """
        self._database, self._trust = database, trust
        self._exports = exports or {}
        self._now_s, self._period = now_s, period

    def devices(self) -> Iterator[DeviceReport]:
        """Audit every device of which anything is kept."""
        seen = set()
        for device in audit_rows.devices(self._database):
            seen.add(device)
            yield self.device(device)
        for device in sorted(self._exports.keys() - seen):
            yield self.device(device)

    def key_book(self, device: str) -> tuple[KeyBook, list[Finding]]:
        """Return a device's keys, and what is wrong with the table of changes."""
        keys = KeyBook(self._trust.keys(device))
        with self._database.read() as db:
            rows = audit_rows.key_changes(db, device)
        keys.learn_all(row.token for row in rows if row.in_force and row.token)
        doubts = [(row, audit_columns.doubt_change(row, keys)) for row in rows]
        return keys, [
            found(Kind.TAMPERED, row.epoch, row.seq, doubt)
            for row, doubt in doubts
            if doubt
        ]

    def device(self, device: str) -> DeviceReport:
        """Audit one device."""
        report = DeviceReport(device)
        keys, report.findings = self.key_book(device)
        with self._database.read() as db:
            extents = audit_rows.extents(db, device, self._period)
        dater = Dater(self._database, device, keys)
        for extent in extents:
            if extent.first < 0 and not self._period.is_all:
                continue
            chain = self._chain(device, extent, keys, dater)
            report.chains.append(chain)
            if chain.begins is not None and (
                finding := self._former(chain.begins, device, extents)
            ):
                report.findings.append(finding)
        report.findings += self._exported(device)
        for token, doubt in dater.doubts.items():
            report.findings.append(found(Kind.TAMPERED, "", 0, doubt, (token,)))
        self._alarms(report, keys)
        with self._database.read() as db:
            report.statements = self._statements(db, device)
            if self._period.is_all:
                report.findings += audit_orphans.find(db, device)
        return report

    def _chain(
        self,
        device: str,
        extent: Extent,
        keys: KeyBook,
        dater: Dater,
    ) -> ChainReport:
        begins_at = 0 if self._period.is_all else max(extent.first - 1, 0)
        walk = Walk(
            device,
            extent.epoch,
            keys,
            now_s=self._now_s,
            begins_at=begins_at,
            taken_upto=extent.taken_upto,
        )
        told = ChainReport(extent.epoch, extent.first, extent.last)
        # One more on either side: what is inside must follow, and be followed.
        rows = itertools.chain(
            audit_rows.records(
                self._database, device, extent.epoch, begins_at, extent.last
            ),
            audit_rows.records(
                self._database,
                device,
                extent.epoch,
                extent.last + 1,
                extent.newest,
                at_most=1,
            ),
        )
        for row in rows:
            record = walk.take(Given(row.seq, row.token, row.refusal, row.kept_utc_s))
            if doubt := audit_columns.doubt(row, record):
                walk.report(Kind.TAMPERED, row.seq, doubt, (row.token,))
            if record is not None:
                self._check_change(walk, row, record, keys)
            if extent.first <= row.seq <= extent.last:
                _count(told, row, record, dater)
        self._end(walk, device, extent)
        told.begins = walk.begins
        told.findings, told.more = walk.findings, walk.more
        told.whole_upto = walk.whole_upto
        told.keys = [f"{kid}: {keys.since(kid)}" for kid in walk.kids]
        return told

    def _check_change(
        self, walk: Walk, row: Row, record: Record, keys: KeyBook
    ) -> None:
        """A change that is signed, taken and passed must be in force."""
        is_change = isinstance(record.claims, messages.KeyChange)
        if not is_change or row.refusal or not walk.is_whole:
            return
        table = tables.key_changes.c
        query = sa.select(table.in_force).where(
            table.device == row.device, table.epoch == row.epoch, table.seq == row.seq
        )
        with self._database.read() as db:
            in_force = db.execute(query).scalar()
        if not in_force or not keys.knows_change(record.hash):
            said = f"the change of keys at seq {row.seq} is not in force in the table"
            walk.report(Kind.TAMPERED, row.seq, said, (row.token,))

    def _end(self, walk: Walk, device: str, extent: Extent) -> None:
        """Compare with the table of heads, if the walk has come to the end."""
        if walk.next <= extent.newest:
            return
        walk.end(extent.taken_upto)
        if walk.whole_upto is None:
            return
        with self._database.read() as db:  # it may have moved on meanwhile
            head = audit_rows.head(db, device, extent.epoch)
        doubt = audit_columns.doubt_head(
            head, walk.whole_upto, extent.newest, is_whole=walk.is_whole
        )
        if doubt:
            walk.report(Kind.TAMPERED, max(extent.taken_upto, 0), doubt)

    def _former(
        self, begins: messages.EpochBegins, device: str, extents: list[Extent]
    ) -> Finding | None:
        def look(epoch: str, seq: int) -> Row | None:
            with self._database.read() as db:
                return audit_rows.record(db, device, epoch, seq)

        return audit_former.judge(begins, extents, look)

    def _exported(self, device: str) -> Iterator[Finding]:
        """What an inspector has, and is not here or not the same."""
        for chain in self._exports.get(device, ()):
            seq, place = chain.last.seq, (device, chain.epoch, chain.last.seq)
            with self._database.read() as db:
                row = audit_rows.record(db, *place)
            if row is None:
                said = f"an export holds seq {seq}, which is not here (any more)"
                yield found(Kind.RESTORED, chain.epoch, seq, said)
            elif jws.chain_hash(row.token) != chain.last.hash:
                said = f"an export holds another record at seq {seq} than the one here"
                yield found(Kind.LINK, chain.epoch, seq, said, (row.token,))

    def _alarms(self, report: DeviceReport, keys: KeyBook) -> None:
        doubles = Doubles(keys)
        for row in audit_rows.alarms(self._database, report.device, self._period):
            report.alarm_kinds[row.kind] += 1
            if len(report.alarms) < ALARMS_AT_MOST:
                place = (row.device, row.epoch, row.seq)
                report.alarms.append(
                    Alarm(*place, row.kind, row.detail, row.raised_utc_s)
                )
            with self._database.read() as db:
                stands = audit_rows.record(db, row.device, row.epoch, row.seq)
            for finding in doubles.hear(row, stands):
                if len(report.findings) < FINDINGS_AT_MOST:
                    report.findings.append(finding)

    def _statements(self, db: sa.Connection, device: str) -> Counter[str]:
        table = tables.statements.c
        query = (
            sa.select(table.decision, sa.func.count())
            .where(
                table.device == device,
                table.kept_utc_s.between(self._period.from_s, self._period.to_s - 1),
            )
            .group_by(table.decision)
        )
        return Counter({name or "dispute": n for name, n in db.execute(query)})


def _count(told: ChainReport, row: Row, record: Record | None, dater: Dater) -> None:
    told.records += 1
    if row.refusal:
        told.refused[row.refusal] += 1
    if record is None:
        return
    told.dates.add(dater.date(record, row.kept_utc_s))
    claims = record.claims
    if isinstance(claims, messages.Result) and not row.refusal:
        told.results[f"{claims.verdict} {claims.purpose}"] += 1
