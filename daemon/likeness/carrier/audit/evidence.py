"""Collects the evidence of one result: each check, what it found, whether it holds.

Nothing shows a picture, because none exists; nothing shows who it was, because that is
sealed. Leaves to others: the checks themselves (`evidence_record`, `evidence_visit`).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier import tables, verify
from likeness.carrier.audit import evidence_record, evidence_visit
from likeness.carrier.audit import rows as audit_rows
from likeness.carrier.audit.audit import Audit
from likeness.carrier.audit.dates import Dater
from likeness.carrier.audit.evidence_record import Facts
from likeness.carrier.audit.evidence_state import Check, State, not_measured
from likeness.carrier.audit.evidence_visit import Visit
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Row
from likeness.carrier.database import Database
from likeness.carrier.doubts import issued_visit
from likeness.carrier.keeping import taken_upto
from likeness.carrier.register import tables as register_tables
from likeness.carrier.verify import BadRecord, Problem, Record
from likeness.core import asks, jws, messages
from likeness.core.chain import Link
from likeness.errors import Untrusted, UsageError

AT_MOST = 100  # results of one transaction, and rows of each kind about one


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything about one record."""

    device: str
    at: Link
    checks: tuple[Check, ...]
    token: str

    @property
    def is_good(self) -> bool:
        """Say whether nothing in it is wrong."""
        return all(one.state is not State.WRONG for one in self.checks)


def at(database: Database, audit: Audit, device: str, epoch: str, seq: int) -> Evidence:
    """Return the evidence of the record at one place.

    Raises:
        UsageError: no record stands there.
    """
    with database.read() as db:
        row = audit_rows.record(db, device, epoch, seq)
    if row is None:
        raise UsageError(
            f"{device}/{epoch}/{seq}: no such record is here;"
            " 'likeness carrier report' says which chains there are"
        )
    return _of(database, audit, row)


def of_transaction(database: Database, audit: Audit, name: str) -> Iterator[Evidence]:
    """Give the evidence of each result of a transaction, the first try first."""
    record = tables.records.c
    query = (
        sa.select(tables.records)
        .where(record.transaction_name == name)
        .order_by(record.kept_utc_s, record.device, record.epoch, record.seq)
        .limit(AT_MOST)
    )
    with database.read() as db:
        rows = db.execute(query).all()
    for row in rows:
        yield _of(database, audit, row)


def _of(database: Database, audit: Audit, row: Row) -> Evidence:
    keys, _ = audit.key_book(row.device)
    record, problem = _judge(row, keys)
    dater = Dater(database, row.device, keys)
    date = dater.date(record, row.kept_utc_s) if record else None
    own = jws.chain_hash(row.token)
    with database.read() as db:
        facts = Facts(
            row=row,
            record=record,
            problem=problem,
            keys=keys,
            before=audit_rows.record(db, row.device, row.epoch, row.seq - 1),
            after=audit_rows.record(db, row.device, row.epoch, row.seq + 1),
            taken_upto=taken_upto(db, row.device, row.epoch),
            date=date,
            alarms=_about(db, tables.alarms, row),
            statements=_statements(db, row, own, keys),
            uses=_uses(db, own),
            is_asked=bool(_about(db, tables.inquiries, row)),
        )
        claims = record.claims if record else None
        visit = None
        if isinstance(claims, messages.Result):
            nonce = claims.nonce
            issued = issued_visit(db, row.device, nonce=nonce) if nonce else None
            visit = Visit(claims, own, issued)
    checks = [*evidence_record.checks(facts)]
    if visit is None:
        checks.append(not_measured("visit", "this record is no result"))
    else:
        checks += [*_policy(visit), *evidence_visit.checks(visit)]
    return Evidence(row.device, Link(row.epoch, row.seq, own), tuple(checks), row.token)


def _policy(visit: Visit) -> Iterator[Check]:
    """What nobody can check from here, and an inspector may want to compare."""
    result = visit.result
    yield Check("transaction", State.OK, result.transaction or "not named")
    yield Check("policy", State.OK, result.policy)
    for role, digest in sorted(result.models.items()):
        yield Check(f"model {role}", State.OK, f"SHA-256 {digest}")
    if not result.models:
        yield Check("models", State.DOUBTFUL, "none is named")


def _judge(row: Row, keys: KeyBook) -> tuple[Record | None, str]:
    try:
        key = keys.find(verify.parse(row.token).kid)
        if key is None:
            return None, "by a key that is not known here: it cannot be checked"
        return verify.verify(row.token, key), ""
    except BadRecord as fault:
        good = fault.problem not in (Problem.BAD_SIGNATURE, Problem.MALFORMED)
        return None, "" if good and row.refusal else str(fault)


def _about(db: sa.Connection, table: sa.Table, row: Row) -> tuple[Row, ...]:
    query = sa.select(table).where(
        table.c.device == row.device,
        table.c.epoch == row.epoch,
        table.c.seq == row.seq,
    )
    return tuple(db.execute(query.limit(AT_MOST)).all())


def _uses(db: sa.Connection, own: str) -> tuple[Row, ...]:
    uses = register_tables.uses
    return tuple(db.execute(sa.select(uses).where(uses.c.hash == own)).all())


def _statements(
    db: sa.Connection, row: Row, own: str, keys: KeyBook
) -> tuple[tuple[Row, str], ...]:
    kept = _about(db, tables.statements, row)
    return tuple((one, _doubt_statement(one, own, keys)) for one in kept)


def _doubt_statement(row: Row, own: str, keys: KeyBook) -> str:
    """Judge what is stated by its token: signed by this device, about this record."""
    try:
        parsed = jws.parse(row.token, types=(asks.DECISION, asks.DISPUTE))
        key = keys.find(parsed.kid)
        if key is None:
            return "signed by a key that is not known here"
        verify.check_signature(row.token, key)
        said = messages.from_json(parsed.payload, asks.KINDS[parsed.typ])
    except Untrusted as fault:
        return f"its token is not good: {fault}"
    decided = said.decision if isinstance(said, asks.Decision) else ""
    if decided != row.decision or row.payload != row.token.split(".")[1]:
        return "the table says something else than its token"
    return "" if said.result.hash == own else "it is about another record"
