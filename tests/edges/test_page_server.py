"""The page's server over real HTTP: who may ask, one screen, reload, floods."""

import asyncio
import functools
import json
import logging
import socket
from collections.abc import Mapping

import pytest

from front_shop import NUMBERS, FrontShop
from likeness.core import scene as words
from likeness.core.vocabulary import CARD_LAID, Consent, Purpose, Reason, Verdict
from likeness.edges import page_files, page_line, page_server, sentences
from likeness.edges.own_port import refuse_taken
from likeness.edges.page_files import File
from likeness.edges.page_line import ELSEWHERE
from likeness.edges.page_server import PageServer
from likeness.errors import ConfigError
from pages import LANGUAGES, Served, to_look
from stories import story, until

HOSTILE = "http://evil.example"


# --- what is served -----------------------------------------------------------------
@story
async def test_page_and_sentences_are_served_and_never_kept() -> None:
    shop = Served()
    async with shop.served() as session:
        for path, kind in (
            ("/", "text/html"),
            ("/page/main.js", "text/javascript"),
            ("/page/style.css", "text/css"),
            ("/languages/fr.json", "application/json"),
            ("/screen", "application/json"),
        ):
            async with session.get(shop.origin + path) as answer:
                assert answer.status == 200 and answer.content_type == kind, path
                headers = answer.headers
                assert headers["Cache-Control"] == "no-store"
                assert headers["X-Content-Type-Options"] == "nosniff"
                assert headers["Referrer-Policy"] == "no-referrer"
                policy = headers["Content-Security-Policy"]
                assert policy.startswith("default-src 'self'")
                assert "frame-ancestors 'none'" in policy and "unsafe" not in policy
                assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
                assert "camera=()" in headers["Permissions-Policy"]
                assert "aiohttp" not in headers["Server"]


@pytest.mark.parametrize(
    "path",
    [
        "/page/../config.py",
        "/page/%2e%2e/config.py",
        "/page/..%2f..%2fconfig.py",
        "/page//etc/passwd",
        "/page/languages",
        "/languages/..%2fmain.json",
        "/languages/de.json",
        "/languages/en.json.bak",
        "/config",
        "/page/",
    ],
)
def test_there_is_nothing_else(path: str) -> None:
    @story
    async def asked() -> None:
        shop = Served()
        async with shop.served():
            said = await raw(
                shop, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}"
            )
            assert said.startswith("HTTP/1.1 404")
            assert "Content-Security-Policy" in said

    asked()


async def raw(shop: Served, head: str, body: str = "") -> str:
    """Send a request as it is, to the end of its answer."""
    reading, writing = await asyncio.open_connection("127.0.0.1", shop.port)
    writing.write(f"{head}\r\n\r\n{body}".encode())
    await writing.drain()
    try:
        async with asyncio.timeout(5):
            return (await reading.read()).decode(errors="replace")
    finally:
        writing.close()


