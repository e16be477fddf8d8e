"""The question which numbers are in a name: once, bound, and gone with the visit."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from deliveries import DEVICE, running
from likeness.core import asks, jws, messages
from likeness.core.chain import Stored
from likeness.core.line import Arrived
from likeness.core.scene import NumberLine
from likeness.edges import sealer
from likeness.edges.clock import SystemClock
from likeness.edges.store_statements import SqliteStatements
from likeness.edges.verifier import CarrierAnswers
from likeness.edges.visit_key import EphemeralKey
from likeness.errors import Untrusted, UsageError
from likeness.service.inquiry import CarrierInquiry, NoInquiry
from likeness.service.statements import SignedStatements
from likeness.service.timekeeping import Timekeeping
from likeness.talk import Answers
from results import MOMENT, Bench, FixedClock
from signed_orders import Post, said, signed
from stories import story, until
from talks import CHECKED, shop

NOW = MOMENT.utc_s
REFS = ("r" * 22, "s" * 22)
LINES = (
    NumberLine(number="138****5678", place="杭州", since="2024-05-01"),
    NumberLine(number="021****4321"),
)


class Side:
    """A terminal's side by hand, and a carrier that a test speaks for."""

    def __init__(self, near: Bench, within_s: float = 20.0) -> None:
        self.near, self.post = near, Post()
        time = Timekeeping(FixedClock())
        known = CarrierAnswers(DEVICE, near.keys.public("answer"))
        self.statements = SignedStatements(
            notary=near.notary,
            store=SqliteStatements(near.store),
            time=time,
            clock=SystemClock(),
            say=self.post,
            choose=lambda: 0.0,
        )
        self.keys: list[EphemeralKey] = []
        self.inquiry = CarrierInquiry(
            notary=near.notary,
            verifier=known,
            make_key=self.make_key,
            statements=self.statements,
            time=time,
            say=self.post,
            within_s=within_s,
            again_s=0.02,
        )
        self.answers = Answers(self.statements, self.inquiry, known, time)
        self.told: list[tuple[int, tuple[NumberLine, ...] | None]] = []

    def make_key(self) -> EphemeralKey:
        self.keys.append(EphemeralKey())
        return self.keys[-1]

    def ask(self, stored: Stored) -> None:
        self.inquiry.ask(CHECKED, stored, lambda *one: self.told.append(one))

    async def question(self) -> bytes:
        """Wait for the newest question."""
        count = len(self.keys)
        await until(lambda: len(set(self.questions())) >= count)
        return self.questions()[-1]

    def questions(self) -> list[bytes]:
        return [token for leaf, token, *_ in self.post.messages if leaf == "ask"]

    def claims(self, question: bytes, **other: Any) -> dict[str, Any]:
        """Say what a good answer says, but for what a test changes."""
        asked = said(question)
        usual = {
            "aud": DEVICE,
            "jti": "answer-1",
            "iat": NOW,
            "exp": NOW + 60,
            "ask": asked["jti"],
            "of": jws.chain_hash(question),
            "transaction": asked["transaction"],
            "key": asked["key"]["kid"],
            "numbers": [
                {
                    "number": LINES[0].number,
                    "place": LINES[0].place,
                    "since": LINES[0].since,
                    "ref": REFS[0],
                },
                {"number": LINES[1].number, "ref": REFS[1]},
            ],
        }
        return {**usual, **other}

    def hear(
        self,
        question: bytes,
        claims: dict[str, Any],
        *,
        by: str = "answer",
        typ: str = asks.NUMBERS,
        to: Any = None,
    ) -> None:
        token = signed(self.near.keys.private(by), claims, typ)
        jwk = to or said(question)["key"]
        self.hear_raw(sealer.seal_to(jwk, token).encode())

    def hear_raw(self, payload: bytes) -> None:
        self.answers.hear(Arrived(messages.topic(DEVICE, "answer"), payload))


@asynccontextmanager
async def asking(folder: Path, **how: Any) -> AsyncIterator[tuple[Side, Stored]]:
    async with shop(folder) as near:
        side = Side(near, **how)
        stored = await near.record(CHECKED)
        async with running(side.inquiry.run()), running(side.statements.run()):
            side.ask(stored)
            yield side, stored


@story
async def test_the_question_names_the_result_and_a_key_of_its_own(
    tmp_path: Path,
) -> None:
    async with asking(tmp_path) as (side, stored):
        claims = said(await side.question())
        assert claims["result"] == {
            "epoch": stored.epoch,
            "seq": stored.seq,
            "hash": jws.chain_hash(stored.token),
        }
        assert (claims["ask"], claims["transaction"]) == ("check_numbers", "t-check")
        assert claims["key"]["kid"] == side.keys[0].public.kid
        assert "d" not in claims["key"]


@story
async def test_a_good_answer_is_told_once_and_can_be_disputed(tmp_path: Path) -> None:
    async with asking(tmp_path) as (side, _):
        question = await side.question()
        side.hear(question, side.claims(question))
        assert side.told == [(CHECKED.visit, LINES)]
        with pytest.raises(Untrusted, match="nobody waits"):
            side.hear(question, side.claims(question))
        for places in ([], [2], [-1], [0, 2]):
            with pytest.raises(UsageError, match="no such line"):
                await side.inquiry.dispute(CHECKED.visit, places)
        with pytest.raises(UsageError, match="known any more"):
            await side.inquiry.dispute(CHECKED.visit + 1, [0])
        await side.inquiry.dispute(CHECKED.visit, [1, 1])
        (kept,) = await SqliteStatements(side.near.store).statements()
        claims = said(kept.token.encode())
        assert (claims["ask"], claims["numbers"]) == ("dispute", [REFS[1]])
        assert (claims["answer"], claims["transaction"]) == ("answer-1", "t-check")
        assert side.told == [(CHECKED.visit, LINES)]


