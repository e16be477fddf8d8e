"""Colours and the line to the page: without one that shows them they are skipped."""

import contextlib

import aiohttp

import visits as v
from likeness.core.scene import Offer
from likeness.core.vocabulary import Conclusion, LightOutcome, Purpose, Reason, Verdict
from pages import Page, Served, to_look
from stories import story


async def ended(shop: Served) -> Conclusion:
    await shop.until("verdict_accepted")
    end = shop.conclusions[-1]
    nothing: tuple[Reason, ...] = ()
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, nothing)
    return end


async def warned(shop: Served, page: Page) -> None:
    await to_look(shop, page)
    assert Offer.LIGHT in (await page.until("light_warning"))["offers"]


async def shining(shop: Served, page: Page) -> None:
    await warned(shop, page)
    await page.tap("light")
    assert (await page.until("light"))["light"]
    await page.tap("light_shown", since_ms=0)


async def gone(page: Page) -> None:
    await page.socket.close()


@story
async def test_without_a_page_nobody_waits_for_colours() -> None:
    shop = Served(light=True)
    async with shop.served():
        shop.terminal.card_laid(v.card(), Purpose.NEW_NUMBER, "2026-11")
        end = await ended(shop)
    assert end.light is LightOutcome.SKIPPED
    answered = end.acts[-1].answered_s
    assert answered is not None
    assert end.ended_s - answered < 1  # by the visit's own clock


@story
async def test_a_page_that_goes_takes_the_colours_with_it() -> None:
    for reach in (warned, shining):
        shop = Served(light=True)
        async with shop.served() as session, shop.page(session) as page:
            await reach(shop, page)
            await gone(page)
            end = await ended(shop)
        assert end.light is LightOutcome.SKIPPED


@story
async def test_a_second_page_begins_anew_and_no_answer_counts() -> None:
    shop = Served(light=True)
    async with shop.served() as session, shop.page(session) as page:
        await shining(shop, page)
        async with shop.page(session) as second:
            await second.until("light")
            await second.tap("light_shown", since_ms=0)
            end = await ended(shop)
    assert end.light is LightOutcome.NOT_VISIBLE


@story
async def test_words_of_a_page_that_is_not_the_screen_any_more_do_nothing() -> None:
    shop = Served(light=True)
    async with shop.served() as session, shop.page(session) as page:
        await warned(shop, page)
        async with shop.page(session) as second:
            await second.until("light_warning")
            # It was told to go, and may be gone already.
            with contextlib.suppress(aiohttp.ClientError, ConnectionError):
                await page.tap("light")
            await shop.settle()
            assert shop.scene.say == "light_warning"
            await second.tap("skip_light")
            end = await ended(shop)
    assert end.light is LightOutcome.SKIPPED