UPGRADE = (
    "GET /socket HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        ("GET / HTTP/1.1\r\nHost: evil.example", 403),
        ("GET / HTTP/1.1\r\nHost: evil.example:PORT", 403),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1", 403),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1:1", 403),
        ("GET / HTTP/1.1\r\nHost: [::1]:PORT", 403),
        ("GET / HTTP/1.1\r\nX: y", 400),
        ("GET / HTTP/1.1\r\nHost: OURS\r\nOrigin: " + HOSTILE, 403),
        ("GET / HTTP/1.1\r\nHost: OURS\r\nOrigin: null", 403),
        ("GET / HTTP/1.1\r\nHost: OURS\r\nSec-Fetch-Site: cross-site", 403),
        ("GET / HTTP/1.1\r\nHost: OURS\r\nSec-Fetch-Site: same-site", 403),
        (UPGRADE + "Host: evil.example\r\nOrigin: http://evil.example", 403),
        (UPGRADE + "Host: OURS\r\nOrigin: " + HOSTILE, 403),
        (UPGRADE + "Host: OURS\r\nOrigin: https://127.0.0.1:PORT", 403),
        (UPGRADE + "Host: OURS\r\nOrigin: http://127.0.0.1", 403),
        (UPGRADE + "Host: OURS", 403),  # who does not say from where is no browser
        ("GET /socket HTTP/1.1\r\nHost: OURS\r\nOrigin: http://OURS", 400),
        ("POST / HTTP/1.1\r\nHost: OURS\r\nContent-Length: 0", 405),
        ("PUT /socket HTTP/1.1\r\nHost: OURS\r\nContent-Length: 0", 405),
        ("HEAD / HTTP/1.1\r\nHost: OURS", 405),
        ("OPTIONS / HTTP/1.1\r\nHost: OURS\r\nOrigin: " + HOSTILE, 405),
        ("CONNECT evil.example:80 HTTP/1.1\r\nHost: OURS", 405),
        ("GET / HTTP/1.1\r\nHost: OURS\r\nContent-Length: 5", 400),
        ("GET / HTTP/9.9\r\nHost: OURS", 400),
        ("nonsense", 400),
    ],
)
def test_who_is_not_the_own_page_is_refused(head: str, status: int) -> None:
    @story
    async def asked() -> None:
        shop = Served()
        async with shop.served():
            own = head.replace("OURS", "127.0.0.1:PORT").replace("PORT", str(shop.port))
            said = await raw(shop, own, "12345" if "Length: 5" in head else "")
            assert said.startswith((f"HTTP/1.1 {status} ", f"HTTP/1.0 {status} ")), said
            assert "Access-Control" not in said and "Traceback" not in said
            assert not shop.server.connected
            assert str(shop.scene.serial) not in said

    asked()


@story
async def test_it_listens_on_loopback_alone() -> None:
    shop = Served()
    async with shop.served():
        hexport = f"{shop.port:04X}"
        lines = []
        for table in ("/proc/net/tcp", "/proc/net/tcp6"):
            with open(table, encoding="ascii") as file:  # noqa: PTH123, ASYNC230
                lines += [line.split() for line in file.readlines()[1:]]
        local = [one[1] for one in lines if one[1].endswith(f":{hexport}")]
        assert set(local) == {f"0100007F:{hexport}"}


def test_a_port_that_is_taken_is_one_clear_line() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"screen.port {port}: another program"):
            refuse_taken(port)
        shop = FrontShop()
        with pytest.raises(ConfigError):
            PageServer(
                shop.stage,
                files=page_files.load(),
                catalogues=sentences.load(LANGUAGES),
                port=port,
            )


# --- one screen ---------------------------------------------------------------------
@story
async def test_a_visit_is_made_by_taps_on_the_page() -> None:
    shop = Served()
    async with shop.served() as session, shop.page(session) as page:
        await to_look(shop, page)
        end = await page.until("verdict_accepted")
        assert end["step"] == "verdict"
        assert [one["language"] for one in page.shown][-1] == "fr"
        assert page.shown[0]["languages"] == list(LANGUAGES)
        await page.tap("done")
        await page.until("idle_card")
        assert page.shown[-1]["language"] == "en"
        numbers = [one["number"] for one in page.shown]
        assert numbers == sorted(set(numbers))
    (conclusion,) = shop.conclusions
    assert conclusion.verdict is Verdict.ACCEPTED
    assert shop.server.times.painted.count >= 5