@story
async def test_an_answer_that_is_not_to_this_question_is_dropped(
    tmp_path: Path,
) -> None:
    async with asking(tmp_path) as (side, _):
        question = await side.question()
        other_key = EphemeralKey().public
        number = side.claims(question)["numbers"][0]
        for other in (
            {"aud": "shop-18"},
            {"exp": NOW - 1},
            {"ask": "another"},
            {"of": "A" * 43},
            {"transaction": "t-other"},
            {"key": other_key.kid},
            {"numbers": [number, number]},
            {"numbers": [number] * (asks.NUMBERS_AT_MOST + 1)},
            {"numbers": [{**number, "number": "1" * 25}]},
            {"numbers": [{**number, "ref": "short"}]},
            {"numbers": "all"},
        ):
            with pytest.raises(Untrusted):
                side.hear(question, side.claims(question, **other))
        good = side.claims(question)
        for by in ("receipt", "visit", "command", "person"):
            with pytest.raises(Untrusted, match="not for this type"):
                side.hear(question, good, by=by)
        with pytest.raises(Untrusted, match="a type that is not expected"):
            side.hear(question, good, typ=asks.ANSWER)
        jwk = {name: getattr(other_key, name) for name in ("kty", "crv", "x", "y")}
        with pytest.raises(Untrusted, match="does not open"):
            side.hear(question, good, to={**jwk, "kid": side.keys[0].public.kid})
        for noise in (b"a.b.c.d.e", b"....", b"x" * 20_000 + b"....", b"", b"\xff"):
            with pytest.raises(Untrusted):
                side.hear_raw(noise)
        # In clear, though well signed: what names anybody must be sealed.
        clear = signed(side.near.keys.private("answer"), good, asks.NUMBERS)
        with pytest.raises(Untrusted, match="a type that is not expected"):
            side.hear_raw(clear)
        assert side.told == []
        side.hear(question, good)
        assert len(side.told) == 1


@story
async def test_it_is_said_again_until_it_is_answered_and_then_no_more(
    tmp_path: Path,
) -> None:
    async with asking(tmp_path) as (side, _):
        await until(lambda: len(side.questions()) >= 3)
        assert len(set(side.questions())) == 1
        question = side.questions()[0]
        side.hear(question, side.claims(question))
        count = len(side.questions())
        await asyncio.sleep(0.1)
        assert len(side.questions()) == count


@story
async def test_silence_ends_in_nothing(tmp_path: Path) -> None:
    async with asking(tmp_path, within_s=0.1) as (side, _):
        side.post.is_up = False
        await until(lambda: bool(side.told))
        assert side.told == [(CHECKED.visit, None)]
        question = signed(side.near.keys.device_key, {"jti": "x"}, asks.QUESTION)
        with pytest.raises(Untrusted, match="nobody waits"):
            side.hear_raw(sealer.seal_to(jwk_of(side.keys[0]), question).encode())


@story
async def test_a_refusal_ends_it_at_once(tmp_path: Path) -> None:
    async with asking(tmp_path) as (side, _):
        question = await side.question()
        claims = {
            **side.claims(question),
            "outcome": "refused",
            "reason": "not_available",
        }
        for name in ("transaction", "key", "numbers"):
            del claims[name]
        other = {**claims, "of": "A" * 43}
        for one in (other, claims):
            side.hear_raw(signed(side.near.keys.private("answer"), one, asks.ANSWER))
        assert side.told == [(CHECKED.visit, None)]
        await until(lambda: side.statements.counts().get("stray_answers") == 1)


@story
async def test_what_is_forgotten_is_neither_shown_nor_disputed(tmp_path: Path) -> None:
    async with asking(tmp_path) as (side, stored):
        question = await side.question()
        side.inquiry.forget(CHECKED.visit + 1)
        side.hear(question, side.claims(question))
        side.inquiry.forget(CHECKED.visit)
        with pytest.raises(UsageError, match="any more"):
            await side.inquiry.dispute(CHECKED.visit, [0])
        side.ask(stored)
        again = await side.question()
        side.inquiry.forget(CHECKED.visit)
        with pytest.raises(Untrusted, match="nobody waits"):
            side.hear(again, side.claims(again))
        assert len(side.told) == 1


@story
async def test_nothing_of_an_answer_is_in_a_log_or_on_the_disk(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with asking(tmp_path) as (side, _):
        question = await side.question()
        side.hear(question, side.claims(question))
        await side.inquiry.dispute(CHECKED.visit, [0])
        shown = repr(side.told) + repr(side.inquiry.__dict__)
    disk = on_disk(tmp_path / "state")
    for secret in ("138****5678", "杭州", "2024-05-01"):
        assert secret not in caplog.text
        assert secret not in shown
        assert secret.encode() not in disk
        assert jws.encode(secret.encode()).encode() not in disk
    assert json.dumps(REFS[0])[1:-1] not in caplog.text


@story
async def test_without_an_answer_key_it_says_so_at_once() -> None:
    told: list[tuple[int, object]] = []
    stored = Stored("e", 1, "a.b.c")
    NoInquiry().ask(CHECKED, stored, lambda *one: told.append(one))
    await until(lambda: bool(told))
    assert told == [(CHECKED.visit, None)]
    with pytest.raises(UsageError, match="carrier_answer_key"):
        await NoInquiry().dispute(CHECKED.visit, [0])


def jwk_of(key: EphemeralKey) -> dict[str, str]:
    names = ("kty", "crv", "x", "y", "kid")
    return {name: getattr(key.public, name) for name in names}


def on_disk(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.iterdir())
