"""What becomes of a terminal's statement: kept once, refused, or not judged yet.

A statement is about one result of the same device, known by its place and its hash; as
long as that is not here, nothing is said, and the terminal sends again. The first
decision on a visit stands; another that contradicts it is an alarm. All functions work
inside the caller's transaction. Leaves to others: signatures, answering.
"""

import json
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from likeness.carrier import alarms, tables
from likeness.carrier.keeping import taken_upto
from likeness.carrier.verify import Problem
from likeness.core import asks, jws, messages
from likeness.core.vocabulary import Verdict
from likeness.errors import Untrusted


@dataclass(frozen=True, slots=True)
class Ruling:
    """What the terminal is told of a statement."""

    outcome: Literal["kept", "refused"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Stated:
    """One kept statement, for who must act on it."""

    device: str
    jti: str
    what: str  # "decision", "dispute"
    transaction: str
    epoch: str
    seq: int
    verdict: str  # of the result
    purpose: str
    decision: str  # "accept", "refuse"; empty: a dispute
    reason: str
    attendants: tuple[str, ...]
    numbers: tuple[str, ...]  # the carrier's references
    kept_utc_s: int
    token: str


KEPT = Ruling("kept")
CONTRADICTS = "contradicts"
# A terminal that lost its memory of a decision may have it made again, the same.
AGREEING_AT_MOST = 4


def keep(
    db: sa.Connection, device: str, said: asks.Statement, token: str, now_s: int
) -> Ruling | None:
    """Keep a well signed statement, once; None: its result is not here yet."""
    table = tables.statements
    before = db.execute(
        sa.select(table.c.payload).where(
            table.c.device == device, table.c.jti == said.jti
        )
    ).scalar()
    payload = token.split(".")[1]
    if before is not None:  # with another signature it is the same statement
        return KEPT if before == payload else Ruling("refused", "another_has_its_name")
    result, doubt = result_of(db, device, said)
    if result is None:
        return Ruling("refused", doubt) if doubt else None
    if isinstance(said, asks.Decision):
        doubt = _doubt_decision(db, device, said, result)
        if doubt == CONTRADICTS:
            _raise_alarm(db, device, said, token, now_s)
    else:
        doubt = _doubt_dispute(db, device, said)
    if doubt:
        return Ruling("refused", doubt)
    db.execute(
        table.insert().values(
            device=device,
            jti=said.jti,
            epoch=said.result.epoch,
            seq=said.result.seq,
            decision=said.decision if isinstance(said, asks.Decision) else "",
            payload=payload,
            kept_utc_s=now_s,
            token=token,
        )
    )
    return KEPT


def _raise_alarm(
    db: sa.Connection, device: str, said: asks.Decision, token: str, now_s: int
) -> None:
    detail = f"attendants decided '{said.decision}' after the contrary was kept"
    place = (device, said.result.epoch, said.result.seq)
    alarm = alarms.Alarm(*place, Problem.DECISION, detail, now_s)
    alarms.keep(db, alarm, record=jws.chain_hash(token), token=token)


def result_of(
    db: sa.Connection, device: str, said: asks.Asked
) -> tuple[messages.Result | None, str]:
    """Return the result that this is about, or why it cannot be; neither: not yet."""
    table, at = tables.records, said.result
    row = db.execute(
        sa.select(table).where(
            table.c.device == device,
            table.c.epoch == at.epoch,
            table.c.seq == at.seq,
        )
    ).first()
    if row is None:
        return None, ""
    if not row.refusal and at.seq > taken_upto(db, device, at.epoch):
        return None, ""  # what is missing before it may show that it does not follow
    if row.hash != at.hash:
        return None, "another_result"
    if row.refusal:
        return None, "result_refused"
    if not row.verdict:
        return None, "no_result"
    payload = jws.decode(row.token.split(".")[1])
    result = messages.from_json(payload, messages.Result)
    if result.transaction != said.transaction:
        return None, "another_transaction"
    return result, ""


def _doubt_decision(
    db: sa.Connection, device: str, said: asks.Decision, result: messages.Result
) -> str:
    if result.verdict is not Verdict.REFERRED:
        return "not_referred"
    if len(set(said.attendants)) != len(said.attendants):
        return "attendant_twice"
    if said.decision == "accept" and result.person is None:
        return "no_person"  # no card was read: there is nobody to bind to
    table = tables.statements
    made = db.scalars(
        sa.select(table.c.decision).where(
            table.c.device == device,
            table.c.epoch == said.result.epoch,
            table.c.seq == said.result.seq,
            table.c.decision != "",
        )
    ).all()
    if any(one != said.decision for one in made):
        return CONTRADICTS
    return "decided_before" if len(made) >= AGREEING_AT_MOST else ""


def _doubt_dispute(db: sa.Connection, device: str, said: asks.Dispute) -> str:
    asked = inquiry(db, device, said.result)
    if asked is None or asked.answer != said.answer:
        return "not_asked"
    named = set(said.numbers)
    return "" if named <= set(json.loads(asked.refs)) else "unknown_number"


# Any: a row of `inquiries`.
def inquiry(db: sa.Connection, device: str, at: asks.At) -> sa.Row[Any] | None:
    """Return what was answered to the visit with this result."""
    table = tables.inquiries
    return db.execute(
        sa.select(table).where(
            table.c.device == device,
            table.c.epoch == at.epoch,
            table.c.seq == at.seq,
        )
    ).first()


def all_stated(db: sa.Connection) -> list[Stated]:
    """Return every statement that was kept, in the order in which they came."""
    table, records = tables.statements, tables.records
    same = (
        (records.c.device == table.c.device)
        & (records.c.epoch == table.c.epoch)
        & (records.c.seq == table.c.seq)
    )
    query = (
        sa.select(table, records.c.verdict, records.c.purpose)
        .join(records, same)
        .order_by(table.c.kept_utc_s, table.c.device, table.c.jti)
    )
    return [_stated(row) for row in db.execute(query)]


def _stated(row: sa.Row[Any]) -> Stated:
    kind: type[asks.Statement] = asks.Decision if row.decision else asks.Dispute
    said = messages.from_json(jws.decode(row.payload), kind)
    decided = said if isinstance(said, asks.Decision) else None
    return Stated(
        device=row.device,
        jti=row.jti,
        what=said.ask,
        transaction=said.transaction,
        epoch=row.epoch,
        seq=row.seq,
        verdict=row.verdict,
        purpose=row.purpose,
        decision=row.decision,
        reason=decided.reason if decided else "",
        attendants=tuple(decided.attendants) if decided else (),
        numbers=tuple(said.numbers) if isinstance(said, asks.Dispute) else (),
        kept_utc_s=row.kept_utc_s,
        token=row.token,
    )


def disputed(db: sa.Connection, one: Stated) -> tuple[str, str]:
    """Return the person that a dispute is about, sealed, and its answer's key.

    Raises:
        Untrusted: the result or the answer that it names is not here.
    """
    said = messages.from_json(jws.decode(one.token.split(".")[1]), asks.Dispute)
    result, _ = result_of(db, one.device, said)
    asked = inquiry(db, one.device, said.result)
    if result is None or result.person is None or asked is None:
        raise Untrusted("what this dispute is about is not here")
    return result.person, asked.salt
