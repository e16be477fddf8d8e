"""The fleet's page in Debian's chromium: ten thousand terminals, live, for all."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fleets
from broker import Mosquitto, mosquitto
from browser.axe import violations
from browser.chromium import Chromium, Page
from browser.visitor import at_counter as on_the_loop
from fleets import Served, served
from likeness.carrier.database import Database
from likeness.core import messages
from postgres import Postgres
from scale.fleet import publish_fleet
from tls_broker import Guest

pytestmark = [pytest.mark.browser, pytest.mark.broker, pytest.mark.slow]

MANY, SEED = 10_000, 7
CAMERAS = [f"sim-{number:05d}" for number in range(40)]
OFF = CAMERAS[11]
RESULTS = 100  # of each camera
# As shipped: what a broker cannot queue it drops.
BROKER = "max_queued_messages 20000\nmax_inflight_messages 32"
WITHIN_S = 90.0  # for ten thousand, on a busy machine
# One that lives in a process of its own, so that it can be killed.
LIVES = """
import sys, time
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
v5 = MQTTProtocolVersion.MQTTv5
client = Client(CallbackAPIVersion.VERSION2, sys.argv[2], protocol=v5)
topic = f"likeness/v1/{sys.argv[2]}/status"
client.will_set(topic, b'{"status":"lost","boot":"b-1"}', 1, True)
client.connect("127.0.0.1", int(sys.argv[1]))
client.loop_start()
client.publish(topic, b'{"status":"online","boot":"b-1"}', 1, True).wait_for_publish()
time.sleep(600)
"""
WIDE, NARROW = (1400, 900), (390, 800)
SCRIPT = "<script>evil = 1</script><img src=x onerror='evil = 1'>"
EVIL = "evil-'\"<b>&amp;"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path_factory.mktemp("broker"), more=BROKER) as broker:
        publish_fleet(broker.port, MANY, SEED)
        yield broker


@pytest.fixture(scope="module")
def site(
    loop: asyncio.Runner, broker: Mosquitto, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """The page of a carrier whose database is a file."""
    folder = tmp_path_factory.mktemp("fleet")
    fill(str(folder / "carrier.db"))
    program = served(folder, broker)
    yield loop.run(program.__aenter__())
    loop.run(program.__aexit__(None, None, None))


def fill(place: str) -> None:
    database = Database(place)
    rows = fleets.week(CAMERAS, RESULTS, off=OFF, now=int(time.time()))
    with database.begin() as db:
        fleets.keep(db, rows)
    database.close()


def tile(name: str) -> str:
    """An expression: how many the tile of this name shows."""
    return (
        "[...document.querySelectorAll('#counts a')].find((one) =>"
        f" one.textContent.endsWith(' {name}')).querySelector('b').textContent"
    )


def cell(device: str, name: str) -> str:
    """An expression: what stands in a cell of this terminal's row."""
    return (
        "[...document.querySelectorAll('tbody tr')].find((row) =>"
        f" row.querySelector('a')?.textContent === {json.dumps(device)})"
        f"?.querySelector('[data-name={json.dumps(name)}]').textContent"
    )


FOUND = "document.getElementById('found').textContent"
NAMES = "[...document.querySelectorAll('tbody th a')].map((one) => one.textContent)"
TITLE = "document.querySelector('h1').textContent"
TEXT = "document.querySelector('main').innerText"


async def whole(
    browser: Chromium, site: Served, address: str = "", size: tuple[int, int] = WIDE
) -> Page:
    """Open a page once the whole fleet is known to it."""
    page = await browser.open(f"{site.url}/", width=size[0], height=size[1])
    await page.wait_for(f"Number({tile('all')}.replace(',', '')) >= {MANY}", WITHIN_S)
    # Births come in the second turn; the last of the list has been told of as well.
    await page.go(f"{site.url}/?search=sim-{MANY - 1:05d}")
    await page.wait_for(f"{cell(f'sim-{MANY - 1:05d}', 'Software')} !== '?'", WITHIN_S)
    await page.go(f"{site.url}/{address}")
    await page.wait_for("document.getElementById('live').textContent === 'Live'")
    return page


