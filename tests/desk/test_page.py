"""The desk page in Debian's chromium: what the clerk sees is what the desk knows.

Server, terminal and store are real; the browser is driven as a clerk would.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import desks
from browser import axe
from browser.chromium import Chromium, Page
from likeness.core.desk_words import DecisionReason, Refused, VisitState
from likeness.core.next_step import NextStep
from likeness.core.vocabulary import Purpose, Reason, Verdict
from likeness.edges.desk_problems import PROBLEMS

LANGUAGES = ("en", "zh-Hans", "es", "ar", "fr")
FOLDER = Path(__file__).parents[2] / "daemon" / "likeness" / "desk" / "languages"
FITS = "document.documentElement.scrollWidth <= innerWidth"
LOGGED_IN = "!document.querySelector('#desk').hidden"


@dataclass
class Clerk:
    """Who sits before the page."""

    shop: desks.Shop
    browser: Chromium
    page: Page

    async def types(self, where: str, text: str) -> None:
        await self.page.eval(
            f"document.querySelector({json.dumps(where)}).value = {json.dumps(text)}"
        )

    async def logs_in(self, token: str = desks.TOKEN) -> None:
        await self.page.wait_for("!document.querySelector('#login').hidden")
        await self.types("#token", token)
        await self.page.click("#login-form button")

    async def opens(self, transaction: str, purpose: str = "new_number") -> None:
        await self.types("#transaction", transaction)
        await self.types("#purpose", purpose)
        await self.page.click("#open-form button")

    async def sees(self, text: str) -> None:
        await self.page.wait_for(
            f"document.body.innerText.includes({json.dumps(text)})"
        )


@asynccontextmanager
async def sitting(
    folder: Path, *, two_persons: bool = False, language: str = "en", width: int = 1100
) -> AsyncIterator[Clerk]:
    """Open the page of a running desk."""
    shop = desks.shop(folder, two_persons=two_persons)
    async with desks.running(shop), Chromium() as browser:
        page = await browser.open(
            shop.url("/"), width=width, height=800, language=language
        )
        yield Clerk(shop, browser, page)


async def _referred(clerk: Clerk, transaction: str, *, with_card: bool = True) -> None:
    """Let a visitor ask for an attendant."""
    await clerk.opens(transaction)
    await desks.until(lambda: clerk.shop.terminal.glance.visit > 0)
    desks.ask_attendant(clerk.shop.terminal, with_card=with_card)
    await desks.until(lambda: clerk.shop.terminal.idle)


@pytest.mark.browser
def test_a_day_at_the_desk(tmp_path: Path) -> None:
    async def day() -> None:
        async with sitting(tmp_path) as clerk:
            page = clerk.page
            await clerk.logs_in("x" * 40)
            await clerk.sees("This token is not good")
            await clerk.logs_in()
            await page.wait_for(LOGGED_IN)
            assert desks.TOKEN not in await page.eval(
                "document.documentElement.outerHTML + document.cookie"
                " + JSON.stringify({...localStorage, ...sessionStorage})"
            )
            await clerk.opens("T-1")
            await clerk.sees("Asked for consent")
            await clerk.opens("T-2")
            await clerk.sees("A visit goes on.")
            await page.reload()  # still logged in, and nothing forgotten
            await clerk.sees("Asked for consent")
            await page.click("[data-transaction='T-1'] button")
            await clerk.sees("Nothing more to do.")
            await _referred(clerk, "T-3")
            await clerk.sees("The visitor asked for a person")
            await page.click("#call-list button")
            await page.wait_for("document.querySelector('#calls').hidden")
            await page.click("[data-transaction='T-3'] button.main")
            await page.click("#decide [value='accept']")
            await clerk.types("#reason", "compared_in_person")
            await clerk.types("#note", "seen 12345678")
            await clerk.types("#attendant", "a-17")
            await page.click("#decide-form .main")
            await clerk.sees("no long numbers in the note")
            await clerk.types("#note", "")
            await page.click("#decide-form .main")
            await clerk.sees("Accepted by a-17.")
            assert len(clerk.shop.statements.stated) == 1
            clerk.shop.token_file.write_text("b" * 40)
            clerk.shop.clock.ahead_s += 2
            await page.wait_for("!document.querySelector('#login').hidden", 20)
            assert "T-3" not in await page.eval("document.body.innerText")
            ours = clerk.shop.url("/")
            assert all(url.startswith(ours) for url in page.requests)
            told = [one for one in page.console_errors if "status of 4" not in one]
            assert told == []

    asyncio.run(day())


@pytest.mark.browser
def test_two_persons_sign_one_after_the_other(tmp_path: Path) -> None:
    async def decide(clerk: Clerk, attendant: str) -> None:
        await clerk.page.wait_for("!document.querySelector('#decide').open")
        await clerk.page.click("[data-transaction='T-1'] button.main")
        await clerk.page.click("#decide [value='refuse']")
        await clerk.types("#reason", "not_the_holder")
        await clerk.types("#attendant", attendant)
        await clerk.page.click("#decide-form .main")

    async def run() -> None:
        async with sitting(tmp_path, two_persons=True) as clerk:
            await clerk.logs_in()
            await _referred(clerk, "T-1")
            await decide(clerk, "a-1")
            await clerk.sees("a-1 would refuse; a second person must confirm.")
            await decide(clerk, "a-1")
            await clerk.sees("A second person must confirm.")
            await clerk.page.click("#not-now")
            await decide(clerk, "a-2")
            await clerk.sees("Refused by a-1, a-2.")
            mark = "document.querySelector('#visit-list .mark').innerText"
            assert await clerk.page.eval(mark) == "Not accepted"

    asyncio.run(run())


@pytest.mark.browser
def test_a_lost_daemon_is_told_and_found_again(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with Chromium() as browser:
            async with desks.running(shop):
                page = await browser.open(shop.url("/"), width=1100, height=800)
                clerk = Clerk(shop, browser, page)
                await clerk.logs_in()
                await clerk.sees("Connected")
            await clerk.sees("The terminal does not answer.")
            again = desks.shop(tmp_path, port=shop.port)
            async with desks.running(again):
                # Sessions end with the daemon: the page asks for the token anew.
                await page.wait_for("!document.querySelector('#login').hidden", 20)
                await clerk.logs_in()
                await clerk.sees("Connected")

    asyncio.run(run())


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_keeps_anybody_out_nor_is_cut_off(
    tmp_path: Path, language: str
) -> None:
    async def run() -> list[str]:
        found: list[str] = []

        async def look(name: str) -> None:
            for width in (320, 800, 1100):
                await clerk.page.resize(width, 800)
                if not await clerk.page.eval(FITS):
                    found.append(f"{name}: wider than {width} px")
                about = await axe.violations(clerk.page)
                found.extend(f"{name} at {width}: {one}" for one in about)

        async with sitting(tmp_path, language=language) as clerk:
            await clerk.page.wait_for("!document.querySelector('#login').hidden")
            assert await clerk.page.eval("document.documentElement.lang") == language
            await look("login")
            await clerk.logs_in()
            await clerk.page.wait_for(LOGGED_IN)
            await look("empty")
            await _referred(clerk, "T-1")
            await clerk.opens("T-2")
            await clerk.page.wait_for(
                "document.querySelectorAll('.visit').length === 2"
                " && document.querySelector('#part-list').children.length === 6"
            )
            await look("visits")
            await clerk.page.click("[data-transaction='T-1'] button.main")
            await look("decision")
        return found

    assert asyncio.run(run()) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_word_of_the_desk_is_said(language: str) -> None:
    texts = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    english = json.loads((FOLDER / "en.json").read_text(encoding="utf-8"))
    for group, needed in (
        ("reason", set(Reason)),
        ("purpose", set(Purpose)),
        ("state", set(VisitState) - {VisitState.ENDED}),
        ("verdict", {*Verdict, "unsafe"}),
        ("next_step", set(NextStep)),
        ("decision_reason", set(DecisionReason)),
        ("part_state", {"well", "starting", "lost", "unknown"}),
    ):
        assert set(texts[group]) == set(map(str, needed)), group
    assert set(texts["problem"]) <= set(map(str, PROBLEMS))
    said_in_page = set(map(str, Refused)) - {"no_result", "no_result_yet"}
    assert said_in_page <= set(texts["problem"])
    for group, sentences in english.items():
        assert set(texts[group]) == set(sentences), group
        assert all(texts[group].values())
