"""Whom the carrier's servers let in, and what they say to all others."""

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from broker import free_port
from desks import certificate
from likeness.carrier.settings import Web
from likeness.carrier.web.problems import MOST_BODY_BYTES
from likeness.carrier.web.web import HOLDER, serve_web
from likeness.edges import desk_token
from likeness.errors import ConfigError, StoreBroken
from stories import story

SECRET = "what-was-asked"  # noqa: S105 - no password


async def _echo(request: web.Request) -> web.Response:
    body = await request.read()
    return web.Response(text=f"{HOLDER.get()}:{len(body)}")


async def _fails(request: web.Request) -> web.Response:
    raise ValueError(SECRET)


async def _broken(request: web.Request) -> web.Response:
    raise StoreBroken("the disk is full")


async def _page(request: web.Request) -> web.Response:
    policy = {"Content-Security-Policy": "default-src 'self'"}
    return web.Response(text="a page", headers=policy)


def _app() -> web.Application:
    app = web.Application()
    app.router.add_get("/open", _echo)
    app.router.add_route("*", "/echo", _echo)
    app.router.add_get("/fails", _fails)
    app.router.add_get("/broken", _broken)
    app.router.add_get("/page", _page)
    return app


class Served:
    """One server, and a client that is sent there."""

    def __init__(self, base: str, client: aiohttp.ClientSession) -> None:
        self.base = base
        self._client = client

    async def ask(self, path: str, method: str = "GET", **how: Any) -> tuple[int, str]:
        async with self._client.request(method, self.base + path, **how) as answer:
            self.headers = answer.headers
            return answer.status, await answer.text()

    async def status(self, path: str, method: str = "GET", **how: Any) -> int:
        return (await self.ask(path, method, **how))[0]


@contextlib.asynccontextmanager
async def served(**place: Any) -> AsyncIterator[Served]:
    port, up = free_port(), asyncio.Event()
    where = Web(port=port, **place)
    serving = asyncio.ensure_future(
        serve_web(_app(), where, names="api", open_paths=("/open",), told=up.set)
    )
    opened = asyncio.ensure_future(up.wait())
    await asyncio.wait([serving, opened], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        serving.result()
    scheme = "https" if where.cert_file else "http"
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=False)
    ) as client:
        yield Served(f"{scheme}://127.0.0.1:{port}", client)
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving


def _token_file(folder: Path, holder: str = "") -> tuple[str, str]:
    path = folder / "token"
    desk_token.put_new(path, holder)
    return str(path), path.read_text().split()[-1]