@story
async def test_a_page_that_is_loaded_anew_has_the_whole_scene_at_once() -> None:
    shop = Served()
    shop.camera.acts = False
    shop.camera.every_s = 0.005
    async with shop.served() as session:
        async with shop.page(session) as page:
            await to_look(shop, page)
            before = await page.until("ask_blink", "ask_turn_left", "ask_turn_right")
        assert not shop.terminal.idle  # the visit goes on without a screen
        await until(lambda: not shop.server.connected)
        async with shop.page(session) as page:
            await until(lambda: bool(page.shown))
            now = dict(page.shown[0]["scene"])
            assert now.pop("left_s") > 0
            assert now == {k: v for k, v in before.items() if k != "left_s"}
            assert page.shown[0]["language"] == "fr"
            await page.tap("attendant")
            await page.until("verdict_referred")
    assert shop.conclusions[0].reasons == (Reason.ATTENDANT_ASKED,)


@story
async def test_a_page_hears_of_the_daemon_also_when_nothing_changes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(page_line, "BEAT_S", 0.05)
    shop = Served()
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        await until(lambda: page.beats > 2)
        assert page.scene["say"] == "idle_card"


def test_other_files_or_sentences_are_another_edition() -> None:
    def edition(files: Mapping[str, File], language: str) -> str:
        return page_server.edition_of(files, sentences.load([language]))

    files = page_files.load()
    assert edition(files, "en") == edition(page_files.load(), "en") != ""
    assert edition(files, "en") != edition(files, "fr")
    changed = File("text/html", files["index.html"].data + b" ")
    assert edition({**files, "index.html": changed}, "en") != edition(files, "en")


@story
async def test_the_newest_page_is_the_screen_and_the_former_is_told_so() -> None:
    shop = Served()
    async with shop.served() as session, shop.page(session) as first:
        await first.until("idle_card")
        async with shop.page(session) as second:
            await second.until("idle_card")
            assert await first.closed() == ELSEWHERE
            assert shop.server.connected
            await second.tap("begin", purpose="new_number", language="en")
            await second.until("consent_card")
            assert len(first.shown) == 1


@story
async def test_a_card_agrees_to_the_text_that_a_page_has_painted() -> None:
    shop = Served()
    agreed = functools.partial(shop.stage.consent, CARD_LAID)
    async with shop.served() as session:
        assert agreed() is None  # nobody shows anything
        async with shop.page(session) as page:
            await until(lambda: agreed() is not None)
            page.paints = False
            await page.say("language", language="fr")
            await until(lambda: page.shown[-1]["language"] == "fr")
            assert agreed() is None  # the one is going, the other has not come
            await page.paint()
            await until(lambda: said(agreed()) == "fr")
            async with shop.page(session) as blank:
                blank.paints = False
                await until(lambda: agreed() is None)
                await blank.until("idle_card")
                await blank.paint()
                await until(lambda: said(agreed()) == "fr")
        await until(lambda: agreed() is None)


def said(consent: Consent | None) -> str:
    return consent.language if consent else ""


@story
async def test_a_card_that_was_read_before_its_consent_waits_for_no_card() -> None:
    shop = FrontShop(by_card=False)
    async with shop.open():
        begin = words.Begin(serial=shop.scene.serial, purpose=Purpose.NEW_NUMBER)
        assert await shop.hear(begin)
        shop.stage.show("hold_still")  # as the reception says it
        shop.lay()
        scene = await shop.until("consent")
        assert await shop.hear(words.Agree(serial=scene.serial))
        await shop.until("verdict_accepted")


@story
async def test_taps_of_a_former_page_count_no_more() -> None:
    shop = Served()
    async with shop.served() as session, shop.page(session) as second:
        await second.until("idle_card")
        deaf = await silent_page(shop)  # takes over, and never reads the closing
        try:
            await until(lambda: second.socket.closed)
            async with shop.page(session) as third:
                await third.until("idle_card")
                serial = third.scene["serial"]
                word = {"do": "begin", "serial": serial, "purpose": "new_number"}
                deaf.write(masked(json.dumps(word).encode()))
                await deaf.drain()
                await asyncio.sleep(0.1)
                assert shop.terminal.idle and third.scene["say"] == "idle_card"
        finally:
            deaf.close()


