"""`carrier fleet` over HTTP and a real broker, without a browser."""

import asyncio
import base64
import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from broker import Mosquitto, free_port, mosquitto
from fleets import served
from likeness.carrier.database import Database
from likeness.carrier.fleet.fleet import watch
from likeness.carrier.settings import Settings, Web
from likeness.core import messages
from likeness.edges import desk_token
from likeness.errors import ConfigError
from likeness.simulators.authority import Authority, Kind
from scale.fleet import publish_fleet
from stories import story
from tls_broker import Guest, shipped

pytestmark = pytest.mark.broker

WITHIN_S = 60.0


async def text(url: str, **how: Any) -> str:
    async with aiohttp.ClientSession() as http, http.get(url, **how) as answer:
        return await answer.text()


async def until_shown(url: str, wanted: str) -> str:
    async with asyncio.timeout(WITHIN_S):
        while wanted not in (shown := await text(url)):
            await asyncio.sleep(0.1)
    return shown


def say(broker: Mosquitto, device: str, leaf: str, **said: Any) -> None:
    with Guest(broker.port, None, client_id="somebody") as guest:
        body = json.dumps(said).encode()
        guest.say(messages.topic(device, leaf), body, retain=True)


@story
async def test_a_fleet_that_was_there_before_us_is_seen_whole(tmp_path: Path) -> None:
    """What a broker cannot queue at once it drops; so nothing may be asked at once."""
    count = 400
    with mosquitto(tmp_path, more=f"max_queued_messages {count}") as broker:
        await asyncio.to_thread(publish_fleet, broker.port, count, 3)
        async with served(tmp_path, broker) as page:
            last = f"{page.url}/?search=sim-{count - 1:05d}"
            await until_shown(last, 'data-name="Software">0.')
            for number in range(0, count, 7):
                device = f"sim-{number:05d}"
                shown = await until_shown(
                    f"{page.url}/terminal?device={device}", "<dt>Reported</dt>"
                )
                assert "<dt>Software</dt><dd>0." in shown


