"""What the carrier keeps of decisions and disputes, refuses, or waits for."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from deliveries import DEVICE
from likeness.carrier.numbers import NumberFile
from likeness.carrier.register import disputed
from likeness.carrier.verify import Problem
from likeness.core import asks, jws
from likeness.core.chain import Link, Stored
from likeness.edges import key_files
from likeness.edges.verifier import CarrierAnswers
from likeness.edges.visit_key import EphemeralKey
from likeness.errors import Untrusted
from results import MOMENT, Bench, signed
from signed_orders import arrived
from stories import story
from talks import (
    CHECKED,
    NUMBERS,
    REFERRED,
    TURNED_AWAY,
    WHOLE,
    Carrier,
    first,
    handed,
    link,
    number_file,
    shop,
)

NOW = MOMENT.utc_s


@dataclass
class Desk:
    """One terminal's side, by hand."""

    near: Bench
    far: Carrier

    async def visit(self, conclusion: Any, *, kept: bool = True) -> Stored:
        stored = await self.near.record(conclusion)
        if kept:
            self.far.take(stored.token)
        return stored

    def decide(
        self,
        stored: Stored,
        decision: str = "accept",
        /,
        *,
        transaction: str = "t-referred",
        jti: str = "",
        attendants: tuple[str, ...] = ("a-1",),
        at: Link | None = None,
    ) -> str:
        return self.near.notary.ask(
            asks.DECISION,
            jti or secrets.token_hex(16),
            transaction,
            at or link(stored),
            ask="decision",
            decision=decision,
            reason="looked at the card",
            attendants=list(attendants),
        )

    def told(self, token: str) -> tuple[str, str]:
        """Hand a statement in; return the outcome, checked as a terminal does."""
        known = CarrierAnswers(DEVICE, self.near.keys.public("answer"))
        answer = known.answer(self.far.answer(token).encode(), NOW)
        asked = json.loads(jws.decode(token.split(".")[1]))
        assert (answer.ask, answer.of) == (asked["jti"], jws.chain_hash(token))
        return answer.outcome, answer.reason


@asynccontextmanager
async def desk(folder: Path, **how: Any) -> AsyncIterator[Desk]:
    async with shop(folder) as near:
        with handed(near, folder, **how) as far:
            far.take(await first(near))
            yield Desk(near, far)


