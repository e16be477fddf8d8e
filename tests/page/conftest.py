"""A page in a browser and the daemon it believes to talk to, one pair for a module."""

import asyncio
from collections.abc import Iterator

import pytest

from browser.chromium import Chromium, Page
from page import scenes
from page.showing import Show, Stand

TIDY = """document.getElementById('whole').close();
document.querySelector('#sound[aria-pressed=true]')?.click();"""


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def browser(loop: asyncio.Runner) -> Iterator[Chromium]:
    chromium = Chromium()
    loop.run(chromium.__aenter__())
    yield chromium
    loop.run(chromium.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def place(loop: asyncio.Runner, browser: Chromium) -> Iterator[Stand]:
    show = Show(scenes.IDLE)

    async def open_page() -> Page:
        await show.__aenter__()
        page = await browser.open(show.url, width=800, height=480, language="en")
        await page.wait_for("document.querySelectorAll('.languages button').length")
        return page

    page = loop.run(open_page())
    yield Stand(loop, show, page)
    loop.run(page.close())
    loop.run(show.__aexit__(None, None, None))


@pytest.fixture
def stand(place: Stand) -> Stand:
    """The page with the welcome, 800×480, in English, with motion, without sound."""

    async def begin_anew() -> None:
        await place.page.resize(800, 480)
        await place.page.call("Emulation.setEmulatedMedia", features=[])
        await place.page.eval(TIDY)
        await place.show.until_painted(scenes.IDLE, "en")
        place.show.heard.clear()
        place.page.console_errors.clear()

    place.loop.run(begin_anew())
    return place
