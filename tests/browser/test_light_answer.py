"""The real page shines, and a simulated face answers what stands on it at that moment.

The camera is told what the page shows, by asking the page itself; that light falls on
the face of a clip is computed. No real camera before a real screen was at hand.
"""

import asyncio
import contextlib
import time
from collections import deque
from pathlib import Path

import pytest

from broker import free_port
from browser.chromium import BrowserFault, Chromium, Page
from browser.visitor import at_counter
from likeness.bench.bench_shop import FeedClock
from likeness.core.scenery import ConsentText
from likeness.core.vocabulary import LightOutcome, Verdict
from likeness.edges import page_files, sentences
from likeness.edges.clock import SystemClock
from likeness.edges.page_server import PageServer
from lit_camera import OnScreen, PunctualCamera, Stands, prepare
from lit_shop import ANOTHER, OURS, LitShop
from replays import CLIP, own_portrait

pytestmark = pytest.mark.browser

SHINE = "document.documentElement.style.getPropertyValue('--shine')"
LOOK_EVERY_S = 0.01
VISITS = 3  # a machine that is busy elsewhere may not see each colour


class Eye:
    """Looks at the page's colour again and again, and remembers it for a while."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._seen: deque[tuple[float, OnScreen | None]] = deque(maxlen=200)

    async def look(self) -> None:
        while True:
            with contextlib.suppress(BrowserFault):
                shine = await self._page.eval(SHINE)
                red, green, blue = map(int, shine[4:-1].split()) if shine else (0, 0, 0)
                shown = (red, green, blue) if shine else None
                self._seen.append((time.monotonic(), shown))
            await asyncio.sleep(LOOK_EVERY_S)

    def on_screen(self, at_s: float) -> OnScreen | None:
        """Say what stood there then."""
        before = [shown for seen_s, shown in self._seen if seen_s <= at_s]
        return before[-1] if before else None


async def visited(
    browser: Chromium, pictures: Path, portrait: Path, stands: Stands
) -> tuple[LitShop, LightOutcome | None, Verdict]:
    catalogues = sentences.load(("en",))
    consent = catalogues["en"].consent
    shop = LitShop(SystemClock(), {"en": ConsentText(consent.version, consent.digest)})
    port = free_port()
    server = PageServer(
        shop.stage, files=page_files.load(), catalogues=catalogues, port=port
    )
    page = await browser.open("about:blank")
    eye = Eye(page)
    camera = PunctualCamera(
        pictures / CLIP, FeedClock(0.0), stands, eye.on_screen, recorded=ANOTHER
    )
    async with shop.opened(camera, portrait):
        tasks = [asyncio.create_task(work) for work in (server.run(), eye.look())]
        try:
            await server.listening.wait()
            await page.go(f"http://127.0.0.1:{port}/")
            await page.wait_for("document.documentElement.dataset.step === 'idle'")
            visit = asyncio.create_task(shop.visit())
            await page.click("button[data-offer=light]", 30)
            last = await visit
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await page.close()
    return shop, last.light, last.verdict


@pytest.mark.parametrize(
    ("stands", "outcome", "verdict"),
    [
        (Stands.FACE, LightOutcome.ANSWERED, Verdict.ACCEPTED),
        (Stands.PRINT, LightOutcome.FLAT, Verdict.REFERRED),
    ],
)
@at_counter
async def test_what_stands_before_the_page_is_known_by_its_answer(
    browser: Chromium,
    pictures: Path,
    tmp_path: Path,
    stands: Stands,
    outcome: LightOutcome,
    verdict: Verdict,
) -> None:
    prepare(pictures / CLIP)
    portrait = own_portrait(pictures / CLIP, tmp_path / "card.png")
    for _ in range(VISITS):
        shop, found, ended = await visited(browser, pictures, portrait, stands)
        assert shop.said.colours == list(OURS.words)
        if found is not LightOutcome.NOT_VISIBLE:
            break
    assert (found, ended) == (outcome, verdict)
