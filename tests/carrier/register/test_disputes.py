"""A visitor says at a terminal: this number is not mine; the carrier settles it."""

import json
from pathlib import Path

from likeness.core.vocabulary import Purpose
from registers import ADA, BEN, MOBILE, OTHER_MOBILE, Client, Office, card, office
from stories import story


async def two_numbers(one: Office, api: Client) -> None:
    """Bind two numbers to Ada, and one to Ben."""
    for name, who, number in (
        ("t-1", ADA, MOBILE),
        ("t-2", ADA, OTHER_MOBILE),
        ("t-3", BEN, "13700000001"),
    ):
        await api.open(name)
        await one.terminal.visit(name, of=card(who))
        assert (await api.bind(name, number, place="杭州"))[0] == 201


async def disputed(one: Office, which: int) -> None:
    """Let Ada look at her numbers at a terminal, and dispute one."""
    check = Purpose.CHECK_NUMBERS
    stored = await one.terminal.visit(f"check-{which}", check)
    found = one.terminal.numbers(stored, f"check-{which}")
    ref = found.numbers[which].ref
    assert one.terminal.dispute(stored, f"check-{which}", found, ref) == "kept"


async def listed(api: Client, state: str = "open") -> list[dict[str, str]]:
    status, said = await api.get(f"/v1/disputes?state={state}")
    assert status == 200, said
    return list(said["disputes"])