async def silent_page(shop: Served) -> asyncio.StreamWriter:
    """A WebSocket by hand, which answers to nothing."""
    own = f"Host: 127.0.0.1:{shop.port}\r\nOrigin: {shop.origin}\r\n\r\n"
    reading, writing = await asyncio.open_connection("127.0.0.1", shop.port)
    writing.write((UPGRADE + own).encode())
    assert b"101" in await reading.readline()
    return writing


def masked(data: bytes, kind: int = 0x81) -> bytes:
    """One frame of a client (RFC 6455, 5.2), with a mask of zeros."""
    size = (
        bytes([0x80 | len(data)])
        if len(data) < 126
        else bytes([0x80 | 126]) + len(data).to_bytes(2, "big")
    )
    return bytes([kind]) + size + bytes(4) + data


@story
async def test_a_screen_that_is_lost_in_a_visit_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    shop = Served()
    shop.camera.acts = False
    shop.camera.every_s = 0.005
    async with shop.served() as session:
        async with shop.page(session) as page:
            await to_look(shop, page)
            assert shop.server.counts()["screen"] == "page"
        await until(lambda: "event=screen_lost in_visit=1" in caplog.text)
        assert shop.server.counts()["screen"] == "none"
        async with session.get(f"{shop.origin}/screen") as answer:
            assert (await answer.json())["screen"] == "none"
    (lost,) = [one for one in caplog.records if "screen_lost" in one.getMessage()]
    assert lost.levelno == logging.WARNING


# --- the picture --------------------------------------------------------------------
@story
async def test_frames_are_shown_while_the_camera_looks_and_not_after() -> None:
    shop = Served()
    shop.camera.acts = False
    shop.camera.every_s = 0.002
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        assert not page.frames
        await to_look(shop, page)
        await until(lambda: len(page.frames) >= 10)
        numbers = [number for number, _ in page.frames]
        assert numbers == sorted(set(numbers))
        assert all(jpeg.startswith(b"\xff\xd8") for _, jpeg in page.frames)
        assert shop.server.times.drawn.count >= 8
        await page.tap("attendant")
        await page.until("verdict_referred")
        shown = len(page.frames)
        await asyncio.sleep(0.1)
        assert len(page.frames) <= shown + 1  # one may have been on its way
        assert shop.preview._newest is None


@story
async def test_a_page_that_does_not_draw_is_sent_no_more_than_two() -> None:
    shop = Served()
    shop.camera.acts = False
    shop.camera.every_s = 0.002
    async with shop.served() as session, shop.page(session) as page:
        page.draws = False
        await to_look(shop, page)
        before = shop.clock.seconds
        await until(lambda: shop.clock.seconds > before + 0.8)
        assert 1 <= len(page.frames) <= 2
        page.draws = True
        await until(lambda: len(page.frames) >= 5)  # it is tried again after a second


# --- what is not to be believed -----------------------------------------------------
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("nonsense", 1008),
        ("[]", 1008),
        ('{"do": "format_disk"}', 1008),
        ('{"do": "begin", "serial": -1, "purpose": "new_number"}', 1008),
        ('{"do": "begin", "serial": 1, "purpose": "a_yacht"}', 1008),
        ('{"do": "key", "serial": 1, "line": "' + "9" * 200 + '"}', 1008),
        ('{"do": "not_mine", "serial": 1, "places": [' + "1," * 99 + "1]}", 1008),
        ("[" * 2000, 1008),
        ('{"do": "drawn", "frame": ' + "1" * 5000 + "}", 1009),
    ],
)
def test_a_page_that_speaks_nonsense_is_left(said: str, code: int) -> None:
    @story
    async def spoken() -> None:
        shop = Served()
        async with shop.served() as session, shop.page(session) as page:
            await page.until("idle_card")
            await page.socket.send_str(said)
            assert await page.closed() == code
            await until(lambda: not shop.server.connected)
            assert shop.terminal.idle

    spoken()


