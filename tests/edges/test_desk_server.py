"""The desk over HTTP: a real server, a real terminal, and clients that mean no good."""

import asyncio
import json
import socket
import ssl
import warnings
from pathlib import Path
from typing import Any

import aiohttp
import pytest

import desks
from desks import TOKEN
from likeness.core import jws, messages
from likeness.core.desk_words import OpenVisit
from likeness.core.vocabulary import Purpose
from likeness.edges import desk_openapi
from likeness.edges.desk_guard import Place
from likeness.edges.desk_problems import PROBLEMS
from likeness.edges.desk_routes import ROUTES

OPEN = {"transaction": "T-1", "purpose": "new_number"}


async def said(
    session: aiohttp.ClientSession, method: str, url: str, **more: Any
) -> tuple[int, Any]:
    """Return status and JSON of an answer."""
    async with session.request(method, url, **more) as answer:
        text = await answer.text()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(text) if is_json else text


def code(problem: Any) -> str:
    """Return which problem it is; each says what to do."""
    assert problem["title"] and problem["detail"]
    return str(problem["type"]).rpartition(":")[2]


# --- visits -------------------------------------------------------------------------
def test_a_visit_is_opened_once_watched_cancelled_and_its_result_fetched(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            status, opened = await said(
                clerk, "POST", shop.url("/v1/visits"), json=OPEN
            )
            assert (status, opened["next_step"]) == (201, "wait")
            status, again = await said(clerk, "POST", shop.url("/v1/visits"), json=OPEN)
            assert (status, again["begun_at"]) == (200, opened["begun_at"])
            status, other = await said(
                clerk, "POST", shop.url("/v1/visits"), json={**OPEN, "transaction": "2"}
            )
            assert (status, code(other)) == (409, "busy")
            status, _ = await said(clerk, "GET", shop.url("/v1/visits/T-1/result"))
            assert status == 409
            status, ended = await said(clerk, "POST", shop.url("/v1/visits/T-1/cancel"))
            assert (status, ended["reasons"]) == (200, ["cancelled"])
            async with clerk.get(shop.url("/v1/visits/T-1/result")) as answer:
                assert answer.content_type == "application/jose"
                token = await answer.text()
            claims = messages.from_json(
                jws.parse(token, types=(messages.RESULT,)).payload, messages.Result
            )
            assert (claims.transaction, claims.seq) == ("T-1", ended["result"]["seq"])
            status, listed = await said(clerk, "GET", shop.url("/v1/visits"))
            assert [one["transaction"] for one in listed["visits"]] == ["T-1"]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{", 400),
        (b'{"transaction":"T","transaction":"U","purpose":"new_number"}', 400),
        (b'{"transaction":"T","purpose":"new_number","more":1}', 400),
        (b'{"transaction":"T","purpose":"a gift"}', 400),
        (b'{"transaction":"..","purpose":"new_number"}', 400),
        (b'{"transaction":"T\\n","purpose":"new_number"}', 400),
        ('{"transaction":"张","purpose":"new_number"}'.encode(), 400),
        (b'{"transaction":"' + b"T" * 65 + b'","purpose":"new_number"}', 400),
        (b"\xff\xfe", 400),
        (b"[" * 3000, 400),
        (b" " * 5000, 413),
    ],
)
def test_what_does_not_fit_is_told_and_never_given_back(
    tmp_path: Path, body: bytes, expected: int
) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            status, problem = await said(
                clerk,
                "POST",
                shop.url("/v1/visits"),
                data=body,
                headers={"Content-Type": "application/json"},
            )
            assert status == expected and problem["detail"]
            assert "张" not in json.dumps(problem, ensure_ascii=False)
            assert shop.terminal.idle

    asyncio.run(run())


