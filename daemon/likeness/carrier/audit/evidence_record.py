"""Checks the record around a result: signature, key, chain, tables, time, use.

Pure rules over what was read. Leaves to others: reading (`evidence`), the visit
(`evidence_visit`).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from likeness.carrier import verify
from likeness.carrier.alarms import MAY_BE_WANTED
from likeness.carrier.audit import columns as audit_columns
from likeness.carrier.audit.evidence_state import (
    Check,
    doubtful,
    not_measured,
    ok,
    wrong,
)
from likeness.carrier.audit.keys import KeyBook
from likeness.carrier.audit.rows import Row
from likeness.carrier.audit.words import when
from likeness.carrier.verify import Problem, Record
from likeness.core import jws
from likeness.core.dating import Dated, Source
from likeness.core.vocabulary import Environment
from likeness.errors import Untrusted

_PROVEN_TIERS = ("tpm2", "secure_element", "pkcs11")  # `signer_pkcs11.TIERS`
_DATED = {
    Source.OWN: "by the terminal's own clock, which was set",
    Source.ANCHOR: "by what the terminal signed later about this boot",
    Source.RECEIVED: "not later than it was received; nothing better is known",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read about one record."""

    row: Row
    record: Record | None  # None: not well signed, or not to be read
    problem: str
    keys: KeyBook
    before: Row | None
    after: Row | None
    taken_upto: int
    date: Dated | None
    alarms: tuple[Row, ...]
    statements: tuple[tuple[Row, str], ...]  # each with what is wrong with it
    uses: tuple[Row, ...]
    is_asked: bool  # a question about it was answered


def checks(facts: Facts) -> Iterator[Check]:
    """Give every check of the record."""
    yield from _signature(facts)
    yield from _neighbours(facts)
    yield _tables(facts)
    yield _taken(facts)
    yield _receipt(facts)
    if facts.record is not None:
        yield from _claims(facts.record, facts.date, facts.row.kept_utc_s)
    yield from _alarms(facts)
    yield from _stated(facts)
    yield _use(facts)


def _signature(facts: Facts) -> Iterator[Check]:
    if facts.problem:
        yield wrong("signature", facts.problem)
    else:
        yield ok("signature", "ES256, good for the key that it names")
    try:
        kid = verify.parse(facts.row.token).kid
    except verify.BadRecord:
        return
    doubt = facts.keys.doubt(kid, facts.row.epoch, facts.row.seq)
    since = facts.keys.since(kid)
    if facts.keys.find(kid) is None:
        yield wrong("key", f"{kid[:64]}: {since}")
    elif doubt:
        yield wrong("key", f"{kid}: {doubt}")
    else:
        yield ok("key", f"{kid}: {since}")


def _neighbours(facts: Facts) -> Iterator[Check]:
    row, own = facts.row, jws.chain_hash(facts.row.token)
    place = f"seq {row.seq} of epoch {row.epoch} of {row.device}, hash {own}"
    yield ok("place", place)
    says = facts.record.prev if facts.record else row.prev
    if row.seq == 0:
        yield ok("before", "it begins the chain")
    elif facts.before is None:
        yield wrong("before", f"seq {row.seq - 1} is not here")
    elif jws.chain_hash(facts.before.token) != says:
        yield wrong("before", f"it does not follow the record at seq {row.seq - 1}")
    else:
        yield ok("before", f"it follows seq {row.seq - 1}, hash {says}")
    if facts.after is None:
        behind = facts.taken_upto > row.seq
        state = wrong if behind else not_measured
        yield state("after", f"seq {row.seq + 1} is not here")
        return
    if _prev(facts.after.token) != own:
        yield wrong("after", f"seq {row.seq + 1} follows another record")
    else:
        yield ok("after", f"seq {row.seq + 1} follows it")


def _prev(token: str) -> object:
    """Return what a token says stands before it; None: it cannot be read."""
    try:
        return jws.load_object(verify.parse(token).payload).get("prev")
    except Untrusted:
        return None


def _tables(facts: Facts) -> Check:
    doubt = audit_columns.doubt(facts.row, facts.record)
    return wrong("table", doubt) if doubt else ok("table", "says what is signed")


def _taken(facts: Facts) -> Check:
    if facts.row.refusal:
        return wrong("taken", f"it was refused: {facts.row.refusal}")
    return ok("taken", f"received {when(facts.row.kept_utc_s)}")


def _receipt(facts: Facts) -> Check:
    upto = facts.taken_upto
    if upto >= facts.row.seq:
        return ok("receipt", f"signed for up to seq {upto} of its chain")
    return doubtful("receipt", f"signed for up to seq {upto} only: not for it yet")


def _claims(record: Record, date: Dated | None, kept_s: int) -> Iterator[Check]:
    claims = record.claims
    environment = f"{claims.environment}"
    if claims.environment is Environment.PRODUCTION:
        yield ok("environment", environment)
    else:
        yield doubtful("environment", f"{environment}: it can never bind a number")
    tier = claims.key_tier
    if tier in _PROVEN_TIERS:
        yield ok("key tier", f"{tier}: the key cannot be copied")
    else:
        yield doubtful("key tier", f"{tier}: whoever reads the card has the key")
    if date is None:
        return
    quality = f"clock {claims.time_quality}, says {when(claims.iat)}"
    said = f"made {when(date.utc_s)}, {_DATED[date.source]}; {quality}"
    if date.clock_ahead:
        yield wrong("time", f"{said}, which is after it was received")
    elif date.source is Source.RECEIVED:
        yield doubtful("time", said)
    else:
        yield ok("time", f"{said}; {max(kept_s - date.utc_s, 0)} s before reception")
    boot = f"boot {claims.boot}, {claims.mono_ms} ms after it"
    yield ok("software", f"{claims.software}; {boot}")


def _alarms(facts: Facts) -> Iterator[Check]:
    if not facts.alarms:
        yield ok("alarms", "none at this place")
    for alarm in facts.alarms:
        state = doubtful if alarm.kind in {*MAY_BE_WANTED, Problem.CLOCK} else wrong
        yield state("alarm", f"{alarm.kind} {when(alarm.raised_utc_s)}: {alarm.detail}")


def _stated(facts: Facts) -> Iterator[Check]:
    """An attendant's decision is shown with who made it: it is his to answer for."""
    if not facts.statements:
        yield not_measured("statements", "no decision and no dispute about it")
    for row, doubt in facts.statements:
        if doubt:
            yield wrong("statement", f"{when(row.kept_utc_s)}: {doubt}")
            continue
        said = jws.load_object(jws.decode(row.payload))
        if not row.decision:
            count = len(said.get("numbers", ()))
            yield doubtful("dispute", f"{when(row.kept_utc_s)}: of {count} number(s)")
            continue
        by = json.dumps(said.get("attendants"), ensure_ascii=False)
        why = json.dumps(said.get("reason"), ensure_ascii=False)
        decided = f"'{row.decision}' by {by}, {when(row.kept_utc_s)}: {why}"
        yield ok("decision", decided)


def _use(facts: Facts) -> Check:
    asked = "; a visitor's question was answered by it" if facts.is_asked else ""
    if not facts.uses:
        return not_measured("use", f"no number was bound by it{asked}")
    said = "; ".join(
        f"{one.use} {when(one.used_utc_s)}, transaction {one.transaction_name},"
        f" registration {one.registration or 'none'}"
        for one in facts.uses
    )
    if len(facts.uses) > 1 or facts.row.refusal:
        return wrong("use", f"{said}: it is good for one use, if it is good")
    return ok("use", said + asked)
