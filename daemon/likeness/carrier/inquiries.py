"""Answers which numbers stand under the name of who was just accepted, once a visit.

Only for a result that is kept here, of this device, accepted, for `check_numbers`, and
fresh by the carrier's own clock. What is kept of an answer is the references alone: an
HMAC-SHA-256 of each number by a key of this answer, so that a dispute names a number
to the carrier and to nobody else. All functions work inside the caller's transaction.
Leaves to others: signing and sealing (`answering`), the register (`numbers`).
"""

import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier import stated, tables
from likeness.carrier.numbers import Registered, masked
from likeness.carrier.verify import Problem
from likeness.core import asks, jws, messages
from likeness.core.vocabulary import Purpose, Verdict

FRESH_S = 120  # the visitor is still there
REFERENCE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Granted:
    """The question may be answered: for the person in this result."""

    person: str  # JWE
    answer: str  # its jti, also when it is said again
    salt: str
    card: messages.CardFacts | None = None


def grant(
    db: sa.Connection, device: str, asked: asks.Question, of: str, now_s: int
) -> Granted | str | None:
    """Say whether a well signed question may be answered.

    Returns:
        What the answer needs; or why it may not be; None: its result is not here yet.
    """
    result, doubt = stated.result_of(db, device, asked)
    if result is None:
        return doubt or None
    if result.verdict is not Verdict.ACCEPTED or result.person is None:
        return "not_accepted"
    if result.purpose is not Purpose.CHECK_NUMBERS:
        return "another_purpose"
    if _nonce_in_doubt(db, device, asked.result):
        return "result_in_doubt"
    if now_s - _kept_utc_s(db, device, asked.result) > FRESH_S:
        return "too_late"
    before = stated.inquiry(db, device, asked.result)
    if before is None:
        answer, salt = secrets.token_hex(16), secrets.token_hex(REFERENCE_BYTES)
        return Granted(result.person, answer, salt, result.card)
    if before.of != of:
        return "asked_before"
    return Granted(result.person, before.answer, before.salt, result.card)


def keep(
    db: sa.Connection,
    device: str,
    asked: asks.Question,
    of: str,
    granted: Granted,
    found: Sequence[asks.Number],
    now_s: int,
) -> None:
    """Note that it is answered, and by which references."""
    if stated.inquiry(db, device, asked.result) is not None:
        return
    db.execute(
        tables.inquiries.insert().values(
            device=device,
            epoch=asked.result.epoch,
            seq=asked.result.seq,
            of=of,
            answer=granted.answer,
            salt=granted.salt,
            refs=json.dumps([one.ref for one in found]),
            answered_utc_s=now_s,
        )
    )


def line(registered: Registered, salt: str) -> asks.Number:
    """Return what leaves the carrier of one number."""
    return asks.Number(
        number=masked(registered.number),
        place=registered.place,
        since=registered.since.isoformat() if registered.since else "",
        ref=reference(registered.number, salt, registered.kind),
    )


def reference(number: str, salt: str, kind: str = "") -> str:
    """Return what an answer calls a number; a line may have the name of a telephone."""
    named = f"{kind}\0{number}" if kind else number
    code = hmac.digest(bytes.fromhex(salt), named.encode(), hashlib.sha256)
    return jws.encode(code[:REFERENCE_BYTES])


def _nonce_in_doubt(db: sa.Connection, device: str, at: asks.At) -> bool:
    """Say whether its acts were not drawn with this carrier's nonce: see the alarm."""
    table = tables.alarms
    found = db.execute(
        sa.select(table.c.kind).where(
            table.c.device == device,
            table.c.epoch == at.epoch,
            table.c.seq == at.seq,
            table.c.kind == Problem.NONCE,
        )
    )
    return found.first() is not None


def _kept_utc_s(db: sa.Connection, device: str, at: asks.At) -> int:
    table = tables.records
    kept: int = db.execute(
        sa.select(table.c.kept_utc_s).where(
            table.c.device == device, table.c.epoch == at.epoch, table.c.seq == at.seq
        )
    ).scalar_one()
    return kept