def test_a_body_that_is_no_json_is_not_read(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            status, problem = await said(
                clerk, "POST", shop.url("/v1/visits"), data={"transaction": "T"}
            )
            assert (status, code(problem)) == (415, "not_json")

    asyncio.run(run())


# --- who may ask --------------------------------------------------------------------
@pytest.mark.parametrize("path", [one.path for one in ROUTES if not one.is_open])
def test_without_a_token_nothing_is_told(tmp_path: Path, path: str) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop, token="") as nobody:
            where = shop.url(path.format(transaction="T-1", call=1))
            for method in ("GET", "POST", "DELETE", "PUT"):
                status, problem = await said(nobody, method, where)
                assert (status, code(problem)) == (401, "no_token")
            async with nobody.get(where) as answer:
                assert answer.headers["WWW-Authenticate"].startswith("Bearer")

    asyncio.run(run())


def test_a_wrong_token_waits_longer_each_time_and_the_right_one_never(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def waits() -> list[str]:
        said = [one.getMessage() for one in caplog.records]
        wrong = [line for line in said if "event=desk_wrong_token" in line]
        return [line.rpartition("wait_s=")[2] for line in wrong]

    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop, token="") as thief:
            answered: list[str] = []

            async def guess(name: str) -> None:
                wrong = {"Authorization": f"Bearer {'x' * 40}{name}"}
                status, problem = await said(
                    thief, "GET", shop.url("/v1/visits"), headers=wrong
                )
                assert (status, code(problem)) == (401, "wrong_token")
                answered.append(name)

            guesses: list[asyncio.Task[None]] = []
            for number in range(1, 6):
                guesses.append(asyncio.create_task(guess(f"guess {number}")))
                await desks.until(lambda: len(waits()) == len(guesses))
            assert waits() == ["0.25", "0.50", "1.00", "2.00", "4.00"]
            right = {"Authorization": f"Bearer {TOKEN}"}
            for _ in range(3):
                status, _ = await said(
                    thief, "GET", shop.url("/v1/visits"), headers=right
                )
                assert status == 200
            assert "guess 5" not in answered, "it is told to wait 4 s"
            # The right one has ended the growing: a new guess overtakes the last one.
            await guess("guess 6")
            assert "guess 5" not in answered
            for one in guesses:
                one.cancel()
            await asyncio.wait(guesses)

    asyncio.run(run())


def test_a_replaced_token_is_worth_nothing_nor_is_a_session_begun_with_it(
    tmp_path: Path,
) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        new = "another-token-that-is-long-enough-too"
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, as browsers do
        async with (
            desks.running(shop),
            desks.client(shop) as stolen,
            desks.client(shop, token="", cookie_jar=jar) as page,
        ):
            login = {"Authorization": f"Bearer {TOKEN}"}
            status, _ = await said(page, "POST", shop.url("/v1/session"), headers=login)
            assert status == 204
            assert (await said(page, "GET", shop.url("/v1/visits")))[0] == 200
            assert (await said(stolen, "GET", shop.url("/v1/visits")))[0] == 200
            stream = await page.get(shop.url("/v1/events"))
            shop.token_file.write_text(new + "\n")
            shop.clock.ahead_s += 1.1
            assert (await said(stolen, "GET", shop.url("/v1/visits")))[0] == 401
            assert (await said(page, "GET", shop.url("/v1/visits")))[0] == 401
            async with asyncio.timeout(10):
                await stream.read()  # it has been ended
            async with desks.client(shop, token=new) as clerk:
                assert (await said(clerk, "GET", shop.url("/v1/visits")))[0] == 200
            shop.token_file.unlink()
            shop.clock.ahead_s += 1.1
            async with desks.client(shop, token=new) as clerk:
                assert (await said(clerk, "GET", shop.url("/v1/visits")))[0] == 401

    asyncio.run(run())


