"""Who is told which numbers stand under a name, and that nobody else can read it."""

import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from jwcrypto.jwe import JWE
from jwcrypto.jwk import JWK

from deliveries import DEVICE
from likeness.carrier import inquiries
from likeness.core import asks, jws
from likeness.core.chain import Stored
from likeness.core.vocabulary import Conclusion, NonceSource, Purpose, Verdict
from likeness.edges import key_files
from likeness.edges.verifier import CarrierAnswers
from likeness.edges.visit_key import EphemeralKey
from likeness.errors import Untrusted
from results import ACCEPTED, MOMENT, NUMBER, Bench, signed
from signed_orders import arrived
from stories import story
from talks import CHECKED, REFERRED, WHOLE, Carrier, first, handed, link, shop

NOW = MOMENT.utc_s


@dataclass
class Asker:
    """One terminal's side, by hand."""

    near: Bench
    far: Carrier

    async def visit(self, conclusion: Conclusion = CHECKED) -> Stored:
        stored = await self.near.record(conclusion)
        self.far.take(stored.token)
        return stored

    def ask(
        self,
        stored: Stored,
        key: EphemeralKey | dict[str, str] | None = None,
        *,
        transaction: str = "t-check",
    ) -> str:
        return self.near.notary.ask(
            asks.QUESTION,
            secrets.token_hex(8),
            transaction,
            link(stored),
            ask="check_numbers",
            key=key if isinstance(key, dict) else (key or EphemeralKey()).public,
        )

    @property
    def known(self) -> CarrierAnswers:
        return CarrierAnswers(DEVICE, self.near.keys.public("answer"))

    def refused(self, token: str) -> str:
        """Ask; return why there is no answer."""
        answer = self.known.answer(self.far.answer(token).encode(), NOW)
        assert (answer.outcome, answer.of) == ("refused", jws.chain_hash(token))
        return answer.reason

    def numbers(self, token: str, key: EphemeralKey) -> asks.Numbers:
        return self.known.numbers(key.open(self.far.answer(token).encode()), NOW)


@asynccontextmanager
async def asker(folder: Path, **how: Any) -> AsyncIterator[Asker]:
    async with shop(folder) as near:
        with handed(near, folder, **how) as far:
            far.take(await first(near))
            yield Asker(near, far)


@story
async def test_the_answer_is_bound_and_only_the_visits_key_opens_it(
    tmp_path: Path,
) -> None:
    async with asker(tmp_path) as one:
        stored, key = await one.visit(), EphemeralKey()
        token = one.ask(stored, key)
        sealed = one.far.answer(token)
        for whole in (*WHOLE, "138****5678", "杭州", NUMBER):
            assert whole not in sealed
        claims = one.known.numbers(key.open(sealed.encode()), NOW)
        assert (claims.aud, claims.of) == (DEVICE, jws.chain_hash(token))
        assert (claims.transaction, claims.key) == ("t-check", key.public.kid)
        assert NOW < claims.exp <= NOW + 60
        assert [(n.number, n.place, n.since) for n in claims.numbers] == [
            ("138****5678", "杭州", "2024-05-01"),
            ("021****4321", "", ""),
        ]
        assert not any(whole in str(claims.numbers) for whole in WHOLE)
        with pytest.raises(Untrusted):
            EphemeralKey().open(sealed.encode())
        for end in (sealed[:-4] + "AAAA", sealed[4:], sealed + ".x"):
            with pytest.raises(Untrusted):
                key.open(end.encode())


@story
async def test_any_jose_library_opens_it(tmp_path: Path) -> None:
    async with asker(tmp_path) as one:
        stored = await one.visit()
        private = key_files.make_private(tmp_path / "visit-only.key")
        jwk = key_files.public_jwk(private.public_key())
        public = {name: jwk[name] for name in ("kty", "crv", "x", "y", "kid")}
        sealed = JWE()
        sealed.deserialize(
            one.far.answer(one.ask(stored, public)),
            JWK.from_pem((tmp_path / "visit-only.key").read_bytes()),
        )
        assert one.known.numbers(sealed.payload, NOW).key == jwk["kid"]


@story
async def test_the_same_question_is_answered_again_another_is_not(
    tmp_path: Path,
) -> None:
    async with asker(tmp_path) as one:
        stored, key = await one.visit(), EphemeralKey()
        token = one.ask(stored, key)
        first, second = one.numbers(token, key), one.numbers(token, key)
        assert (first.jti, first.numbers) == (second.jti, second.numbers)
        assert one.refused(one.ask(stored)) == "asked_before"


