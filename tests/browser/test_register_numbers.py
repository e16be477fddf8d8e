"""Numbers in my name, out of the carrier's register to the screen and back again.

`likeness run` with its page, the broker, `carrier run` and `carrier api` are the real
programs; chromium shows the page.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker import free_port
from browser.chromium import Chromium
from browser.counter import DEVICE, HOLDER, Counter, eventually
from browser.visitor import SENTENCE, Visitor, at_counter
from likeness.carrier.database import Database
from likeness.carrier.register import registrations
from likeness.carrier.register.persons import Digests
from likeness.carrier.register.registrations import Event, Proof, What
from likeness.core.messages import CardFacts, Person
from likeness.core.numbering import Kind
from likeness.edges import desk_token
from likeness.simulators.card_file import fictitious_card
from processes import LIKENESS, Program, happens

pytestmark = [pytest.mark.browser, pytest.mark.broker]

BUSY = {"act_not_seen", "too_slow_for_blink"}  # see test_visits.py
TRIES = 3
BOUND_UTC_S = 1_714_521_600  # 1 May 2024
MINE, NOT_MINE = "19900000001", "19900000002"
PROOF = Proof("t-1", DEVICE, "0" * 32, 1, "A" * 43)


@dataclass
class Office:
    """The carrier's end: its register, and the API of its own systems."""

    counter: Counter
    base: str
    token: str

    async def ask(self, method: str, path: str, **said: str) -> Any:
        shown = {"Authorization": f"Bearer {self.token}"}
        async with (
            aiohttp.ClientSession(headers=shown) as session,
            session.request(method, self.base + path, json=said or None) as answer,
        ):
            assert answer.status == 200, await answer.text()
            return await answer.json()


def bind_two(counter: Counter) -> None:
    """Bind two numbers to the holder of the card, by the register's own functions."""
    document = fictitious_card(HOLDER).number
    digest = Digests(counter.shop.carrier_keys).of_person(
        Person(number=document, name="", salt=""),
        CardFacts(kind="cn_resident", checked=[]),
    )
    assert digest is not None
    database = Database(counter.shop.carrier_database)
    with database.begin() as db:
        for number in (MINE, NOT_MINE):
            made = registrations.bind(
                *(db, Kind.MOBILE, number, digest, PROOF),
                place="Hangzhou",
                now_s=BOUND_UTC_S,
            )
            bound = Event(made.id, What.BOUND, BOUND_UTC_S, "test", "t-1", PROOF.hash)
            registrations.note(db, bound)
    database.close()
    kept = counter.shop.carrier_database.read_bytes()
    assert document.encode() not in kept


@pytest.fixture(scope="module")
def office(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> Iterator[Office]:
    folder = tmp_path_factory.mktemp("register")
    screen = {"consent_by": "tap"}
    with Counter(folder, pictures, screen=screen, register=True) as counter:
        bind_two(counter)
        port, token = free_port(), folder / "token"
        desk_token.put_new(token)
        config = folder / "api.toml"
        config.write_text(
            counter.shop.carrier_config.read_text()
            + f'[api]\nport = {port}\ntoken_file = "{token}"\n'
        )
        command = (*LIKENESS, "carrier", "api", "--config", config)
        api = Program(folder / "api.log", *command)
        api.start()
        log = folder / "api.log"
        assert happens(lambda: "event=api_listening" in log.read_text(), 20.0)
        yield Office(counter, f"http://127.0.0.1:{port}", token.read_text().strip())
        assert api.stop() == 0
        assert "Traceback" not in log.read_text()
        for number in (MINE, NOT_MINE):
            assert number not in log.read_text()


@at_counter
async def test_what_a_visitor_disputes_stands_in_the_register(
    browser: Chromium, office: Office
) -> None:
    counter, known = office.counter, len(office.counter.results())
    visitor = await Visitor.comes(browser, counter)
    await visitor.speaks("en")
    for again in range(TRIES):
        await visitor.begins("check_numbers", counter.holders_card)
        await visitor.is_at("answer", "verdict", within_s=40)
        result = await counter.next_result(known + again)
        if BUSY.isdisjoint(result.reasons) or again == TRIES - 1:
            break
        await visitor.goes()
        await visitor.speaks("en")
    await visitor.is_at("answer")
    await visitor.page.wait_for("document.querySelectorAll('.number').length === 2")
    shown = await visitor.page.eval("document.querySelector('main').innerText")
    for masked in ("199****0001", "199****0002", "Hangzhou"):
        assert masked in shown
    assert MINE not in shown
    await visitor.page.click("#number-1-mark")
    await visitor.taps("not_mine")
    disputed = (await visitor.texts("say"))["disputed"]["one"].replace("{n}", "1")
    await visitor.page.wait_for(f"{SENTENCE} === {json.dumps(disputed)}")
    await eventually(lambda: counter.disputed() == [1])
    (one,) = (await office.ask("GET", "/v1/disputes"))["disputes"]
    assert (one["number"], one["device"], one["state"]) == (NOT_MINE, DEVICE, "open")
    settle = f"/v1/disputes/{one['dispute']}/settle"
    said = await office.ask("POST", settle, outcome="upheld")
    assert said["state"] == "upheld"
    lookup = {"number": NOT_MINE, "kind": "mobile"}
    held = await office.ask("POST", "/v1/numbers/lookup", **lookup)
    assert held["state"] == "free"
    assert [each["what"] for each in held["history"]] == [
        "bound",
        "disputed",
        "dispute_upheld",
    ]
    counter.take_away()
    await visitor.is_at("idle")
    await visitor.leaves()