async def sound(page: Page) -> None:
    """Nobody is kept from using it, nothing sticks out, nothing has gone wrong."""
    assert await violations(page) == []
    over = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert await page.eval(over) <= 0
    assert page.console_errors == []
    assert await page.eval("typeof evil === 'undefined'")


async def dark(page: Page) -> None:
    scheme = [{"name": "prefers-color-scheme", "value": "dark"}]
    await page.call("Emulation.setEmulatedMedia", features=scheme)


def say(broker: Mosquitto, device: str, leaf: str, said: Any) -> None:
    payload = said if isinstance(said, bytes) else json.dumps(said).encode()
    with Guest(broker.port, None, client_id="said-by-anybody") as guest:
        code = guest.say(messages.topic(device, leaf), payload, retain=True)
    assert code is not None
    assert code < 0x80


@pytest.mark.parametrize("size", [WIDE, (1130, 700), NARROW, (800, 480)])
@on_the_loop
async def test_ten_thousand_terminals_stand_on_pages_that_everybody_can_use(
    browser: Chromium, site: Served, size: tuple[int, int]
) -> None:
    page = await whole(browser, site, size=size)
    counts = [int((await page.eval(tile(state))).replace(",", "")) for state in STATES]
    assert sum(counts) >= MANY
    assert len(await page.eval(NAMES)) == 50
    await sound(page)
    await dark(page)
    await sound(page)
    assert all(url.startswith(site.url) for url in page.requests)
    await page.close()


STATES = ("online", "stopping", "lost", "unknown")


@on_the_loop
async def test_terminals_are_searched_filtered_and_leafed_through(
    browser: Chromium, site: Served
) -> None:
    page = await whole(browser, site)
    await page.click("input[name=search]")
    await page.call("Input.insertText", text="SIM-0042")
    await page.click("form button")
    await page.wait_for(f"{FOUND}.startsWith('10 of ')")
    names = await page.eval(NAMES)
    assert sorted(names) == [f"sim-0042{n}" for n in range(10)]
    assert await page.eval("location.search") == "?search=SIM-0042"
    await page.go(f"{site.url}/?software=0.1.0&state=lost")
    version = "[...document.querySelectorAll('[data-name=Software]')]"
    assert await page.eval(f"{version}.every((one) => one.textContent === '0.1.0')")
    assert await page.eval("document.querySelector('[name=software]').value") == "0.1.0"
    await page.go(f"{site.url}/?software=0.2.1")
    first = await page.eval(NAMES)
    await page.click("#pages a[rel=next]")
    await page.wait_for("location.search.includes('page=2')")
    second = await page.wait_for(f"{NAMES}.length === 50 && {NAMES}")
    assert not set(first) & set(second)
    assert await page.eval("location.search") == "?software=0.2.1&page=2"
    await sound(page)
    await page.close()


@on_the_loop
async def test_who_dies_is_lost_on_the_open_page(
    browser: Chromium, site: Served, broker: Mosquitto
) -> None:
    command = [sys.executable, "-c", LIVES, str(broker.port), "shop-live"]
    terminal = subprocess.Popen(command)  # noqa: ASYNC220 - it takes no time
    try:
        page = await whole(browser, site, "?search=shop-live")
        await page.eval("window.stays = true")
        await page.wait_for(f"{cell('shop-live', 'State')} === 'online'", WITHIN_S)
        await page.eval("document.querySelector('tbody th a').focus()")
        terminal.kill()
        await page.wait_for(f"{cell('shop-live', 'State')} === 'lost'", WITHIN_S)
        lost = "lost for a minute"
        assert await page.eval(cell("shop-live", "What is the matter")) == lost
        assert await page.eval("window.stays")
        # The row was replaced; who stood on its link stands there still.
        assert await page.eval("document.activeElement.textContent") == "shop-live"
        await sound(page)
        await page.close()
    finally:
        terminal.kill()
        terminal.wait()