@story
async def test_only_an_accepted_fresh_visit_of_this_purpose_is_answered(
    tmp_path: Path,
) -> None:
    async with asker(tmp_path) as one:
        other = await one.visit(replace(ACCEPTED, transaction="t-check"))
        assert one.refused(one.ask(other)) == "another_purpose"
        referred = replace(
            REFERRED, purpose=Purpose.CHECK_NUMBERS, transaction="t-check"
        )
        assert one.refused(one.ask(await one.visit(referred))) == "not_accepted"
        not_ours = replace(CHECKED, nonce="A" * 43, nonce_source=NonceSource.CARRIER)
        assert one.refused(one.ask(await one.visit(not_ours))) == "result_in_doubt"
        refused = replace(CHECKED, verdict=Verdict.REFUSED, card=None)
        assert one.refused(one.ask(await one.visit(refused))) == "not_accepted"
        good = await one.visit()
        assert one.refused(one.ask(good, transaction="t")) == "another_transaction"
        one.far.now += inquiries.FRESH_S + 1
        assert one.refused(one.ask(good)) == "too_late"
        assert one.far.store.stated() == []


@story
async def test_a_result_that_is_not_here_yet_is_waited_for(tmp_path: Path) -> None:
    async with asker(tmp_path) as one:
        key = EphemeralKey()
        stored = await one.near.record(CHECKED)
        token = one.ask(stored, key)
        one.far.take(token, leaf="ask")
        both = [
            arrived(DEVICE, "ask", token.encode()),
            arrived(DEVICE, "result", stored.token.encode()),
        ]
        (said,) = one.far.ingest.handle(both).said
        assert one.known.numbers(key.open(said.token.encode()), NOW).numbers
        assert said.expires_s <= 15


@story
async def test_another_terminal_learns_nothing(tmp_path: Path) -> None:
    async with asker(tmp_path) as one:
        stored = await one.visit()
        token = one.ask(stored)
        one.far.take(token, leaf="ask", device="shop-18")
        async with shop(tmp_path / "stranger") as stranger:
            payload = jws.decode(token.split(".")[1])
            one.far.take(signed(stranger, payload, asks.QUESTION), leaf="ask")


@story
async def test_a_key_that_is_none_or_has_a_false_name_gets_no_answer(
    tmp_path: Path,
) -> None:
    async with asker(tmp_path) as one:
        stored = await one.visit()
        claims = json.loads(jws.decode(one.ask(stored).split(".")[1]))
        key = claims["key"]
        for wrong in (
            {**key, "kid": EphemeralKey().public.kid},
            {**key, "x": key["y"]},
            {**key, "crv": "P-384"},
            {**key, "d": None, "kty": "oct"},
        ):
            text = json.dumps({**claims, "key": wrong}).encode()
            one.far.take(signed(one.near, text, asks.QUESTION), leaf="ask")


@story
async def test_without_person_key_or_register_it_says_so(tmp_path: Path) -> None:
    async with asker(tmp_path, numbers=None) as one:
        assert one.refused(one.ask(await one.visit())) == "not_available"


@story
async def test_more_numbers_than_can_be_shown_are_not_half_shown(
    tmp_path: Path,
) -> None:
    def holder(count: int) -> str:
        place = "镇" * 32
        lines = [
            f'[[holder.number]]\nnumber = "{13_800_000_000 + n}"\nplace = "{place}"\n'
            "since = 2024-05-01\n"
            for n in range(count)
        ]
        return f'[[holder]]\ndocument = "{NUMBER}"\n' + "".join(lines)

    async with asker(tmp_path / "most", numbers=holder(asks.NUMBERS_AT_MOST)) as one:
        key = EphemeralKey()
        token = one.ask(await one.visit(), key)
        assert len(one.far.answer(token)) <= jws.MAX_TOKEN_BYTES
        assert len(one.numbers(token, key).numbers) == asks.NUMBERS_AT_MOST
    more = holder(asks.NUMBERS_AT_MOST + 1)
    async with asker(tmp_path / "more", numbers=more) as one:
        assert one.refused(one.ask(await one.visit())) == "too_many"


@story
async def test_the_size_does_not_tell_how_many_numbers_there_are(
    tmp_path: Path,
) -> None:
    sizes = set()
    for count in (0, 1, 6):
        lines = '[[holder.number]]\nnumber = "13812345678"\n' * count
        text = f'[[holder]]\ndocument = "{NUMBER}"\n{lines}'
        async with asker(tmp_path / str(count), numbers=text) as one:
            sizes.add(len(one.far.answer(one.ask(await one.visit()))))
    assert len(sizes) == 1


@story
async def test_what_the_carrier_notes_of_an_answer_names_no_number(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    async with asker(tmp_path) as one:
        key = EphemeralKey()
        token = one.ask(await one.visit(), key)
        assert one.numbers(token, key).numbers
    kept = everything(tmp_path)
    for whole in (*WHOLE, "138****5678", NUMBER):
        assert whole.encode() not in kept
        assert whole not in caplog.text


def everything(folder: Path) -> bytes:
    return b"".join(one.read_bytes() for one in folder.glob("carrier.db*"))
