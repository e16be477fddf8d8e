"""What a terminal says about its clock, at the carrier's door and in its store."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from likeness.carrier.ingest import Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead
from likeness.core.dating import Dated, Source
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment, Moment
from likeness.edges.broker import LineSettings, MqttLine
from results import EPOCH, FACTS, REFUSED, Bench, bench, signed

BOOTED = 1_800_000_000
RECEIVED = BOOTED + 90_000
UNSET = Moment(utc_s=50, quality="unsynced", boot="boot-1", mono_ms=50_000)
GOOD = Moment(utc_s=BOOTED + 7200, quality="ntp", boot="boot-1", mono_ms=7_200_000)

Take = Callable[[str, str], None]  # leaf, token


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CarrierStore]:
    opened = CarrierStore(tmp_path / "carrier.db")
    yield opened
    opened.close()


@pytest.fixture
def door(near: Bench, store: CarrierStore) -> Ingest:
    keys = near.keys
    return Ingest(
        # The line is never run: these tests hand messages in.
        line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
        store=store,
        trust=Trust(keys.devices),
        words=CarrierWords(
            receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
        ),
        environment=Environment.TEST,
        utc=lambda: RECEIVED,
    )


@pytest.fixture
def take(door: Ingest) -> Take:
    def take_one(leaf: str, token: str) -> None:
        door.handle([Arrived(messages.topic(FACTS.device, leaf), token.encode())])

    return take_one


def chain(near: Bench, *moments: Moment) -> list[str]:
    """Sign an epoch record and results, one for each moment."""
    tokens: list[str] = []
    for seq, moment in enumerate(moments):
        head = ChainHead(EPOCH, seq, jws.chain_hash(tokens[-1]) if tokens else "")
        if seq == 0:
            claims = report.begin_epoch(
                facts=FACTS, moment=moment, head=head, former=None
            )
            tokens.append(signed(near, claims, messages.EPOCH))
            continue
        claims = report.compose(
            REFUSED,
            facts=FACTS,
            moment=moment,
            head=head,
            salt=b"s" * 16,
            sealed_person=None,
        )
        tokens.append(signed(near, claims, messages.RESULT))
    return tokens


def dates(store: CarrierStore) -> list[Dated]:
    return [one.date for one in store.dates(FACTS.device)]


def test_an_anchor_dates_what_came_before_it(
    near: Bench, store: CarrierStore, take: Take
) -> None:
    other_boot = replace(UNSET, boot="boot-0")
    for token in chain(near, UNSET, other_boot, UNSET, GOOD):
        take("result", token)
    unknown = Dated(RECEIVED, Source.RECEIVED)
    own = Dated(GOOD.utc_s, Source.OWN)
    assert dates(store) == [unknown, unknown, unknown, own]
    take("ask", near.notary.time_anchor(GOOD))
    back = Dated(BOOTED + 50, Source.ANCHOR)
    assert dates(store) == [back, unknown, back, own]
    assert store.alarms() == []


def test_an_anchor_is_kept_once(near: Bench, door: Ingest, take: Take) -> None:
    token = near.notary.time_anchor(GOOD)
    later = replace(GOOD, utc_s=GOOD.utc_s + 60, mono_ms=GOOD.mono_ms + 60_000)
    for same in (token, token, near.notary.time_anchor(later)):
        take("ask", same)
    assert door.counts["anchors"] == 1
    take("ask", near.notary.time_anchor(replace(later, utc_s=later.utc_s + 9)))
    assert door.counts["anchors"] == 2


def test_an_anchor_that_is_not_the_terminals_dates_nothing(
    tmp_path: Path, near: Bench, store: CarrierStore, door: Ingest, take: Take
) -> None:
    take("result", chain(near, UNSET)[0])
    liar = bench(tmp_path / "liar")
    good = near.notary.time_anchor(GOOD)
    claims = jws.load_object(jws.decode(good.split(".")[1]))
    bad = [
        liar.notary.time_anchor(GOOD),
        good[:-8] + "AAAAAAAA",
        *(
            signed(near, messages.to_json(claims | change), messages.ANCHOR)
            for change in (
                {"iss": "shop-18"},
                {"ask": "visit"},
                {"quality": "unsynced"},
                {"utc_s": -1},
                {"mono_ms": 2**63},
                {"boot": None},
            )
        ),
        signed(near, messages.to_json(claims), messages.ASK),
        signed(near, messages.to_json(claims), messages.RESULT),
    ]
    for token in bad:
        take("ask", token)
    assert door.counts["dropped"] == len(bad)
    assert dates(store) == [Dated(RECEIVED, Source.RECEIVED)]
    take("ask", good)
    assert dates(store) == [Dated(BOOTED + 50, Source.ANCHOR)]


def test_a_record_from_the_future_is_taken_and_its_boot_raises_one_alarm(
    near: Bench, store: CarrierStore, take: Take
) -> None:
    fast = replace(GOOD, utc_s=RECEIVED + 2 * 86_400)
    other = replace(fast, boot="boot-2")
    tokens = chain(near, UNSET, fast, fast, other)
    for token in tokens:
        take("result", token)
    (head,) = store.chains()
    assert head.upto.seq == 3, "taken like any other"
    found = [(one.seq, one.kind) for one in store.alarms()]
    assert found == [(1, "clock"), (3, "clock")]
    assert store.alarms()[0].detail.endswith("172800 s from now")
    assert store.evidence(FACTS.device) == [tokens[1], tokens[3]]
    assert [one.clock_ahead for one in dates(store)] == [False, True, True, True]