@on_the_loop
async def test_a_terminal_has_its_own_page(
    browser: Chromium, site: Served, broker: Mosquitto
) -> None:
    page = await whole(browser, site, f"?search={OFF}")
    await page.wait_for(
        f"{cell(OFF, 'What is the matter')}.includes('match')", WITHIN_S
    )
    await page.click("tbody th a")
    await page.wait_for(f"{TITLE} === '{OFF}'")
    text = await page.eval(TEXT)
    assert "scores unlike the fleet's: match" in text
    assert "stands apart" in text
    assert "software 0." in text  # its birth, in the timeline
    assert "SECRET" not in text
    plots = "document.querySelectorAll('svg.plot').length"
    assert await page.eval(plots) == 5
    for size in (WIDE, NARROW):
        await page.resize(*size)
        await sound(page)
    await dark(page)
    await sound(page)
    await page.close()


@on_the_loop
async def test_cameras_stand_against_the_fleet(browser: Chromium, site: Served) -> None:
    page = await whole(browser, site, "cameras")
    rows = "[...document.querySelectorAll('#cameras tbody tr')].map((r) => r.innerText)"
    await page.wait_for(f"{rows}.length > 0", WITHIN_S)
    first, second = (await page.eval(rows))[:2]
    assert OFF in first
    assert "stands apart" in first
    assert "as others" in second
    assert "SECRET" not in await page.eval("document.documentElement.outerHTML")
    for size in (WIDE, NARROW):
        await page.resize(*size)
        await sound(page)
    await dark(page)
    await sound(page)
    await page.close()


@on_the_loop
async def test_what_somebody_says_is_text_and_nothing_else(
    browser: Chromium, site: Served, broker: Mosquitto
) -> None:
    await asyncio.to_thread(say, broker, EVIL, "status", {"status": SCRIPT})
    said = {"software": SCRIPT, "models": {SCRIPT: SCRIPT}, "profile": "\u202e" * 9}
    await asyncio.to_thread(say, broker, EVIL, "birth", said)
    await asyncio.to_thread(say, broker, EVIL, "reported", b"\xff" * 9000)
    page = await whole(browser, site, "?search=evil")
    await page.wait_for(f"{cell(EVIL, 'Software')} === {json.dumps(SCRIPT)}", WITHIN_S)
    await page.wait_for(f"{cell(EVIL, 'State')} === 'unknown'")
    await sound(page)
    await page.click("tbody th a")
    await page.wait_for(f"{TITLE} === {json.dumps(EVIL)}")
    await page.wait_for(f"{TEXT}.includes('cannot be read: reported')", WITHIN_S)
    assert SCRIPT in await page.eval(TEXT)
    await sound(page)
    await page.close()


@on_the_loop
async def test_it_can_be_used_by_keys_and_be_made_to_stand_still(
    browser: Chromium, site: Served
) -> None:
    page = await whole(browser, site)
    reached = []
    for _ in range(30):
        for kind in ("keyDown", "keyUp"):
            await page.call(
                "Input.dispatchKeyEvent", type=kind, key="Tab", windowsVirtualKeyCode=9
            )
        reached.append(
            await page.eval("document.activeElement.textContent.trim().split(/\\s/)[0]")
        )
    assert reached[0] == "Skip"
    assert {"Terminals", "Cameras", "Pause", "Show"} <= set(reached)
    await page.click("#pause")
    assert await page.eval("document.getElementById('live').textContent") == "Paused"
    assert await page.eval("document.getElementById('pause').textContent") == "Go on"
    await page.click("#pause")
    await page.wait_for("document.getElementById('live').textContent === 'Live'")
    await page.close()


@pytest.mark.postgres
@on_the_loop
async def test_the_same_stands_in_postgresql(
    browser: Chromium, broker: Mosquitto, postgres: Postgres, tmp_path: Path
) -> None:
    place = await asyncio.to_thread(postgres.database)
    await asyncio.to_thread(Database.make, place)
    await asyncio.to_thread(fill, place)
    # Beside the other one, which would lose its line to the same name.
    async with served(tmp_path, broker, place, "likeness-fleet-2") as site:
        page = await whole(browser, site, "cameras")
        first = "document.querySelector('#cameras tbody tr')?.innerText"
        assert OFF in await page.wait_for(first, WITHIN_S)
        await page.go(f"{site.url}/terminal?device={OFF}")
        assert "stands apart" in await page.eval(TEXT)
        await sound(page)
        await page.close()
