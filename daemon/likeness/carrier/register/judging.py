"""What is known of the results of a transaction, from what is kept alone.

The signature is checked again, with the keys that the terminal has now: one that was
revoked since proves nothing. All functions work inside the caller's transaction. Leaves
to others: what follows from it (`core.binding`).
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from joserfc.jwk import ECKey

from likeness.carrier import key_history, tables, verify
from likeness.carrier.keeping import taken_upto
from likeness.carrier.register import transactions
from likeness.carrier.trust import Trust
from likeness.carrier.verify import Problem
from likeness.carrier.words import VISIT_EXPIRES_S
from likeness.core import asks, binding, jws, messages
from likeness.core.binding import Doubt, Rules, Seen
from likeness.core.vocabulary import Environment, Purpose
from likeness.errors import Untrusted

AT_MOST = 64  # results of one transaction that are looked at, the newest first


@dataclass(frozen=True, slots=True)
class Judged:
    """One result, and why it may not be used; no doubt: it may."""

    result: messages.Result | None
    hash: str
    epoch: str
    seq: int
    doubt: Doubt | None


def judge(
    db: sa.Connection,
    trust: Trust,
    opened: transactions.Opened,
    rules: Rules,
    now_s: int,
    purposes: frozenset[Purpose],
) -> Judged:
    """Return the newest result that may be used, or the newest one with its doubt."""
    none: Judged | None = None
    for row in _rows(db, opened):
        result = _result(row.token)
        seen = _seen(db, trust, row, result)
        doubt = binding.doubt_result(opened.wanted, seen, rules, now_s, purposes)
        one = Judged(result, row.hash, row.epoch, row.seq, doubt)
        if doubt is None:
            return one
        none = none or one
    if none is not None:
        return none
    doubt = binding.doubt_result(opened.wanted, None, rules, now_s, purposes)
    return Judged(None, "", "", 0, doubt)


# Any: rows of `records`.
def _rows(db: sa.Connection, opened: transactions.Opened) -> list[sa.Row[Any]]:
    table = tables.records
    here = table.c.device == opened.device
    asked = (
        sa.select(table)
        .where(table.c.transaction_name == opened.name)
        # Others cannot crowd out the terminal that it was aimed at.
        .order_by(here.desc(), table.c.kept_utc_s.desc(), table.c.seq.desc())
        .limit(AT_MOST)
    )
    return list(db.execute(asked))


def _result(token: str) -> messages.Result | None:
    try:
        return messages.from_json(jws.decode(token.split(".")[1]), messages.Result)
    except (Untrusted, IndexError):
        return None


def _seen(
    db: sa.Connection,
    trust: Trust,
    row: sa.Row[Any],
    result: messages.Result | None,
) -> Seen:
    place = (row.device, row.epoch, row.seq)
    kinds = _alarms(db, *place)
    decided = "" if Problem.DECISION in kinds else _decided(db, trust, row)
    return Seen(
        device=row.device,
        transaction=(result.transaction or "") if result else "",
        purpose=result.purpose if result else "",
        environment=result.environment if result else "",
        verdict=result.verdict if result else "",
        is_refused=bool(row.refusal),
        key_is_good=_is_signed(db, trust, row),
        device_is_productive=trust.allows(row.device, Environment.PRODUCTION),
        is_contiguous=row.seq <= taken_upto(db, row.device, row.epoch),
        chain_alarm=Problem.WRONG_KEY in kinds or _is_forked(db, row),
        nonce_alarm=Problem.NONCE in kinds,
        nonce_source=result.nonce_source if result else "",
        nonce=_nonce(db, row, result),
        decided=decided,
        has_consent=result is not None and result.consent is not None,
        has_person=result is not None and result.person is not None,
        kept_s=row.kept_utc_s,
        used_by=transactions.used_by(db, row.hash),
    )


def _is_signed(db: sa.Connection, trust: Trust, row: sa.Row[Any]) -> bool:
    """Say whether a key that this terminal has now has signed this place."""
    try:
        kid = verify.parse(row.token).kid
        record = verify.verify(row.token, _key(db, trust, row.device, kid))
    except Untrusted:
        return False
    is_its = record.claims.iss == row.device and record.hash == row.hash
    stands = (record.claims.epoch, record.claims.seq) == (row.epoch, row.seq)
    doubt = key_history.doubt(db, row.device, kid, row.epoch, row.seq)
    return is_its and stands and not doubt


def _key(db: sa.Connection, trust: Trust, device: str, kid: str) -> ECKey:
    """Return a key that this terminal has now.

    Raises:
        Untrusted: it has no such key.
    """
    if (key := trust.key(device, kid)) is not None:
        return key
    changed = key_history.key(db, device, kid)
    if changed is None or not trust.knows(device):
        raise Untrusted("a key that this terminal has not")
    return verify.jwk_of(changed)


# Any: rows of `records`, here and below.
def _is_forked(db: sa.Connection, row: sa.Row[Any]) -> bool:
    """Say whether its key has signed two records for its place, or one before it.

    Then the key is in two hands, and whose hand went on from there nobody can say.
    """
    table = tables.alarms.c
    asked = sa.select(table.token).where(
        table.device == row.device,
        table.epoch == row.epoch,
        table.seq <= row.seq,
        table.kind == Problem.FORK,
    )
    tokens = list(db.execute(asked).scalars())
    try:
        kid = verify.parse(row.token).kid
        return any(verify.parse(token).kid == kid for token in tokens)
    except Untrusted:
        return True


def _alarms(db: sa.Connection, device: str, epoch: str, seq: int) -> set[str]:
    table = tables.alarms
    asked = sa.select(table.c.kind).where(
        table.c.device == device, table.c.epoch == epoch, table.c.seq == seq
    )
    return set(db.execute(asked).scalars())


def _decided(db: sa.Connection, trust: Trust, row: sa.Row[Any]) -> str:
    """Return what all statements about it say, by their tokens."""
    table = tables.statements.c
    asked = sa.select(table.token).where(
        table.device == row.device,
        table.epoch == row.epoch,
        table.seq == row.seq,
        table.decision != "",
    )
    tokens = db.execute(asked).scalars().all()
    made = {_decision(db, trust, row, token) for token in tokens}
    return made.pop() if len(made) == 1 else ""


def _decision(db: sa.Connection, trust: Trust, row: sa.Row[Any], token: str) -> str:
    try:
        parsed = jws.parse(token, types=(asks.DECISION,))
        verify.check_signature(token, _key(db, trust, row.device, parsed.kid))
        said = messages.from_json(parsed.payload, asks.Decision)
    except Untrusted:
        return ""
    is_about_it = (said.iss, said.result.hash) == (row.device, row.hash)
    return said.decision if is_about_it else ""


def _nonce(
    db: sa.Connection, row: sa.Row[Any], result: messages.Result | None
) -> binding.Nonce | None:
    if result is None or result.nonce is None:
        return None
    table = tables.visits
    given = db.execute(
        sa.select(table).where(
            table.c.device == row.device, table.c.nonce == result.nonce
        )
    ).first()
    if given is None:
        return None
    return binding.Nonce(
        transaction=given.transaction_name,
        purpose=given.purpose,
        given_s=given.expires_utc_s - VISIT_EXPIRES_S,
        used_here=given.used_by == row.hash,
    )