def test_a_session_is_the_browsers_own_and_ends(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        jar = aiohttp.CookieJar(unsafe=True)
        ours = {"Origin": f"http://127.0.0.1:{shop.port}"}
        async with (
            desks.running(shop),
            desks.client(shop, token="", cookie_jar=jar) as page,
        ):
            login = {"Authorization": f"Bearer {TOKEN}"}
            async with page.post(shop.url("/v1/session"), headers=login) as answer:
                cookie = answer.headers["Set-Cookie"]
                assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
            assert TOKEN not in cookie
            status, _ = await said(
                page, "POST", shop.url("/v1/visits"), json=OPEN, headers=ours
            )
            assert status == 201
            # Without an Origin no browser has sent it: the cookie alone is nothing.
            cancel = shop.url("/v1/visits/T-1/cancel")
            assert (await said(page, "POST", cancel))[0] == 401
            # Nor does it make itself a longer life.
            again = await said(page, "POST", shop.url("/v1/session"), headers=ours)
            assert again[0] == 401
            assert (await said(page, "DELETE", shop.url("/v1/session"), headers=ours))[
                0
            ] == 204
            await said(page, "POST", shop.url("/v1/session"), headers=login)
            shop.clock.ahead_s += 12 * 3600 + 1
            assert (await said(page, "GET", shop.url("/v1/visits")))[0] == 401

    asyncio.run(run())


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Host": "shop.example"}, "wrong_host"),
        ({"Host": "127.0.0.1"}, "wrong_host"),
        ({"Host": "127.0.0.1:1"}, "wrong_host"),
        ({"Origin": "http://shop.example"}, "other_origin"),
        ({"Origin": "null"}, "other_origin"),
        ({"Origin": "https://127.0.0.1:{port}"}, "other_origin"),
        ({"Sec-Fetch-Site": "cross-site"}, "other_origin"),
        ({"Sec-Fetch-Site": "same-site"}, "other_origin"),
    ],
)
def test_other_hosts_and_origins_are_refused_also_with_the_token(
    tmp_path: Path, headers: dict[str, str], expected: str
) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        given = {name: text.format(port=shop.port) for name, text in headers.items()}
        async with desks.running(shop), desks.client(shop) as clerk:
            status, problem = await said(
                clerk, "POST", shop.url("/v1/visits"), json=OPEN, headers=given
            )
            assert code(problem) == expected and status in (403, 421)
            assert shop.terminal.idle

    asyncio.run(run())


def test_a_place_knows_its_names() -> None:
    alone = Place.of("127.0.0.1", 8481, (), is_tls=False)
    assert alone.hosts == {"127.0.0.1:8481", "localhost:8481"}
    shop = Place.of("10.0.0.7", 443, ("Desk.shop.example",), is_tls=True)
    assert shop.hosts == {
        "10.0.0.7:443",
        "10.0.0.7",
        "desk.shop.example:443",
        "desk.shop.example",
    }
    assert "https://desk.shop.example" in shop.origins
    assert Place.of("::1", 8481, (), is_tls=False).hosts == {
        "[::1]:8481",
        "localhost:8481",
    }


def test_an_attendants_own_token_decides_in_no_other_name(tmp_path: Path) -> None:
    async def run() -> None:
        tokens = {"": "p" * 40, "a-1": "q" * 40, "a-2": "r" * 40}
        lines = [f"{name} {token}".strip() for name, token in tokens.items()]
        shop = desks.shop(tmp_path, two_persons=True, tokens="\n".join(lines))
        async with desks.running(shop):
            shop.desk.open(OpenVisit(transaction="T-1", purpose=Purpose.NEW_NUMBER))
            await desks.until(lambda: shop.terminal.glance.visit > 0)
            desks.ask_attendant(shop.terminal)
            await desks.until(lambda: shop.terminal.idle)
            answers = []
            for holder, attendant in (
                ("", "a-1"),
                ("a-1", "a-2"),
                ("a-1", "a-1"),
                ("a-2", "a-1"),
                ("a-2", "a-2"),
            ):
                async with desks.client(shop, token=tokens[holder]) as one:
                    status, _ = await said(
                        one,
                        "POST",
                        shop.url("/v1/visits/T-1/decision"),
                        json={
                            "decision": "accept",
                            "reason": "other",
                            "attendant": attendant,
                        },
                    )
                answers.append(status)
            assert answers == [403, 403, 200, 403, 200]
            (stated,) = shop.statements.stated
            assert stated["attendants"] == ("a-1", "a-2")

    asyncio.run(run())