@story
async def test_a_terminal_shows_what_the_register_holds_masked(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        stored = await one.terminal.visit("check", Purpose.CHECK_NUMBERS)
        found = one.terminal.numbers(stored, "check").numbers
        assert [(each.number, each.place, each.since) for each in found] == [
            ("138****5678", "杭州", "2026-11-18"),
            ("139****0001", "杭州", "2026-11-18"),
        ]
        ending = {"number": MOBILE, "kind": "mobile", "reference": "case-7"}
        assert (await api.post("/v1/numbers/end", **ending))[0] == 200
        stored = await one.terminal.visit("again", Purpose.CHECK_NUMBERS)
        found = one.terminal.numbers(stored, "again").numbers
        assert [each.number for each in found] == ["139****0001"]


@story
async def test_a_dispute_stands_in_the_register_once_and_stops_the_number(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        await disputed(one, 1)
        await api.open("sim", "replace_sim")
        await one.terminal.visit("sim", Purpose.REPLACE_SIM)
        assert await api.refused("sim", OTHER_MOBILE) == "disputed"
        (first,) = await listed(api)
        assert [first] == await listed(api)
        assert (first["number"], first["device"], first["state"]) == (
            OTHER_MOBILE,
            "shop-17",
            "open",
        )
        lookup = {"number": OTHER_MOBILE, "kind": "mobile"}
        _, known = await api.post("/v1/numbers/lookup", **lookup)
        assert known["disputed"] is True
        assert [each["what"] for each in known["history"]] == ["bound", "disputed"]
        _, known = await api.post("/v1/numbers/lookup", number=MOBILE, kind="mobile")
        assert known["disputed"] is False
        assert await api.refused("sim", OTHER_MOBILE) == "disputed"
        assert (await api.bind("sim", MOBILE))[0] == 200
        assert ADA not in json.dumps([first, known])


@story
async def test_a_disputed_number_is_not_transferred(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        await disputed(one, 0)
        for name, purpose, who in (
            ("ada", Purpose.REVERIFY_OWNER, ADA),
            ("ben", Purpose.NEW_NUMBER, BEN),
        ):
            await api.open(name, purpose)
            await one.terminal.visit(name, purpose, of=card(who))
        status, said = await api.post(
            "/v1/numbers/transfer",
            number=MOBILE,
            kind="mobile",
            holder_transaction="ada",
            new_transaction="ben",
        )
        assert (status, said["reason"]) == (409, "disputed")


@story
async def test_upheld_it_ends_the_registration_rejected_it_stands(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        await disputed(one, 0)
        await disputed(one, 1)
        by_number = {each["number"]: each["dispute"] for each in await listed(api)}

        async def settle(number: str, outcome: str) -> tuple[int, str]:
            path = f"/v1/disputes/{by_number[number]}/settle"
            status, said = await api.post(path, outcome=outcome)
            return status, said.get("reason") or said["state"]

        for _ in range(2):  # said twice it is the same
            assert await settle(MOBILE, "upheld") == (200, "upheld")
            assert await settle(OTHER_MOBILE, "rejected") == (200, "rejected")
        assert await settle(OTHER_MOBILE, "upheld") == (409, "settled_before")
        assert (await api.state(MOBILE), await api.state(OTHER_MOBILE)) == (
            "free",
            "active",
        )
        assert await listed(api) == []
        assert len(await listed(api, "all")) == 2
        _, known = await api.post("/v1/numbers/lookup", number=MOBILE, kind="mobile")
        assert [each["what"] for each in known["history"]] == [
            "bound",
            "disputed",
            "dispute_upheld",
        ]
        await api.open("t-9")
        await one.terminal.visit("t-9", of=card(BEN))
        assert (await api.bind("t-9", MOBILE))[0] == 201  # it is free again


@story
async def test_the_carrier_opens_one_itself(place: str, tmp_path: Path) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        about = {"number": MOBILE, "kind": "mobile", "reference": "case-7"}
        status, said = await api.post("/v1/disputes", **about)
        assert (status, said["about"], said["device"]) == (200, "case-7", "")
        assert await api.post("/v1/disputes", **about) == (200, said)
        assert [said] == await listed(api)
        about["number"] = "13700000009"
        status, said = await api.post("/v1/disputes", **about)
        assert (status, said["reason"]) == (409, "number_free")
        status, said = await api.post(
            "/v1/disputes/0123456789abcdef/settle", outcome="upheld"
        )
        assert (status, said["reason"]) == (404, "unknown_dispute")


@story
async def test_what_was_ended_since_is_still_known_by_its_reference(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        stored = await one.terminal.visit("check", Purpose.CHECK_NUMBERS)
        found = one.terminal.numbers(stored, "check")
        ending = {"number": MOBILE, "kind": "mobile", "reference": "case-7"}
        assert (await api.post("/v1/numbers/end", **ending))[0] == 200
        ref = found.numbers[0].ref
        assert one.terminal.dispute(stored, "check", found, ref) == "kept"
        (only,) = await listed(api)
        assert only["number"] == MOBILE


@story
async def test_a_number_that_is_named_twice_is_disputed_once(
    place: str, tmp_path: Path
) -> None:
    """What a terminal repeats stops neither the list nor any binding."""
    async with office(tmp_path, place) as one, one.api() as api:
        await two_numbers(one, api)
        stored = await one.terminal.visit("check", Purpose.CHECK_NUMBERS)
        found = one.terminal.numbers(stored, "check")
        ref = found.numbers[0].ref
        assert one.terminal.dispute(stored, "check", found, ref, ref) == "kept"
        assert [each["number"] for each in await listed(api)] == [MOBILE]
        await api.open("t-4")
        await one.terminal.visit("t-4", of=card(BEN))
        assert (await api.bind("t-4", "13700000002"))[0] == 201


@story
async def test_a_line_with_the_name_of_a_telephone_is_another_number(
    place: str, tmp_path: Path
) -> None:
    async with office(tmp_path, place) as one, one.api() as api:
        for kind, purpose in (
            ("mobile", Purpose.NEW_NUMBER),
            ("internet", Purpose.NEW_INTERNET),
        ):
            await api.open(kind, purpose)
            await one.terminal.visit(kind, purpose)
            assert (await api.bind(kind, "8888888", kind))[0] == 201
        stored = await one.terminal.visit("check", Purpose.CHECK_NUMBERS)
        found = one.terminal.numbers(stored, "check")
        first, second = (each.ref for each in found.numbers)
        assert first != second
        assert one.terminal.dispute(stored, "check", found, first) == "kept"
        (said,) = await listed(api)
        for kind in ("mobile", "internet"):
            _, state = await api.post("/v1/numbers/lookup", number="8888888", kind=kind)
            assert state["disputed"] is (kind == said["kind"])
