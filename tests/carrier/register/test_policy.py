"""Whose a number may be: how many, confirmed, given on; and how transactions stand."""

import asyncio
import json
import logging
from pathlib import Path

import pytest

from likeness.core.numbering import Kind
from likeness.core.vocabulary import Purpose
from registers import ADA, BEN, MOBILE, OTHER_MOBILE, card, office
from results import NAME
from stories import story


@story
async def test_a_person_holds_no_more_than_the_policy_allows(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api(mobile_at_most=2) as api:
        for at, number in enumerate(("138 0000 0001", "13800000002", "13800000003")):
            await api.open(f"t-{at}")
            await one.terminal.visit(f"t-{at}")
            if at < 2:
                assert (await api.bind(f"t-{at}", number))[0] == 201
        assert await api.refused("t-2", "13800000003") == "too_many_numbers"
        await api.open("t-net", "new_internet")
        await one.terminal.visit("t-net", Purpose.NEW_INTERNET)
        assert (await api.bind("t-net", "hz-77", "internet"))[0] == 201
        ending = {"number": "13800000001", "kind": "mobile", "reference": "case-7"}
        assert (await api.post("/v1/numbers/end", **ending))[0] == 200
        assert (await api.bind("t-2", "13800000003"))[0] == 201
        await api.open("t-ben")
        await one.terminal.visit("t-ben", of=card(BEN))
        assert await api.refused("t-ben", "13800000003") == "number_taken"
        assert (await api.bind("t-ben", "13800000004"))[0] == 201


@story
async def test_a_sim_is_replaced_and_an_owner_confirmed_for_its_holder_alone(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        assert (await api.bind("t-1"))[0] == 201
        for purpose in (Purpose.REPLACE_SIM, Purpose.REVERIFY_OWNER):
            for name, who in ((f"{purpose}-a", ADA), (f"{purpose}-b", BEN)):
                await api.open(name, purpose)
                await one.terminal.visit(name, purpose, of=card(who))
            assert await api.refused(f"{purpose}-b") == "other_person"
            assert await api.refused(f"{purpose}-a", OTHER_MOBILE) == "number_free"
            assert (await api.bind(f"{purpose}-a"))[0] == 200
            assert await api.refused(f"{purpose}-a", OTHER_MOBILE) == "used_before"
        _, known = await api.post("/v1/numbers/lookup", number=MOBILE, kind="mobile")
        assert [each["what"] for each in known["history"]] == [
            "bound",
            "sim_replaced",
            "reverified",
        ]


@story
async def test_a_number_goes_to_another_person_only_by_results_of_both(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        assert (await api.bind("t-1"))[0] == 201

        async def transfer(holder: str, successor: str) -> tuple[int, str]:
            status, said = await api.post(
                "/v1/numbers/transfer",
                number=MOBILE,
                kind="mobile",
                holder_transaction=holder,
                new_transaction=successor,
            )
            return status, said.get("reason") or said["registration"]

        for name, purpose, who in (
            ("ada", Purpose.REVERIFY_OWNER, ADA),
            ("ada-new", Purpose.NEW_NUMBER, ADA),
            ("ben", Purpose.NEW_NUMBER, BEN),
            ("ben-old", Purpose.REVERIFY_OWNER, BEN),
        ):
            await api.open(name, purpose)
            await one.terminal.visit(name, purpose, of=card(who))
        assert await transfer("nobody", "ben") == (404, "unknown_transaction")
        assert await transfer("ben", "ben") == (409, "other_purpose")
        assert await transfer("ada", "ada") == (409, "other_purpose")
        assert await transfer("ben-old", "ben") == (409, "other_person")
        assert await transfer("ada", "ada-new") == (409, "same_person")
        status, made = await transfer("ada", "ben")
        assert status == 201
        assert await transfer("ada", "ben") == (200, made)  # a client that retries
        assert await transfer("ada", "ada-new") == (409, "used_before")
        assert await api.refused("ben", OTHER_MOBILE) == "used_before"
        assert await api.refused("ada", OTHER_MOBILE) == "used_before"
        await api.open("sim", "replace_sim")
        await one.terminal.visit("sim", Purpose.REPLACE_SIM, of=card(ADA))
        assert await api.refused("sim") == "other_person"  # it was Ada's
        _, known = await api.post("/v1/numbers/lookup", number=MOBILE, kind="mobile")
        assert [each["what"] for each in known["history"]] == [
            "bound",
            "transferred",
            "bound",
        ]


@story
async def test_a_stale_reverification_transfers_nothing(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api(fresh_s=60) as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        assert (await api.bind("t-1"))[0] == 201
        await api.open("ada", "reverify_owner")
        await one.terminal.visit("ada", Purpose.REVERIFY_OWNER)
        one.far.now += 61
        await api.open("ben")
        await one.terminal.visit("ben", of=card(BEN))
        status, said = await api.post(
            "/v1/numbers/transfer",
            number=MOBILE,
            kind="mobile",
            holder_transaction="ada",
            new_transaction="ben",
        )
        assert (status, said["reason"]) == (409, "stale")
        assert (await api.bind("ben", OTHER_MOBILE))[0] == 201  # nothing was used


@story
async def test_a_transaction_for_one_number_binds_no_other(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api(country="86") as api:
        await api.open("t-1", for_number={"number": MOBILE, "kind": "mobile"})
        await one.terminal.visit("t-1")
        assert await api.refused("t-1", OTHER_MOBILE) == "other_number"
        assert await api.refused("t-1", "+4917000000") == "number_malformed"
        status, said = await api.bind("t-1", f"+86 {MOBILE}")
        assert (status, said["number"]) == (201, MOBILE)


@story
async def test_a_name_is_given_to_one_transaction(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1", device="shop-17", start=False)
        same = {"transaction": "t-1", "device": "shop-17", "start": False}
        status, said = await api.post("/v1/transactions", purpose="new_number", **same)
        assert (status, said["state"]) == (200, "open")
        status, said = await api.post("/v1/transactions", purpose="replace_sim", **same)
        assert (status, said["reason"]) == (409, "name_taken")
        named = [
            (await api.post("/v1/transactions", purpose="new_number"))[1]["transaction"]
            for _ in range(2)
        ]
        assert named[0] != named[1]
        status, said = await api.post(
            "/v1/transactions", purpose="new_number", device="shop-99"
        )
        assert (status, said["reason"]) == (422, "unknown_device")


@story
async def test_a_result_is_awaited(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        waiting = asyncio.ensure_future(api.get("/v1/transactions/t-1?wait_s=30"))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await one.terminal.visit("t-1")
        assert (await waiting)[1]["state"] == "result"


@story
async def test_a_verified_person_s_numbers_are_looked_up_and_nobody_else_s(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        for name, who, number in (("t-1", ADA, MOBILE), ("t-2", BEN, OTHER_MOBILE)):
            await api.open(name)
            await one.terminal.visit(name, of=card(who))
            assert (await api.bind(name, number))[0] == 201
        await api.open("check", "check_numbers")
        lookup = {"transaction": "check"}
        assert (await api.post("/v1/persons/lookup", **lookup))[1]["reason"] == (
            "no_result"
        )
        await one.terminal.visit("check", Purpose.CHECK_NUMBERS)
        for _ in range(2):
            status, said = await api.post("/v1/persons/lookup", **lookup)
            held = [each["number"] for each in said["registrations"]]
            assert (status, held) == (200, [MOBILE])
        assert ADA not in json.dumps(said)
        assert NAME not in json.dumps(said)
        one.far.now += 1
        await one.terminal.visit("check", Purpose.CHECK_NUMBERS, of=card(BEN))
        status, said = await api.post("/v1/persons/lookup", **lookup)
        assert (status, said["reason"]) == (409, "used_before")
        status, said = await api.post("/v1/persons/lookup", transaction="t-1")
        assert (status, said["reason"]) == (409, "other_purpose")


@story
async def test_a_transaction_stands_though_its_terminal_is_not_reached(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:  # there is no broker
        status, said = await api.post(
            "/v1/transactions",
            transaction="t-1",
            purpose="new_number",
            device="shop-17",
        )
        assert (status, said["visit"], said["visit_reason"]) == (
            201,
            "not_started",
            "unanswered",
        )
        await one.terminal.visit("t-1")  # it is begun by the clerk
        assert (await api.bind("t-1"))[0] == 201


@story
async def test_numbers_and_persons_stand_in_no_log(
    place: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1", for_number={"number": MOBILE, "kind": "mobile"})
        await one.terminal.visit("t-1")
        assert await api.refused("t-1", OTHER_MOBILE) == "other_number"
        assert (await api.bind("t-1"))[0] == 201
        strange = f"x{MOBILE}x"
        status, said = await api.bind("t-1", strange, "mobil")
        assert (status, said["reason"]) == (400, "invalid")
        assert await api.refused("t-1", strange) == "number_malformed"
        assert MOBILE not in json.dumps(said)
        with one.register() as register:
            shown = [register.look_up(Kind.MOBILE, MOBILE), register.disputes("")]
    assert "event=not_done at=/v1/transactions/{transaction}/bind" in caplog.text
    for hidden in (MOBILE, OTHER_MOBILE, ADA, NAME):
        assert hidden not in caplog.text + repr(shown)


@story
async def test_an_ended_transaction_binds_nothing(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await api.open("t-1")
        await one.terminal.visit("t-1")
        for _ in range(2):
            status, said = await api.post("/v1/transactions/t-1/end")
            assert (status, said["state"], said["usable"]) == (200, "ended", False)
        assert await api.refused("t-1") == "transaction_ended"
        await api.open("t-2")
        await one.terminal.visit("t-2")
        assert (await api.bind("t-2"))[0] == 201
        status, said = await api.post("/v1/transactions/t-2/end")
        assert (status, said["reason"]) == (409, "used_before")