def _shown(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _typed(name: str, token: str) -> dict[str, str]:
    pair = base64.b64encode(f"{name}:{token}".encode()).decode()
    return {"Authorization": f"Basic {pair}"}


@story
async def test_without_a_token_only_what_is_open_is_read(tmp_path: Path) -> None:
    file, token = _token_file(tmp_path, "billing")
    async with served(token_file=file) as one:
        assert await one.ask("/open") == (200, ":0")
        status, said = await one.ask("/echo")
        assert (status, "urn:likeness:carrier:no_token" in said) == (401, True)
        assert "Bearer" in ",".join(one.headers.getall("WWW-Authenticate"))
        assert await one.status("/open", "POST") == 401
        assert await one.ask("/echo", headers=_shown(token)) == (200, "billing:0")
        assert await one.status("/echo", headers=_shown("x" * 43)) == 401
        assert await one.status("/open", headers=_shown("x" * 43)) == 401
        assert await one.status("/nothing") == 401  # who asks learns no addresses


@story
async def test_a_browser_shows_the_token_as_a_password_and_may_only_look(
    tmp_path: Path,
) -> None:
    file, token = _token_file(tmp_path)
    async with served(token_file=file) as one:
        for name, good in (("", 200), ("anybody", 200)):
            assert await one.status("/echo", headers=_typed(name, token)) == good
        typed = _typed("", token)
        assert await one.status("/echo", "POST", headers=typed) == 401
        assert await one.status("/echo", headers=_typed("x", "y" * 43)) == 401
        broken = {"Authorization": "Basic ####"}
        assert await one.status("/echo", headers=broken) == 401


@story
async def test_a_token_that_left_the_file_is_worth_nothing(tmp_path: Path) -> None:
    file, token = _token_file(tmp_path)
    async with served(token_file=file) as one:
        assert await one.status("/echo", headers=_shown(token)) == 200
        desk_token.put_new(Path(file))
        async with asyncio.timeout(20):
            while await one.status("/echo", headers=_shown(token)) == 200:
                await asyncio.sleep(0.1)


@story
async def test_other_names_and_other_sites_are_refused() -> None:
    async with served(names=("register.example", "via.example:9443")) as one:
        port = one.base.rpartition(":")[2]
        known = (f"127.0.0.1:{port}", f"LOCALHOST:{port}", f"register.example:{port}")
        for host in (*known, "via.example:9443"):
            assert await one.status("/echo", headers={"Host": host}) == 200
        for host in ("evil.example", "127.0.0.1", f"via.example:{port}"):
            assert await one.status("/echo", headers={"Host": host}) == 421
        assert await one.status("/echo", headers={"Origin": "null"}) == 403
        assert await one.status("/echo", headers={"Origin": one.base}) == 200
        across = {"Sec-Fetch-Site": "cross-site"}
        assert await one.status("/echo", "POST", headers=across) == 403
        followed = {**across, "Sec-Fetch-Mode": "navigate"}
        assert await one.status("/echo", headers=followed) == 200
        assert await one.status("/echo", "POST", headers=followed) == 403


@story
async def test_bodies_are_bounded() -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"x"

    async with served() as one:
        fits = b"x" * MOST_BODY_BYTES
        assert await one.ask("/echo", "POST", data=fits) == (200, f":{len(fits)}")
        assert await one.status("/echo", "POST", data=fits + b"x") == 413
        assert await one.status("/echo", "POST", data=endless()) == 411


@story
async def test_faults_are_told_in_words_and_nobody_reads_what_was_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with served() as one:
        status, said = await one.ask("/fails")
        assert (status, one.headers["Content-Type"]) == (
            500,
            "application/problem+json",
        )
        assert SECRET not in said + caplog.text
        assert "event=api_fault what=ValueError" in caplog.text
        assert (await one.status("/broken"), one.headers["Retry-After"]) == (503, "5")
        assert await one.status("/nothing") == 404
        assert (await one.status("/fails", "POST"), one.headers["Allow"]) == (
            405,
            "GET,HEAD",
        )


@story
async def test_nothing_is_kept_framed_or_run_unless_a_page_says_so() -> None:
    async with served() as one:
        await one.ask("/echo")
        assert one.headers["Cache-Control"] == "no-store"
        assert one.headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert "Server" not in one.headers
        await one.ask("/page")
        assert one.headers["Content-Security-Policy"] == "default-src 'self'"


@story
async def test_beyond_this_machine_only_over_tls_to_holders(tmp_path: Path) -> None:
    file, token = _token_file(tmp_path)
    certificate(tmp_path)
    pair = {
        "cert_file": str(tmp_path / "desk.pem"),
        "key_file": str(tmp_path / "desk.key"),
    }
    wrong: list[dict[str, Any]] = [
        {"listen": "0.0.0.0"},
        {"listen": "192.0.2.1", "token_file": file},
        {"listen": "192.0.2.1", **pair},
        {"cert_file": pair["cert_file"]},
        {"token_file": str(tmp_path / "none")},
    ]
    for place in wrong:
        with pytest.raises(ConfigError, match=r"(api|token)"):
            async with served(**place):
                pass
    with pytest.raises(ConfigError, match=r"api\.port"):
        await serve_web(_app(), Web(), names="api")
    with pytest.raises(ConfigError, match=r"api\.token_file"):
        await serve_web(_app(), Web(port=1), names="api", needs_token=True)
    async with served(token_file=file, **pair) as one:
        assert await one.ask("/echo", headers=_shown(token)) == (200, ":0")


@story
async def test_many_that_are_trusted_stay_inside_at_once(tmp_path: Path) -> None:
    file, token = _token_file(tmp_path)
    shown = f"GET /echo HTTP/1.1\r\nHost: {{}}\r\nAuthorization: Bearer {token}\r\n\r\n"
    async with served(token_file=file) as one:
        host, lines = one.base.removeprefix("http://"), []
        for _ in range(40):  # more than the desk of one terminal has room for
            lines.append(await asyncio.open_connection(*host.split(":")))
            lines[-1][1].write(shown.format(host).encode())
            assert b"200 OK" in await lines[-1][0].readline()
        assert await one.status("/echo", headers=_shown(token)) == 200
        for reading, writing in lines:
            assert not reading.at_eof()
            writing.close()
