import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from likeness.carrier.ingest import Ingest
from likeness.carrier.intake import Outcome
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from likeness.core.line import Arrived
from likeness.core.vocabulary import (
    Consent,
    Environment,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.verifier import CarrierVerifier
from results import EPOCH, FACTS, REFUSED, Bench, bench, chain_of, result_at, signed

NOW = 1_795_000_000


@dataclass
class Far:
    """A carrier that is handed batches, and one that reads its answers."""

    near: Bench
    ingest: Ingest
    store: CarrierStore
    verifier: CarrierVerifier

    def take(self, *tokens: str | bytes, leaf: str = "result") -> Outcome:
        return self.ingest.handle(
            [
                Arrived(
                    messages.topic("shop-17", leaf),
                    token if isinstance(token, bytes) else token.encode(),
                )
                for token in tokens
            ]
        )

    def said(self, outcome: Outcome) -> list[messages.Receipt | messages.Refusal]:
        return [
            self.verifier.receipt(token.encode(), NOW)
            for device, token in outcome.receipts
            if device == "shop-17"
        ]


@pytest.fixture
def far(tmp_path: Path) -> Iterator[Far]:
    near = bench(tmp_path)
    keys, store = near.keys, CarrierStore(tmp_path / "carrier.db")
    # The line is never run: these tests hand batches in, and read what would go out.
    line = MqttLine(LineSettings(host="", port=1, client_id="c", topics=()))
    ingest = Ingest(
        line=line,
        store=store,
        trust=Trust(keys.devices),
        words=CarrierWords(
            receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
        ),
        environment=Environment.TEST,
        utc=lambda: NOW,
    )
    verifier = CarrierVerifier(
        "shop-17", receipt_key=keys.public("receipt"), visit_key=keys.public("visit")
    )
    yield Far(near, ingest, store, verifier)
    store.close()


def test_a_batch_gets_one_receipt(far: Far) -> None:
    tokens = chain_of(far.near, 5)
    (receipt,) = far.said(far.take(*tokens))
    assert isinstance(receipt, messages.Receipt)
    assert (receipt.upto, receipt.head) == (5, jws.chain_hash(tokens[5]))


def test_a_visit_whose_visitor_wanted_an_attendant_is_a_result_like_any(
    far: Far,
) -> None:
    asked = replace(
        REFUSED,
        verdict=Verdict.REFERRED,
        reasons=(Reason.ATTENDANT_ASKED,),
        consent=None,
        card=None,
        portrait_sha256="",
        match=None,
        acts=(),
    )
    first = far.near.notary.begin_epoch(ChainHead(EPOCH, 0, ""), None)
    agreed = Consent("2026-11", "screen", "ar", jws.encode(bytes(32)), at_s=NOW)
    second = result_at(far.near, ChainHead(EPOCH, 1, jws.chain_hash(first)), asked)
    after = replace(asked, consent=agreed)
    third = result_at(far.near, ChainHead(EPOCH, 2, jws.chain_hash(second)), after)
    (said,) = far.said(far.take(first, second, third))
    assert isinstance(said, messages.Receipt) and said.upto == 2


def test_what_is_not_well_signed_gets_no_answer(far: Far, tmp_path: Path) -> None:
    tokens = chain_of(far.near, 1)
    stranger = bench(tmp_path / "stranger")
    head, payload, _ = tokens[1].split(".")
    outcome = far.take(
        b"",
        b"\xff\xfe",
        b"x" * 20_000,
        chain_of(stranger, 0)[0],
        f"{head}.{payload}.{jws.encode(bytes(64))}",
    )
    assert (outcome.receipts, outcome.kept) == ([], [])
    assert far.ingest.counts["dropped"] == 5
    unknown = Arrived("likeness/v1/shop-99/result", tokens[0].encode())
    assert far.ingest.handle([unknown]).receipts == []


def test_what_is_made_for_another_environment_is_refused_and_the_rest_goes_on(
    far: Far,
) -> None:
    tokens = chain_of(far.near, 1)
    production = replace(FACTS, environment=Environment.PRODUCTION)
    for facts in (production, FACTS):
        head = ChainHead(EPOCH, len(tokens), jws.chain_hash(tokens[-1]))
        tokens.append(result_at(far.near, head, facts=facts))
    refusal, receipt = far.said(far.take(*tokens))
    assert isinstance(refusal, messages.Refusal)
    assert (refusal.seq, refusal.reason) == (2, "wrong_environment")
    assert refusal.hash == jws.chain_hash(tokens[2])
    assert isinstance(receipt, messages.Receipt)
    assert receipt.upto == 3


def test_a_device_may_not_serve_what_its_file_does_not_name(far: Far) -> None:
    path = far.near.keys.devices / "shop-17.json"
    known = json.loads(path.read_text())
    path.write_text(json.dumps({**known, "environments": ["production"]}))
    refusal, _receipt = far.said(far.take(chain_of(far.near, 0)[0]))
    assert isinstance(refusal, messages.Refusal)
    assert refusal.reason == "wrong_environment"
    # The file is mended, and a person has let the terminal send again.
    path.write_text(json.dumps(known))
    (receipt,) = far.said(far.take(chain_of(far.near, 0)[0]))
    assert isinstance(receipt, messages.Receipt)
    assert receipt.upto == 0


def test_well_signed_nonsense_is_refused_by_its_place(far: Far) -> None:
    begins = chain_of(far.near, 0)[0]
    claims = json.dumps({"epoch": EPOCH, "seq": 1, "verdict": "who knows"})
    nonsense = signed(far.near, claims.encode(), messages.RESULT)
    refusal, receipt = far.said(far.take(begins, nonsense))
    assert isinstance(refusal, messages.Refusal)
    assert (refusal.seq, refusal.reason) == (1, "malformed")
    assert isinstance(receipt, messages.Receipt)
    assert receipt.upto == 1


def test_signed_by_one_device_and_claimed_by_another(far: Far) -> None:
    facts = replace(FACTS, device="shop-18")
    token = result_at(far.near, ChainHead(EPOCH, 1, jws.encode(b"p" * 32)), facts=facts)
    (refusal,) = far.said(far.take(token))
    assert isinstance(refusal, messages.Refusal)
    assert refusal.reason == "wrong_device"


def test_a_visit_is_opened_for_the_device_that_asks(far: Far, tmp_path: Path) -> None:
    def asked_by(near: Bench) -> str:
        return near.notary.ask_visit(
            commitment=commitment, transaction="t-1", purpose=Purpose.NEW_NUMBER
        )

    commitment = jws.encode(b"c" * 32)
    (said,) = far.take(asked_by(far.near), leaf="ask").said
    visit = far.verifier.visit(said.token.encode(), NOW)
    assert (said.device, said.leaf) == ("shop-17", "visit")
    assert (visit.transaction, visit.commitment) == ("t-1", commitment)
    stranger = asked_by(bench(tmp_path / "stranger"))
    token = asked_by(far.near)
    claims = json.loads(jws.decode(token.split(".")[1]))
    for_another = json.dumps({**claims, "iss": "shop-18"}).encode()
    mixed_up = signed(far.near, for_another, messages.ASK)
    assert (
        far.take(stranger, mixed_up, chain_of(far.near, 0)[0], b"x", leaf="ask").said
        == []
    )
