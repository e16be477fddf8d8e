"""A number is bound by one result alone: each way to bind it otherwise is refused.

Everything is real but the visit's eyes: signed tokens, the ingest that takes them in,
the API over a socket, both kinds of database.
"""

from dataclasses import replace
from pathlib import Path

import pytest

from likeness.core import jws
from likeness.core.chain import ChainHead
from likeness.core.vocabulary import (
    Act,
    CardKind,
    Environment,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges.sealer import PersonSealer
from likeness.service.recording import Recorder
from registers import FIELD, MOBILE, OTHER_MOBILE, card, office
from results import FixedClock, bench, result_at
from stories import story
from talks import first


@story
async def test_a_verified_fresh_unused_result_binds(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        stored = await one.terminal.visit("t-1")
        _, stands = await api.get("/v1/transactions/t-1")
        assert (stands["state"], stands["verdict"], stands["usable"]) == (
            "result",
            "accepted",
            True,
        )
        status, said = await api.bind("t-1", place="杭州")
        assert (status, said["state"], said["seq"]) == (201, "active", stored.seq)
        assert await api.bind("t-1") == (200, said)  # a client that retries
        assert (await api.get("/v1/transactions/t-1"))[1]["state"] == "used"
        _, known = await api.post("/v1/numbers/lookup", number=MOBILE, kind="mobile")
        assert known["registration"] == said
        assert [each["what"] for each in known["history"]] == ["bound"]
        assert known["history"][0]["by"] == "billing"


@story
async def test_no_result_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        assert await api.refused("t-1") == "unknown_transaction"
        await api.open("t-1")
        assert await api.refused("t-1") == "no_result"
        await one.terminal.visit("t-2")
        assert await api.refused("t-1") == "no_result"
        assert await api.state() == "free"


@story
async def test_a_refused_one_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        reasons = (Reason.NOT_SAME_PERSON,)
        await one.terminal.visit("t-1", verdict=Verdict.REFUSED, reasons=reasons)
        assert await api.refused("t-1") == "refused"
        _, stands = await api.get("/v1/transactions/t-1")
        assert (stands["usable"], stands["reasons"]) == (False, ["not_same_person"])
        assert await api.state() == "free"


@story
async def test_a_stale_one_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api(fresh_s=60) as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        one.far.now += 61
        assert await api.refused("t-1") == "stale"
        one.far.now -= 1
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_one_that_came_after_its_transaction_expired_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api(transaction_s=60) as api:
        await api.open("t-1")
        conclusion = one.terminal.conclusion("t-1")
        one.far.now += 61
        assert (await api.get("/v1/transactions/t-1"))[1]["state"] == "expired"
        one.terminal.send(await one.terminal.sign(conclusion))
        assert await api.refused("t-1") == "stale"


@story
async def test_one_used_before_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        assert (await api.bind("t-1"))[0] == 201
        assert await api.refused("t-1", OTHER_MOBILE) == "used_before"
        ending = {"number": MOBILE, "kind": "mobile", "reference": "case-7"}
        assert (await api.post("/v1/numbers/end", **ending))[0] == 200
        # What it has bound has ended; it binds nothing else, nor the same again.
        assert await api.refused("t-1", OTHER_MOBILE) == "used_before"
        status, said = await api.bind("t-1")
        assert (status, said["state"]) == (200, "ended")
        assert await api.state() == await api.state(OTHER_MOBILE) == "free"


@story
async def test_one_for_another_transaction_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await api.open("t-2")
        nonces = one.terminal.nonce("t-2", Purpose.NEW_NUMBER)
        await one.terminal.visit("t-1", nonces=nonces)  # it claims to be for t-1
        assert await api.refused("t-1") == "other_transaction"
        assert await api.refused("t-2") == "no_result"


@story
async def test_one_for_another_purpose_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1", "new_number")
        await one.terminal.visit("t-1", Purpose.NEW_INTERNET)
        assert await api.refused("t-1") == "other_purpose"
        await api.open("t-2", "new_number")
        nonces = one.terminal.nonce("t-2", Purpose.NEW_INTERNET)
        await one.terminal.visit("t-2", Purpose.NEW_NUMBER, nonces=nonces)
        assert await api.refused("t-2") == "other_purpose"
        await api.open("t-3", "new_number")
        await one.terminal.visit("t-3")
        assert await api.refused("t-3", "HZ-77", "internet") == "other_purpose"
        await api.open("t-4", "check_numbers")
        await one.terminal.visit("t-4", Purpose.CHECK_NUMBERS)
        assert await api.refused("t-4") == "other_purpose"


@story
async def test_one_of_another_device_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        other = await one.another("shop-18")
        await api.open("t-1", device="shop-17", start=False)
        await other.visit("t-1")
        assert await api.refused("t-1") == "other_device"
        await one.terminal.visit("t-1")
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_one_that_another_device_has_forged_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    """shop-18 signs as shop-17, and sends it as either."""
    async with office(tmp_path, place) as one, one.api() as api:
        other = await one.another("shop-18")
        await api.open("t-1", device="shop-17", start=False)
        nonces = one.terminal.nonce("t-1", Purpose.NEW_NUMBER)
        forge = Recorder(
            append=other.near.store.append,
            signer=other.near.signer,
            sealer=PersonSealer(other.near.keys.public("person")),
            facts=FIELD,  # it says that it is shop-17
            clock=FixedClock(),
        )
        forged = await forge(one.terminal.conclusion("t-1", nonces=nonces))
        one.far.take(forged.token, device="shop-17")  # no key of shop-17: not kept
        assert await api.refused("t-1") == "no_result"
        one.far.take(forged.token, device="shop-18")  # kept as what it is: refused
        assert await api.refused("t-1") == "result_refused"
        await one.terminal.visit("t-1")  # nor does it shut the true one out
        assert (await api.bind("t-1"))[0] == 201


@story
@pytest.mark.parametrize("environment", [Environment.BENCH, Environment.TEST])
async def test_a_bench_one_and_a_test_one_bind_nothing(
    place: str, tmp_path: Path, environment: Environment
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        conclusion = one.terminal.conclusion("t-1")
        facts = replace(FIELD, environment=environment)
        played = bench(tmp_path, facts=facts, store="played")
        await played.store.open()
        one.far.take(await first(played))
        one.far.take((await played.record(conclusion)).token)
        await played.store.close()
        assert await api.refused("t-1") == "not_production"


@story
async def test_a_test_one_binds_nothing_at_a_carrier_for_tests_either(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place, Environment.TEST) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        assert one.far.store.alarms() == []  # it was taken
        assert await api.refused("t-1") == "not_production"


@story
async def test_one_made_before_its_transaction_was_opened_binds_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        conclusion = one.terminal.conclusion("t-1")
        one.far.now += 1
        await api.open("t-1")
        one.terminal.send(await one.terminal.sign(conclusion))
        assert await api.refused("t-1") == "older_than_transaction"


@story
async def test_without_our_nonce_nothing_is_bound(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        own = one.terminal.conclusion("t-1", nonce_source=NonceSource.DEVICE)
        none = one.terminal.conclusion("t-2", nonce="")
        strange = one.terminal.conclusion("t-3", nonces=(b"n" * 32, b"d" * 32))
        other_acts = one.terminal.conclusion("t-5")
        acts = (replace(other_acts.acts[0], act=Act.RAISE_CHIN), *other_acts.acts[1:])
        wrong = (own, none, strange, replace(other_acts, acts=acts))
        for conclusion in wrong:
            await api.open(conclusion.transaction)
            one.terminal.send(await one.terminal.sign(conclusion))
            assert await api.refused(conclusion.transaction) == "nonce_in_doubt"
        await api.open("t-4")
        # Two results with one nonce: the first has used it, the second is in doubt.
        again = one.terminal.conclusion("t-4")
        refused = replace(again, verdict=Verdict.REFUSED)
        one.terminal.send(await one.terminal.sign(refused))
        one.terminal.send(await one.terminal.sign(again))
        assert await api.refused("t-4") == "nonce_in_doubt"


@story
async def test_what_is_referred_binds_only_where_attendants_may_decide(
    place: str, tmp_path: Path
) -> None:
    referred = {"verdict": Verdict.REFERRED, "reasons": (Reason.MATCH_IN_DOUBT,)}
    async with office(tmp_path, place) as one:
        async with one.api() as api:
            for name in ("t-1", "t-2", "t-3"):
                await api.open(name)
            first_one = await one.terminal.visit("t-1", **referred)
            other = await one.terminal.visit("t-2", **referred)
            await one.terminal.visit("t-3", **referred)
            assert one.terminal.decide(first_one, "t-1") == "kept"
            assert one.terminal.decide(other, "t-2", "refuse") == "kept"
            assert await api.refused("t-1") == "referred_undecided"
        async with one.api(decided=True) as api:
            assert await api.refused("t-2") == "refused"
            assert await api.refused("t-3") == "referred_undecided"
            assert (await api.bind("t-1"))[0] == 201
            assert one.terminal.decide(other, "t-2") == "refused"  # an alarm
            assert await api.refused("t-2") == "referred_undecided"


@story
async def test_nothing_is_bound_beyond_a_gap(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        missing = await one.terminal.sign(one.terminal.conclusion("t-0"))
        await one.terminal.visit("t-1")
        assert await api.refused("t-1") == "not_contiguous"
        one.terminal.send(missing)
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_nothing_is_bound_where_another_record_claims_the_place(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        stored = await one.terminal.visit("t-1")
        epoch = await one.terminal.near.store.token(stored.epoch, 0)
        assert epoch is not None
        head = ChainHead(stored.epoch, stored.seq, jws.chain_hash(epoch))
        one.far.take(result_at(one.terminal.near, head, facts=FIELD))
        assert [each.kind for each in one.far.store.alarms()] == ["fork"]
        assert await api.refused("t-1") == "chain_in_doubt"


@story
async def test_nothing_is_bound_behind_a_place_that_another_record_claims(
    place: str, tmp_path: Path
) -> None:
    """Whoever has a copy of the key goes on from there as the terminal does."""
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await api.open("t-2")
        stored = await one.terminal.visit("t-1")
        await one.terminal.visit("t-2")
        epoch = await one.terminal.near.store.token(stored.epoch, 0)
        assert epoch is not None
        head = ChainHead(stored.epoch, stored.seq, jws.chain_hash(epoch))
        one.far.take(result_at(one.terminal.near, head, facts=FIELD))
        assert await api.refused("t-2") == "chain_in_doubt"


@story
async def test_without_consent_or_without_a_person_nothing_is_bound(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        for name in ("t-1", "t-2", "t-3"):
            await api.open(name)
        await one.terminal.visit("t-1", consent=None)
        assert await api.refused("t-1") == "consent_missing"
        await one.terminal.visit("t-2", of=card(kind=CardKind.BENCH))
        assert await api.refused("t-2") == "no_person"
        await one.terminal.visit("t-3", of=card(""))
        assert await api.refused("t-3") == "no_person"
