"""The two ways to keep a batch come to the same, whatever comes in whatever order.

One store keeps every batch as it comes; the other is told that nothing is plain, so
that each record takes the careful way. Then all answers and all tables are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from likeness.carrier import keeping_batch, keeping_plain, tables
from likeness.carrier.database import Database
from likeness.carrier.incoming import Incoming
from likeness.carrier.keeping import Chain, Kept
from likeness.carrier.keeping_plain import Plain
from likeness.carrier.verify import Claims, Problem
from likeness.core import jws, messages
from likeness.core.challenge import commitment
from likeness.core.vocabulary import Environment, NonceSource, Purpose, Verdict

NOW = 1_795_000_000
DEVICES = ("shop-17", "shop-18")
EPOCHS = ("0" * 32, "1" * 32)
NEW_KEY = messages.PublicKey(
    kty="EC", crv="P-256", x="x" * 43, y="y" * 43, kid="n" * 43
)
KIDS = ("k" * 43, NEW_KEY.kid)
NONCES = [jws.encode(bytes([n]) * 32) for n in range(4)]
DEVICE_NONCE = b"d" * 32


@dataclass(frozen=True)
class Made:
    """What one record of a made-up terminal is like."""

    device: str
    epoch: str
    seq: int
    kind: str = "result"
    life: int = 0  # another life of the chain: other records at the same places
    kid: str = KIDS[0]
    nonce: str | None = None
    ahead: bool = False
    refusal: str = ""


def claims_of(one: Made, prev: str) -> Claims:
    """Say what such a record says."""
    base: dict[str, Any] = {
        "iss": one.device,
        "jti": f"{one.epoch}-{one.seq}-{one.life}",
        "iat": NOW + 10**6 if one.ahead else NOW,
        "epoch": one.epoch,
        "seq": one.seq,
        "boot": "boot",
        "mono_ms": 1,
        "time_quality": "ntp",
        "software": "1",
        "key_tier": "file",
        "environment": Environment.TEST,
    }
    if one.seq == 0:
        return messages.EpochBegins(**base)
    if one.kind == "key":
        return messages.KeyChange(
            **base, prev=prev, key=NEW_KEY, new_key_tier="file", proof=""
        )
    return messages.Result(
        **base,
        prev=prev,
        purpose=Purpose.NEW_NUMBER,
        transaction="t",
        nonce=one.nonce,
        nonce_source=NonceSource.CARRIER if one.nonce else NonceSource.DEVICE,
        device_nonce=jws.encode(DEVICE_NONCE),
        verdict=Verdict.REFERRED,
        reasons=["a", "b"],
        match=messages.Match(score=7, threshold=5),
        models={},
        policy="p",
    )


def incoming(one: Made, written: dict[tuple[str, str, int, int], str]) -> Incoming:
    """Make a record; its predecessor is the one of its life, or of the first one."""
    before = (one.device, one.epoch, one.seq - 1)
    prev = written.get((*before, one.life)) or written.get((*before, 0)) or "p" * 43
    claims = claims_of(one, prev)
    header = jws.encode(
        f'{{"alg":"ES256","kid":"{one.kid}","typ":"{kind_of(claims)}"}}'.encode()
    )
    token = f"{header}.{jws.encode(messages.to_json(claims))}.{jws.encode(bytes(64))}"
    place = (one.device, one.epoch, one.seq, one.life)
    hashed = jws.chain_hash(token)
    written.setdefault(place, hashed)
    return Incoming(one.device, one.epoch, one.seq, hashed, token, claims, one.refusal)


def kind_of(claims: Claims) -> str:
    if isinstance(claims, messages.Result):
        return messages.RESULT
    begins = isinstance(claims, messages.EpochBegins)
    return messages.EPOCH if begins else messages.KEY


STEPS = (
    *("goes on",) * 12,
    *("again", "skips", "back", "fork", "follows the fork", "key", "new key"),
    *("nonce", "nonce", "ahead", "refused", "refused before", "alone"),
)


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[int, list[Incoming]]]:
    """Draw batches with the times at which they come."""
    written: dict[tuple[str, str, int, int], str] = {}
    cursors: dict[tuple[str, str], int] = {}
    made: list[Made] = []
    now_s, batches = NOW, []
    for _ in range(draw(st.integers(1, 5))):
        now_s += draw(st.sampled_from((0, 1, 1000)))
        batch = []
        for _ in range(draw(st.integers(1, 8))):
            place = (
                draw(st.sampled_from(DEVICES)),
                draw(st.sampled_from((*(EPOCHS[0],) * 5, EPOCHS[1]))),
            )
            one = step(draw, place, cursors.get(place, 0), made)
            if (one.device, one.epoch) == place:
                cursors[place] = max(cursors.get(place, 0), one.seq + 1)
            made.append(one)
            batch.append(incoming(one, written))
        batches.append((now_s, batch))
    return batches


def step(draw: st.DrawFn, place: tuple[str, str], seq: int, made: list[Made]) -> Made:
    """Draw what comes next."""
    goes_on = Made(*place, seq)
    what = draw(st.sampled_from(STEPS))
    some = draw(st.integers(0, max(seq, 1)))
    match what:
        case "again":
            return draw(st.sampled_from(made)) if made else goes_on
        case "refused before":
            refused = [one for one in made if one.refusal]
            return replace(refused[-1], refusal="") if refused else goes_on
    changes: dict[str, dict[str, Any]] = {
        "skips": {"seq": seq + 1 + some},
        "back": {"seq": some},
        "fork": {"seq": some, "life": 1},
        "follows the fork": {"life": 1},
        "key": {"kind": "key"},
        "new key": {"kid": KIDS[1]},
        "nonce": {"nonce": NONCES[some % len(NONCES)]},
        "ahead": {"ahead": True},
        "refused": {"refusal": Problem.WRONG_ENVIRONMENT},
        "alone": {"epoch": EPOCHS[1], "seq": 0},
    }
    return replace(goes_on, **changes.get(what, {}))


Came = tuple[list[list[Kept]], list[list[Chain]], dict[str, list[tuple[object, ...]]]]


def play(database: Database, batches: list[tuple[int, list[Incoming]]]) -> Came:
    """Keep the batches in an empty database; return answers and rows, and empty it."""
    kept, chains = [], []
    with database.begin() as db:
        db.execute(tables.visits.insert(), [visit(n) for n in range(len(NONCES) - 1)])
    for now_s, batch in batches:
        with database.begin() as db:
            both = keeping_batch.keep_all(db, batch, now_s)
            kept.append(both[0])
            chains.append(both[1])
    rows: dict[str, list[tuple[object, ...]]] = {}
    with database.begin() as db:
        for table in (*OURS, tables.visits):
            rows[table.name] = sorted(
                map(tuple, db.execute(sa.select(table))), key=repr
            )
            db.execute(table.delete())
    return kept, chains, rows


OURS = (tables.records, tables.chains, tables.alarms, tables.key_changes)


def visit(number: int) -> dict[str, object]:
    """One that was opened; the last nonce was given to nobody."""
    return {
        "counter": number,
        "device": DEVICES[number % 2],
        "commitment": jws.encode(commitment(DEVICE_NONCE)) if number < 2 else "other",
        "transaction_name": "t",
        "purpose": "new_number",
        "nonce": NONCES[number],
        "expires_utc_s": NOW,
        "used_by": "",
    }


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    opened = Database(place)
    yield opened
    opened.close()


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    max_examples=60,
)
@given(histories())
def test_both_ways_come_to_the_same(
    database: Database, batches: list[tuple[int, list[Incoming]]]
) -> None:
    quick = play(database, batches)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keeping_plain, "find", lambda *_: Plain())
        slow = play(database, batches)
    assert quick == slow