# --- answers ------------------------------------------------------------------------
def test_every_answer_is_kept_by_nobody_and_loads_nothing(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            for path in ("/", "/v1/visits", "/nowhere", "/v1/openapi.json"):
                async with clerk.get(shop.url(path)) as answer:
                    assert answer.headers["Cache-Control"] == "no-store"
                    policy = answer.headers["Content-Security-Policy"]
                    assert "default-src 'none'" in policy and "unsafe" not in policy
                    assert "Server" not in answer.headers

    asyncio.run(run())


def test_events_tell_all_there_is_and_then_what_changes(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            stream = await clerk.get(shop.url("/v1/events"))

            async def event() -> Any:
                while True:
                    line = await stream.content.readline()
                    assert line, "the stream has ended"
                    if line.startswith(b"data: ") and line != b"data: {}\n":
                        return json.loads(line[6:])

            async with asyncio.timeout(10):
                first = await event()
                assert (first["visits"], first["calls"]) == ([], [])
                await said(clerk, "POST", shop.url("/v1/visits"), json=OPEN)
                seen: list[str] = []
                while "ended" not in seen:
                    seen += [one["state"] for one in (await event())["visits"]]
                    if "consent" in seen:
                        await said(clerk, "POST", shop.url("/v1/visits/T-1/cancel"))
                shop.desk.called()
                while not (told := await event())["calls"]:
                    pass
            assert told["calls"][0]["transaction"] == ""
            call = told["calls"][0]["id"]
            status, left = await said(
                clerk, "POST", shop.url(f"/v1/calls/{call}/answer")
            )
            assert (status, left["calls"], shop.answered) == (200, [], [1])
            status, problem = await said(
                clerk, "POST", shop.url(f"/v1/calls/{call}/answer")
            )
            assert (status, code(problem)) == (404, "unknown_call")

    asyncio.run(run())


def test_streams_are_bounded(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            streams = [await clerk.get(shop.url("/v1/events")) for _ in range(17)]
            assert [one.status for one in streams] == [200] * 16 + [429]

    asyncio.run(run())


def test_the_document_has_each_route_and_each_problem_is_described(
    tmp_path: Path,
) -> None:
    shop = desks.shop(tmp_path)
    app = shop.server._application()
    served = {
        (route.method, route.resource.canonical)
        for route in app.router.routes()
        if route.resource is not None and route.resource.canonical.startswith("/v1/")
    }
    document = desk_openapi.document()
    written = {
        (method.upper(), path)
        for path, operations in document["paths"].items()
        for method in operations
    }
    assert written == served and len(written) == len(ROUTES)
    for route in ROUTES:
        answers = document["paths"][route.path][route.method.lower()]["responses"]
        assert {str(status) for status, _ in route.answers} < set(answers)
    assert {status for status, _, _ in PROBLEMS.values()} <= {
        int(status)
        for operations in document["paths"].values()
        for operation in operations.values()
        for status in operation["responses"]
    } | {405, 500}


# --- TLS ----------------------------------------------------------------------------
def test_over_tls_1_2_is_the_least(tmp_path: Path) -> None:
    async def run() -> None:
        tls, ca = desks.certificate(tmp_path)
        shop = desks.shop(tmp_path, tls=tls)
        trusting = ssl.create_default_context(cafile=ca)
        async with desks.running(shop), desks.client(shop) as clerk:
            status, _ = await said(clerk, "GET", shop.url("/v1/visits"), ssl=trusting)
            assert status == 200
            async with clerk.post(shop.url("/v1/session"), ssl=trusting) as answer:
                cookie = answer.headers["Set-Cookie"]
            assert cookie.startswith("__Host-likeness-desk=") and "Secure" in cookie
            plain = shop.url("/v1/visits").replace("https", "http")
            with pytest.raises(aiohttp.ClientError):
                await said(clerk, "GET", plain)
            old = ssl.create_default_context(cafile=ca)
            with warnings.catch_warnings(action="ignore"):  # old, which is the point
                old.minimum_version = ssl.TLSVersion.TLSv1
                old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")  # it would, if it were let
            with pytest.raises(aiohttp.ClientError):
                await said(clerk, "GET", shop.url("/v1/visits"), ssl=old)
            # Of those that never speak, none keeps the next one out.
            taken = shop.server.door.taken
            mute = [
                await asyncio.open_connection("127.0.0.1", shop.port) for _ in range(20)
            ]
            status, _ = await said(clerk, "GET", shop.url("/v1/visits"), ssl=trusting)
            assert status == 200
            await desks.until(lambda: shop.server.door.taken >= taken + 20)
            assert len(shop.server.door._opening) <= 8
            for _, writer in mute:
                writer.close()

    asyncio.run(run())


# --- crowds -------------------------------------------------------------------------
def test_a_crowd_neither_stops_a_visit_nor_keeps_the_clerk_out(tmp_path: Path) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            status, _ = await said(clerk, "POST", shop.url("/v1/visits"), json=OPEN)
            assert status == 201
            stop = asyncio.Event()
            crowd = [
                asyncio.create_task(_shout(shop.port, stop, idle=n % 4 == 0))
                for n in range(200)
            ]
            await asyncio.sleep(0.5)
            for _ in range(5):
                assert (await said(clerk, "GET", shop.url("/v1/visits/T-1")))[0] == 200
            status, ended = await said(clerk, "POST", shop.url("/v1/visits/T-1/cancel"))
            assert (status, ended["verdict"]) == (200, "refused")
            async with desks.client(shop) as late:
                assert (await said(late, "GET", shop.url("/v1/visits")))[0] == 200
            stop.set()
            await asyncio.gather(*crowd)
            assert len(shop.server.door._inside) <= 32

    asyncio.run(run())


async def _shout(port: int, stop: asyncio.Event, *, idle: bool) -> None:
    """Connect over and over; ask as often as one can, or hold the line and be mute."""
    asked = b"GET /v1/visits HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port
    while not stop.is_set():
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            if not idle:
                writer.write(asked * 50)
            await asyncio.wait_for(reader.read(), 0.5)
            writer.close()
        except (OSError, TimeoutError):
            await asyncio.sleep(0.05)


def test_what_is_no_http_is_answered_or_hung_up_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def run() -> None:
        shop = desks.shop(tmp_path)
        async with desks.running(shop), desks.client(shop) as clerk:
            ours = (
                f"POST /v1/visits HTTP/1.1\r\nHost: 127.0.0.1:{shop.port}\r\n"
                f"Authorization: Bearer {TOKEN}\r\nConnection: close\r\n"
                "Content-Type: application/json\r\n"
            ).encode()
            for noise in (
                b"\x16\x03\x01\x02\x00\x01\x00",
                b"GET / HTTP/9.9\r\n\r\n",
                b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n",
                b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 500 + b"\r\n",
                b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
                b"POST /v1/visits HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
                b"POST /v1/visits HTTP/1.1\r\nContent-Length: 5\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n",
                b"\r\n\r\n\x00\x00",
                ours + b"Content-Encoding: gzip\r\nContent-Length: 5\r\n\r\nnot z",
                ours + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
            ):
                reader, writer = await asyncio.open_connection("127.0.0.1", shop.port)
                writer.write(noise)
                writer.write_eof()
                async with asyncio.timeout(10):
                    answer = await reader.read()
                assert b" 5" not in answer.split(b"\r\n")[0], noise
                writer.close()
            assert (await said(clerk, "GET", shop.url("/v1/visits")))[0] == 200

    asyncio.run(run())
    # Strangers do not write our journal.
    assert [one.message for one in caplog.records if one.exc_info] == []


def test_a_port_that_is_taken_is_tried_again_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("likeness.edges.http_door.RETRY_S", 0.05)

    async def run() -> None:
        shop = desks.shop(tmp_path)
        other = socket.create_server(("127.0.0.1", shop.port))
        waiting = asyncio.get_running_loop().call_later(0.2, other.close)
        async with desks.running(shop), desks.client(shop) as clerk:
            assert (await said(clerk, "GET", shop.url("/v1/visits")))[0] == 200
        waiting.cancel()

    asyncio.run(run())