@story
async def test_bytes_are_no_words() -> None:
    shop = Served()
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        await page.socket.send_bytes(b"\0" * 100)
        assert await page.closed() == 1003


@story
async def test_a_flood_of_words_ends_the_line_and_one_tap_of_it_counts() -> None:
    shop = Served()
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        serial = page.scene["serial"]
        word = {"do": "begin", "serial": serial, "purpose": "new_number"}
        for _ in range(2000):
            if page.socket.closed:
                break
            await page.socket.send_str(json.dumps(word))
        assert await page.closed() == 1008
        await until(lambda: shop.scene.say == "consent_card")
        assert shop.scene.visit == 1


class Flood:
    """Programs on this machine that ask as fast as they can, over and over."""

    def __init__(self, shop: Served, request: bytes, *, most: int = 40) -> None:
        self._port = shop.port
        self._request = request
        self._most = most
        self.sent = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(self._most):
                group.create_task(self._one())

    async def _one(self) -> None:
        while True:
            try:
                reading, writing = await asyncio.open_connection(
                    "127.0.0.1", self._port
                )
                writing.write(self._request * 100)
                self.sent += 100
                await writing.drain()
                await asyncio.wait_for(reading.read(100), 0.2)
                writing.close()
            except (OSError, TimeoutError):
                await asyncio.sleep(0)


@pytest.mark.parametrize("path", ["/", "/socket", "/nowhere"])
def test_a_visit_goes_on_under_a_flood(path: str) -> None:
    @story
    async def flooded() -> None:
        shop = Served()
        async with shop.served() as session, shop.page(session) as page:
            await page.until("idle_card")
            own = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}\r\n\r\n"
            flood = Flood(shop, own.encode())
            flooding = asyncio.create_task(flood.run())
            try:
                await until(lambda: flood.sent >= 20_000)
                await to_look(shop, page)
                await page.until("verdict_accepted")
            finally:
                flooding.cancel()
                await asyncio.wait([flooding])
            # Nearly all of it was never taken in.
            assert shop.server.refused < flood.sent / 10

    flooded()


@story
async def test_connections_that_say_nothing_do_not_shut_the_page_out() -> None:
    shop = Served()
    async with shop.served() as session:
        idle = [
            await asyncio.open_connection("127.0.0.1", shop.port) for _ in range(50)
        ]
        async with shop.page(session) as page:
            await page.until("idle_card")
        for _, writing in idle:
            writing.close()


# --- nothing stays ------------------------------------------------------------------
@story
async def test_nothing_of_a_visit_is_sent_to_the_next_page() -> None:
    shop = Served(numbers_shown_s=30.0)
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        await page.tap("begin", purpose=Purpose.CHECK_NUMBERS, language="en")
        await page.until("consent_card")
        await page.tap("agree", language="en")
        await page.until("lay_card")
        shop.lay()
        await page.until("asking_carrier")
        await shop.settle()
        shop.carrier.answer(NUMBERS)
        shown = await page.until("answer")
        assert shown["numbers"][0]["number"] == NUMBERS[0].number
        await page.tap("done")
        await page.until("idle_card")
        async with shop.page(session) as later:
            await until(lambda: bool(later.shown))
            assert NUMBERS[0].number not in json.dumps(later.shown)
            assert later.scene["visit"] == 0 and not later.frames


@story
async def test_a_log_of_a_visit_knows_nothing_of_its_visitor(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, "likeness")
    shop = Served(typed=True)
    async with shop.served() as session, shop.page(session) as page:
        await page.until("idle_card")
        shop.stage.show("access_key")
        await page.until("access_key")
        await page.tap("key", line="L898902C36UTO7408122F1204159")
        await until(lambda: bool(shop.keys))
        await page.say("key", line="L898902C36", serial="nonsense")
        assert await page.closed() == 1008
    assert "L898902C36" not in caplog.text
