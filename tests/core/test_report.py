import hashlib
import hmac
import json
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, Link
from likeness.core.vocabulary import (
    CardKind,
    Conclusion,
    Consent,
    LightOutcome,
    Verdict,
)
from likeness.errors import ProtocolMisuse
from results import ACCEPTED, FACTS, MOMENT, NAME, NUMBER, REFUSED

SALT = bytes(range(16))
HEAD = ChainHead("0123456789abcdef" * 2, 7, jws.encode(b"p" * 32))


def composed(conclusion: Conclusion, person: str | None = "a.b.c.d.e") -> bytes:
    return report.compose(
        conclusion,
        facts=FACTS,
        moment=MOMENT,
        head=HEAD,
        salt=SALT,
        sealed_person=person,
    )


def test_claims_of_an_accepted_visit() -> None:
    digest = hmac.new(SALT, bytes.fromhex("12" * 32), hashlib.sha256).digest()
    assert json.loads(composed(ACCEPTED)) == {
        "iss": "shop-17",
        "jti": f"{HEAD.epoch}.7",
        "iat": 1_795_000_000,
        "epoch": HEAD.epoch,
        "seq": 7,
        "prev": HEAD.prev,
        "boot": "boot-1",
        "mono_ms": 123_456,
        "time_quality": "ntp",
        "software": "0.1.0",
        "key_tier": "file",
        "environment": "test",
        "purpose": "new_number",
        "transaction": "t-1",
        "nonce_source": "device",
        "verdict": "accepted",
        "reasons": [],
        "match": {"score": 712_346, "threshold": 450_000},
        "liveness": {
            "acts": [
                {"act": "blink", "asked_ms": 0, "answered_ms": 1250, "passed": True},
                {
                    "act": "turn_left",
                    "asked_ms": 2000,
                    "answered_ms": 2999,
                    "passed": True,
                },
            ]
        },
        "models": {"embed": "ab" * 32, "mesh": "cd" * 32},
        "policy": "standard",
        "consent": {"text": "2026-11", "given": "card_laid"},
        "card": {
            "kind": "cn_resident",
            "issuer": "某某市公安局",
            "checked": ["sam_authenticated"],
            "portrait_digest": jws.encode(digest),
        },
        "person": "a.b.c.d.e",
    }


def test_what_a_chip_did_not_prove_is_named_and_which_reader_read_it() -> None:
    assert ACCEPTED.card is not None
    chip = replace(
        ACCEPTED.card,
        kind=CardKind.ICAO_ID,
        checked=("pace", "group_hashes"),
        unchecked=("issuer_chain:no_store", "clone:not_offered"),
        reader_id="ACS 00",
    )
    card = json.loads(composed(replace(ACCEPTED, card=chip)))["card"]
    assert card["kind"] == "icao_id"
    assert card["checked"] == ["pace", "group_hashes"]
    assert card["unchecked"] == ["issuer_chain:no_store", "clone:not_offered"]
    assert card["reader"] == "ACS 00"


def test_a_consent_says_which_words_in_which_language_and_when() -> None:
    words = jws.encode(hashlib.sha256("同意".encode()).digest())
    consent = Consent("2026-11", "screen", "zh-Hans", words, at_s=1_795_000_000)
    claims = composed(replace(ACCEPTED, consent=consent))
    assert json.loads(claims)["consent"] == {
        "text": "2026-11",
        "given": "screen",
        "language": "zh-Hans",
        "digest": words,
        "at": 1_795_000_000,
    }
    read = messages.from_json(claims, messages.Result).consent
    assert read is not None and (read.digest, read.at) == (words, 1_795_000_000)


def test_a_consent_of_before_there_was_a_screen_can_still_be_read() -> None:
    read = messages.from_json(composed(ACCEPTED), messages.Result).consent
    assert read == messages.Consent(text="2026-11", given="card_laid")


def test_who_reads_only_text_and_gesture_still_understands_a_consent() -> None:
    class Former(msgspec.Struct):
        text: str
        given: str

    words = jws.encode(bytes(32))
    new = messages.Consent(
        text="2026-11", given="screen", language="en", digest=words, at=1
    )
    read = msgspec.json.decode(messages.to_json(new), type=Former, strict=True)
    assert (read.text, read.given) == ("2026-11", "screen")