@story
async def test_metrics_count_what_the_page_shows(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        async with served(tmp_path, broker) as page:
            say(broker, "a", "status", status="online", boot="1")
            say(broker, "b", "status", status="lost", boot="1")
            await until_shown(f"{page.url}/", ">b</a>")
            shown = await text(f"{page.url}/metrics")
            assert 'likeness_terminals{state="online"} 1.0' in shown
            assert 'likeness_terminals{state="lost"} 1.0' in shown
            assert "shop" not in shown


@story
async def test_hostile_words_are_escaped_everywhere(tmp_path: Path) -> None:
    evil = "<script>evil()</script>'\"&"
    with mosquitto(tmp_path) as broker:
        async with served(tmp_path, broker) as page:
            say(broker, evil.replace("/", ""), "birth", software=evil, kid=evil)
            for query in ("?search=evil", f"?software={evil}&label={evil}"):
                shown = await until_shown(f"{page.url}/{query}", "&lt;script&gt;")
                assert "<script>evil" not in shown
            named = {"device": evil.replace("/", "")}
            shown = await text(f"{page.url}/terminal", params=named)
            assert "&lt;script&gt;" in shown
            assert "<script>evil" not in shown
            strict = await policy(f"{page.url}/")
            assert "script-src 'self'" in strict
            assert "unsafe" not in strict


async def policy(url: str) -> str:
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        return answer.headers["Content-Security-Policy"]


@story
async def test_strange_addresses_get_an_answer(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        async with served(tmp_path, broker) as page, aiohttp.ClientSession() as http:
            for query in ("?page=-1", "?page=9999999999999", "?page=²", "?state=x"):
                async with http.get(f"{page.url}/{query}") as answer:
                    assert answer.status == 200
            for path in ("terminal", "terminal?device=nobody", "files/../fleet.py"):
                async with http.get(f"{page.url}/{path}") as answer:
                    assert answer.status == 404
            for path in ("", "terminal", "metrics"):
                async with http.post(f"{page.url}/{path}") as answer:
                    assert answer.status == 405


@story
async def test_a_stream_sends_only_what_has_changed(tmp_path: Path) -> None:
    with mosquitto(tmp_path) as broker:
        async with served(tmp_path, broker) as page, aiohttp.ClientSession() as http:
            for device in ("a", "b"):
                say(broker, device, "status", status="online", boot="1")
            await until_shown(f"{page.url}/", ">b</a>")
            async with http.get(f"{page.url}/events?search=a") as stream:
                assert (await event(stream))[0] == "all"
                say(broker, "b", "status", status="lost", boot="1")
                name, pieces = await event(stream)
                # It is not among what is looked at; the fleet's counts are.
                assert (name, set(pieces)) == ("some", {"counts"})
                say(broker, "a", "status", status="lost", boot="1")
                name, pieces = await event(stream)
                assert set(pieces) == {"counts", "row-0"}
                assert "lost" in pieces["row-0"]


async def event(stream: aiohttp.ClientResponse) -> tuple[str, dict[str, str]]:
    async with asyncio.timeout(WITHIN_S):
        while True:
            lines = (await stream.content.readuntil(b"\n\n")).decode().splitlines()
            name = lines[0].removeprefix("event: ")
            if name != "still":
                return name, json.loads(lines[1].removeprefix("data: "))


@story
async def test_who_has_no_token_sees_nothing(tmp_path: Path) -> None:
    desk_token.put_new(tmp_path / "token")
    token = (tmp_path / "token").read_text().strip()
    with mosquitto(tmp_path) as broker:
        file = str(tmp_path / "token")
        async with (
            served(tmp_path, broker, token_file=file) as page,
            aiohttp.ClientSession() as http,
        ):
            for path in ("", "events", "cameras", "metrics", "files/fleet.js"):
                async with http.get(f"{page.url}/{path}") as answer:
                    assert answer.status == 401
            bearer = {"Authorization": f"Bearer {token}"}
            assert "likeness_terminals" in await text(
                f"{page.url}/metrics", headers=bearer
            )
            pair = base64.b64encode(f"anybody:{token}".encode()).decode()
            as_browser = {"Authorization": f"Basic {pair}"}
            assert "<h1>" in await text(f"{page.url}/", headers=as_browser)


@story
async def test_the_shipped_rules_let_it_see_the_fleet_and_no_result(
    tmp_path: Path,
) -> None:
    authority = Authority(tmp_path / "pki")
    us = authority.make("likeness-fleet", Kind.CARRIER)
    them = authority.make("shop-17", Kind.DEVICE)
    with shipped(tmp_path / "broker", authority) as broker:
        settings = Settings(
            keys=str(tmp_path),
            database=str(tmp_path / "carrier.db"),
            host="localhost",
            port=broker.carrier_port,
            ca_file=str(authority.servers),
            fleet_cert_file=str(us.cert),
            fleet_key_file=str(us.key),
            fleet=Web(port=free_port()),
        )
        url = f"http://127.0.0.1:{settings.fleet.port}"
        opened = asyncio.Event()
        task = asyncio.ensure_future(watch(settings, told=opened.set))
        try:
            await asyncio.wait_for(opened.wait(), WITHIN_S)
            with Guest(
                broker.port, authority.servers, them, client_id="shop-17"
            ) as shop:
                said = b'{"status":"online","boot":"1"}'
                born = b'{"software":"9.9"}'
                shop.say(messages.topic("shop-17", "status"), said, retain=True)
                shop.say(messages.topic("shop-17", "birth"), born, retain=True)
                shop.say(messages.topic("shop-17", "result"), b"a.b.c")
                shown = await until_shown(f"{url}/", "9.9")
            assert "cannot be read" not in shown
        finally:
            task.cancel()
            await asyncio.wait([task])


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"environment": "production"}, "fleet_cert_file"),
        ({"fleet": Web()}, "fleet.port"),
        ({"fleet": Web(port=1, listen="0.0.0.0")}, "fleet.listen"),
        ({"database": "/nowhere/carrier.db"}, "cannot be used"),
    ],
)
def test_what_cannot_be_is_said(
    tmp_path: Path, given: dict[str, Any], why: str
) -> None:
    usual = {
        "keys": str(tmp_path),
        "database": str(tmp_path / "carrier.db"),
        "environment": "test",
        "fleet": Web(port=free_port()),
    }
    with pytest.raises(ConfigError, match=why):
        try:
            asyncio.run(watch(Settings(**{**usual, **given})))
        except BaseExceptionGroup as faults:
            raise faults.exceptions[0] from faults


@story
async def test_a_database_that_is_away_for_a_while_loses_nothing(
    tmp_path: Path,
) -> None:
    with mosquitto(tmp_path) as broker:
        async with served(tmp_path, broker) as page:
            say(broker, "a", "status", status="online", boot="1")
            await until_shown(f"{page.url}/terminal?device=a", "<td>status</td>")
            database = Database(tmp_path / "carrier.db")
            with database.begin():  # somebody holds it: nothing can be written
                say(broker, "a", "status", status="lost", boot="1")
                await until_shown(f"{page.url}/", "state lost")
            database.close()
            shown = f"{page.url}/terminal?device=a"
            await until_shown(shown, "<td>lost</td>")