@story
async def test_a_decision_is_kept_once_however_often_it_comes(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        token = one.decide(stored)
        assert [one.told(token) for _ in range(3)] == [("kept", "")] * 3
        (kept,) = one.far.store.stated()
        assert (kept.decision, kept.attendants, kept.seq, kept.verdict) == (
            "accept",
            ("a-1",),
            stored.seq,
            "referred",
        )
        assert kept.token == token


@story
async def test_signed_again_by_another_signature_it_is_the_same_one(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        token = one.decide(stored)
        again = signed(one.near, jws.decode(token.split(".")[1]), asks.DECISION)
        assert again != token
        assert one.told(token) == one.told(again) == ("kept", "")
        assert len(one.far.store.stated()) == 1


@story
async def test_before_its_result_is_here_nothing_is_said(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED, kept=False)
        token = one.decide(stored)
        one.far.take(token, leaf="ask")
        assert one.far.store.stated() == []
        one.far.take(stored.token)
        assert one.told(token) == ("kept", "")


@story
async def test_a_result_beyond_a_gap_is_not_decided_yet(tmp_path: Path) -> None:
    """What is missing may show that it does not follow, and will never be taken."""
    async with desk(tmp_path) as one:
        missing = await one.visit(REFERRED, kept=False)
        stored = await one.visit(REFERRED)
        token = one.decide(stored)
        one.far.take(token, leaf="ask")
        assert one.far.store.stated() == []
        one.far.take(missing.token)
        assert one.told(token) == ("kept", "")


@story
async def test_both_in_one_batch_are_judged_in_the_right_order(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED, kept=False)
        said = one.far.ingest.handle(
            [
                arrived(DEVICE, "ask", one.decide(stored).encode()),
                arrived(DEVICE, "result", stored.token.encode()),
            ]
        ).said
        assert [each.leaf for each in said] == ["answer"]


@story
async def test_what_cannot_be_decided_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        begins = await one.near.store.token(one.near.store.epoch, 0)
        assert begins is not None
        one.far.take(begins)
        refused = await one.visit(TURNED_AWAY)
        referred = await one.visit(REFERRED)
        nobody = await one.visit(replace(REFERRED, card=None, portrait_sha256=""))
        at = link(referred)
        cases = {
            one.decide(refused, transaction="t-refused"): "not_referred",
            one.decide(referred, transaction="t-other"): "another_transaction",
            one.decide(referred, attendants=("a", "a")): "attendant_twice",
            one.decide(nobody): "no_person",
            one.decide(referred, at=replace(at, hash="A" * 43)): "another_result",
            one.decide(
                referred, at=Link(at.epoch, 0, jws.chain_hash(begins))
            ): "no_result",
        }
        assert {one.told(token): why for token, why in cases.items()} == {
            ("refused", why): why for why in cases.values()
        }
        assert one.far.store.stated() == []
        assert one.far.store.alarms() == []
        assert one.told(one.decide(nobody, "refuse")) == ("kept", "")


@story
async def test_a_contradiction_is_refused_and_an_alarm_with_its_evidence(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        assert one.told(one.decide(stored, "refuse")) == ("kept", "")
        assert one.told(one.decide(stored, "refuse")) == ("kept", "")
        against = one.decide(stored, "accept")
        assert one.told(against) == one.told(against) == ("refused", "contradicts")
        assert [each.kind for each in one.far.store.alarms()] == [Problem.DECISION]
        assert one.far.store.evidence(DEVICE) == [against]
        assert {each.decision for each in one.far.store.stated()} == {"refuse"}


@story
async def test_the_same_decision_is_not_kept_without_end(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        outcomes = [one.told(one.decide(stored)) for _ in range(6)]
        assert outcomes == [("kept", "")] * 4 + [("refused", "decided_before")] * 2
        assert len(one.far.store.stated()) == 4


@story
async def test_another_statement_by_the_same_name_is_refused(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        assert one.told(one.decide(stored, jti="same")) == ("kept", "")
        other = one.decide(stored, jti="same", attendants=("a-2",))
        assert one.told(other) == ("refused", "another_has_its_name")


@story
async def test_what_is_not_this_devices_own_gets_no_answer(tmp_path: Path) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        token = one.decide(stored)
        claims = jws.decode(token.split(".")[1])
        for_another = json.dumps({**json.loads(claims), "iss": "shop-18"}).encode()
        async with shop(tmp_path / "stranger") as stranger:
            forged = signed(stranger, claims, asks.DECISION)
        head, payload, signature = token.split(".")
        bad = f"{head}.{payload}.{signature[:-8]}AAAAAAAA"
        other_type = signed(one.near, claims, asks.DISPUTE)
        for text in (
            forged,
            bad,
            other_type,
            signed(one.near, for_another, asks.DECISION),
            signed(one.near, b"{}", asks.DECISION),
            "x" * 20_000,
        ):
            one.far.take(text, leaf="ask")
        one.far.take(token, leaf="ask", device="shop-18")
        assert one.far.store.stated() == []


@story
async def test_without_an_answer_key_it_is_told_what_to_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with desk(tmp_path, answers=False) as one:
        stored = await one.visit(REFERRED)
        one.far.take(one.decide(stored), leaf="ask")
        assert "there is no answer.key among our keys" in caplog.text


# --- disputes -----------------------------------------------------------------------
async def answered(one: Desk) -> tuple[Stored, asks.Numbers]:
    """Let the carrier answer which numbers there are."""
    stored, key = await one.visit(CHECKED), EphemeralKey()
    token = one.near.notary.ask(
        asks.QUESTION,
        "q-1",
        "t-check",
        link(stored),
        ask="check_numbers",
        key=key.public,
    )
    inside = key.open(one.far.answer(token).encode())
    known = CarrierAnswers(DEVICE, one.near.keys.public("answer"))
    return stored, known.numbers(inside, NOW)


def dispute(one: Desk, stored: Stored, answer: str, *numbers: str) -> str:
    return one.near.notary.ask(
        asks.DISPUTE,
        secrets.token_hex(16),
        "t-check",
        link(stored),
        ask="dispute",
        answer=answer,
        numbers=list(numbers),
    )


@story
async def test_a_dispute_names_numbers_of_the_answer_and_no_others(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, numbers=NUMBERS) as one:
        stored, numbers = await answered(one)
        first, second = (each.ref for each in numbers.numbers)
        foreign = "A" * 22
        refused = ("refused", "unknown_number")
        assert one.told(dispute(one, stored, numbers.jti, first, foreign)) == refused
        assert one.told(dispute(one, stored, "another", first)) == (
            "refused",
            "not_asked",
        )
        assert one.told(dispute(one, stored, numbers.jti, second)) == ("kept", "")
        (kept,) = one.far.store.stated()
        assert (kept.what, kept.numbers, kept.decision) == ("dispute", (second,), "")
        key = key_files.load_private(one.near.keys.private("person"))
        registry = NumberFile(number_file(tmp_path))
        assert disputed.numbers(one.far.store, kept, key, registry) == [WHOLE[1]]
        fewer = NumberFile(number_file(tmp_path, '[[holder]]\ndocument = "1"\n'))
        assert disputed.numbers(one.far.store, kept, key, fewer) == ["?"]
        other = key_files.load_private(one.near.keys.private("visit"))
        with pytest.raises(Untrusted):
            disputed.numbers(one.far.store, kept, other, registry)


@story
async def test_an_answer_by_any_other_key_of_the_carrier_is_not_believed(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path) as one:
        stored = await one.visit(REFERRED)
        token = one.far.answer(one.decide(stored)).encode()
        for name in ("receipt", "visit", "command", "person"):
            known = CarrierAnswers(DEVICE, one.near.keys.public(name))
            with pytest.raises(Untrusted, match="not for this type"):
                known.answer(token, NOW)
        known = CarrierAnswers("shop-18", one.near.keys.public("answer"))
        with pytest.raises(Untrusted, match="for another device"):
            known.answer(token, NOW)
        known = CarrierAnswers(DEVICE, one.near.keys.public("answer"))
        with pytest.raises(Untrusted, match="expired"):
            known.answer(token, NOW + 10**6)
        with pytest.raises(Untrusted, match="a type that is not expected"):
            known.numbers(token, NOW)