def test_a_refused_visit_does_not_say_who_it_was() -> None:
    claims = json.loads(composed(REFUSED, person=None))
    assert claims["reasons"] == ["not_same_person"]
    assert "person" not in claims
    with pytest.raises(ProtocolMisuse):
        composed(REFUSED)


@pytest.mark.parametrize("verdict", [Verdict.ACCEPTED, Verdict.REFERRED])
def test_the_person_belongs_to_whoever_was_not_refused(verdict: Verdict) -> None:
    conclusion = replace(ACCEPTED, verdict=verdict)
    with pytest.raises(ProtocolMisuse):
        composed(conclusion, person=None)
    without_card = replace(conclusion, card=None)
    assert "card" not in json.loads(composed(without_card, person=None))


def test_what_was_not_measured_is_left_out() -> None:
    bare = replace(
        REFUSED, card=None, match=None, acts=(), consent=None, transaction=""
    )
    claims = json.loads(composed(bare, person=None))
    for name in ("card", "match", "liveness", "consent", "transaction", "nonce"):
        assert name not in claims


def test_the_light_answer_says_what_was_shown_and_what_came_of_it() -> None:
    def light(outcome: LightOutcome | None, *shown: str) -> object:
        lit = replace(ACCEPTED, light=outcome, light_shown=shown)
        return json.loads(composed(lit))["liveness"].get("light")

    assert light(None) is None
    assert light(LightOutcome.SKIPPED) == {"outcome": "skipped"}
    assert light(LightOutcome.ANSWERED, "green 310", "rose 250") == {
        "outcome": "answered",
        "colours": ["green 310", "rose 250"],
    }


def test_what_is_sealed_is_enough_to_check_the_portrait() -> None:
    assert ACCEPTED.card is not None
    person = messages.from_json(report.person(ACCEPTED.card, SALT), messages.Person)
    assert (person.number, person.name) == (NUMBER, NAME)
    digest = report.portrait_digest("12" * 32, jws.decode(person.salt))
    assert digest == json.loads(composed(ACCEPTED))["card"]["portrait_digest"]


def test_addresses_are_sealed_where_they_were_asked_for_and_nowhere_else() -> None:
    assert ACCEPTED.card is not None
    moved = replace(ACCEPTED.card, addresses=("样本市一路1号", "样本市二路2号"))
    inside = json.loads(report.person(moved, SALT))
    assert inside["addresses"] == list(moved.addresses)
    assert "addresses" not in json.loads(report.person(ACCEPTED.card, SALT))
    assert "样本市" not in composed(replace(ACCEPTED, card=moved)).decode()


def test_the_same_portrait_is_not_traceable_from_visit_to_visit() -> None:
    one, other = (report.portrait_digest("12" * 32, salt) for salt in (SALT, b"o" * 16))
    assert one != other


@given(
    st.floats(-1, 1),
    st.floats(0, 1),
    st.lists(st.floats(0, 1000), min_size=1, max_size=5),
)
def test_no_float_whatever_was_measured(
    score: float, passive: float, times: list[float]
) -> None:
    assert ACCEPTED.match is not None
    acts = tuple(replace(ACCEPTED.acts[0], asked_s=time) for time in times)
    conclusion = replace(
        ACCEPTED,
        match=replace(ACCEPTED.match, score=score),
        acts=acts,
        passive=passive,
        passive_threshold=0.5,
    )
    claims = composed(conclusion)
    assert claims == composed(conclusion)
    assert not list(floats(json.loads(claims)))
    messages.from_json(claims, messages.Result)


def floats(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [one for part in value.values() for one in floats(part)]
    if isinstance(value, list):
        return [one for part in value for one in floats(part)]
    return [value] if isinstance(value, float) else []


def test_a_new_epoch_names_what_was_receipted_before() -> None:
    head = ChainHead(HEAD.epoch, 0, "")
    former = Link("f" * 32, 41, jws.encode(b"h" * 32))
    claims = json.loads(
        report.begin_epoch(facts=FACTS, moment=MOMENT, head=head, former=former)
    )
    assert claims["seq"] == 0
    assert claims["former"] == {"epoch": "f" * 32, "seq": 41, "hash": former.hash}
    assert "prev" not in claims
    first = report.begin_epoch(facts=FACTS, moment=MOMENT, head=head, former=None)
    assert "former" not in json.loads(first)
