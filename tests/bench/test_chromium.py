"""The browser's driver: what it does to pages, what it keeps from them, how it ends."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from broker import free_port
from browser.axe import violations
from likeness.bench import chromium
from likeness.bench.chromium import Chromium
from likeness.bench.devtools import BrowserFault
from likeness.errors import UsageError
from stories import story

pytestmark = pytest.mark.browser

PAGE = """<!doctype html><html lang="en"><title>a page</title>
<main><h1>Heading</h1>
<button id="go" onclick="this.textContent = 'gone'">go</button>
<button id="off" disabled>off</button>
<button id="under" style="position:fixed;top:200px;left:0">under</button>
<div style="position:fixed;top:190px;left:0;width:200px;height:90px">over</div>
</main></html>"""


@contextlib.asynccontextmanager
async def served(body: str) -> AsyncIterator[str]:
    """A page at an address of this machine."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text=body, content_type="text/html")

    app = web.Application()
    app.router.add_get("/{any:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/"
    finally:
        await runner.cleanup()


def processes_of(profile: str) -> list[str]:
    """What still runs with a profile."""
    found = []
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = one.read_bytes().decode(errors="replace")
            found += [words] if profile in words else []
    return found


def is_there(path: str) -> bool:
    return Path(path).exists()


@story
async def test_a_page_is_tapped_asked_and_photographed(tmp_path: Path) -> None:
    async with served(PAGE) as url, Chromium() as browser:
        page = await browser.open(url, width=600, height=300, language="ar")
        seen = await page.eval("[navigator.language, innerWidth, innerHeight]")
        assert seen == ["ar", 600, 300]
        await page.click("#go")
        assert await page.eval("document.querySelector('#go').textContent") == "gone"
        await page.reload()
        assert await page.eval("document.querySelector('#go').textContent") == "go"
        picture = await page.screenshot(tmp_path / "page.png")
        assert picture.read_bytes().startswith(b"\x89PNG")
        assert await page.eval("new Promise(done => setTimeout(done, 1, 7))") == 7
        assert page.console_errors == []
        assert set(page.requests) <= {url, f"{url}favicon.ico"}


@story
async def test_what_a_finger_cannot_reach_is_not_tapped() -> None:
    async with served(PAGE) as url, Chromium() as browser:
        page = await browser.open(url)
        with pytest.raises(BrowserFault, match="something lies over it: <div"):
            await page.click("#under")
        for selector in ("#off", "#nowhere"):
            with pytest.raises(BrowserFault, match="not true within"):
                await page.click(selector, within_s=0.1)
        with pytest.raises(BrowserFault, match=r"Error: no\b"):
            await page.eval("(() => { throw Error('no') })()")


@story
async def test_errors_are_kept_and_nothing_leaves_the_machine() -> None:
    async with served(PAGE) as url, Chromium() as browser:
        page = await browser.open(url)
        await page.eval("console.error('said', 1)")
        await page.eval("setTimeout(() => { throw Error('thrown') })")
        for elsewhere in ("http://example.com/", "http://192.0.2.1/"):
            answer = await page.eval(f"fetch('{elsewhere}').then(() => 1, () => 0)")
            assert answer == 0
            assert elsewhere in page.requests
        said = "\n".join(page.console_errors)
        assert "said 1" in said
        assert "Error: thrown" in said
        assert "ERR_PROXY_CONNECTION_FAILED" in said, "it was looked for out there"


@story
async def test_a_second_tab_shares_what_a_second_visitor_does_not() -> None:
    async with served(PAGE) as url, Chromium() as browser:
        first = await browser.open(url)
        await first.eval("localStorage.setItem('a', '1')")
        tab = await browser.open(url, beside=first)
        other = await browser.open(url)
        assert await tab.eval("localStorage.getItem('a')") == "1"
        assert await other.eval("localStorage.getItem('a')") is None


@story
async def test_nothing_is_left_of_it_not_even_after_a_fault() -> None:
    with pytest.raises(BrowserFault):
        async with Chromium() as browser:
            profile = str(browser.profile)
            assert processes_of(profile)
            await browser.open("http://127.0.0.1:9/")
    assert processes_of(profile) == []
    assert not is_there(profile)
    with pytest.raises(BrowserFault, match="does not run"):
        await browser.open("about:blank")


@story
async def test_one_that_dies_is_a_fault_and_not_a_wait() -> None:
    async with Chromium() as browser:
        page = await browser.open("about:blank")
        waiting = asyncio.create_task(page.eval("new Promise(() => {})"))
        await asyncio.sleep(0.1)
        os.kill(browser.pid, 9)
        with pytest.raises(BrowserFault, match="the browser has ended"):
            await waiting
        with pytest.raises(BrowserFault, match="has ended"):
            await page.eval("1")


@story
async def test_without_chromium_one_line_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert chromium.find() is None
    with pytest.raises(UsageError, match="chromium is missing: apt-get install chrom"):
        async with Chromium():
            pass


@story
async def test_axe_finds_what_is_wrong_and_nothing_else() -> None:
    async with served(PAGE) as url, Chromium() as browser:
        assert await violations(await browser.open(url)) == []
    bad = PAGE.replace("<main>", '<main><img src="a.png"><p style="color:#aaa">pale')
    async with served(bad) as url, Chromium() as browser:
        found = await violations(await browser.open(url))
    assert [line.partition(" ")[0] for line in found] == [
        "color-contrast",
        "image-alt",
    ]
