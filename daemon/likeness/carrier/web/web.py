"""Serves one of the carrier's applications over HTTP: who may ask, and how much.

A request passes, in this order: the name we were called by, where it comes from, its
token, the size of its body. Beyond this machine nothing is served without TLS and a
token. What goes wrong is told as a problem in words (RFC 9457), never as a traceback,
and no line of a log holds what was asked. Leaves to others: what is answered.
"""

import asyncio
import base64
import binascii
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Collection, Iterable
from contextvars import ContextVar
from pathlib import Path

from aiohttp import hdrs, web

from likeness.carrier.settings import Web
from likeness.carrier.web.problems import MOST_BODY_BYTES, problem
from likeness.core.throttle import GrowingWaits
from likeness.edges import http_faults, http_headers
from likeness.edges.desk_guard import FROM_US, SAFE, Place, is_loopback
from likeness.edges.desk_tls import DeskTls
from likeness.edges.desk_token import MAKE, Holder, TokenFile
from likeness.edges.http_door import Door
from likeness.errors import ConfigError, StoreBroken

log = logging.getLogger(__name__)

MOST_LINE_BYTES = 8192
MOST_INSIDE = 512  # connections: of the carrier's own systems, and its people
# Who asks in this task, as the token's line names him; or "".
HOLDER: ContextVar[str] = ContextVar("holder", default="")
# A page sets a policy of its own; what sets none may load and do nothing.
NOTHING = "default-src 'none'; frame-ancestors 'none'"

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


async def serve_web(
    app: web.Application,
    place: Web,
    *,
    names: str,
    open_paths: Collection[str] = (),
    needs_token: bool = False,
    told: Callable[[], object] = lambda: None,
) -> None:
    """Serve until cancelled; an address that is not there yet is tried again.

    Args:
        app: what is answered; one that was never served.
        place: where, and who may ask.
        names: of what is served, as the configuration's table and the log call it.
        open_paths: what may be read without a token.
        needs_token: also on this machine alone.
        told: that somebody listens now.

    Raises:
        ConfigError: it would be open to strangers, or a file cannot be used.
    """
    guard = _Guard(place, names, open_paths, needs_token=needs_token)

    @web.middleware
    async def guarded(request: web.Request, handler: Serve) -> web.StreamResponse:
        return await guard.let_in(request, handler)

    app.middlewares.insert(0, guarded)
    app.on_response_prepare.append(_prepare)
    runner = web.AppRunner(
        app,
        access_log=None,
        logger=http_faults.LOGGER,
        auto_decompress=False,
        handle_signals=False,
        shutdown_timeout=0.5,
        max_line_size=MOST_LINE_BYTES,
        max_field_size=MOST_LINE_BYTES,
    )

    def speaks() -> asyncio.Protocol:
        if runner.server is None:
            raise OSError(f"{names} is closed")
        return runner.server()

    def opened() -> None:
        log.info("event=%s_listening at=%s:%d", names, place.listen, place.port)
        told()

    tls = guard.tls
    guard.door = Door(
        place.listen,
        place.port,
        speaks,
        tls=tls.context if tls else lambda: None,
        most_inside=MOST_INSIDE,
        name=names,
        told=opened,
    )
    await runner.setup()
    try:
        await guard.door.run()
    finally:
        await runner.cleanup()


class _Guard:
    """Stands before every request."""

    def __init__(
        self, place: Web, names: str, open_paths: Collection[str], *, needs_token: bool
    ) -> None:
        _check(place, names, needs_token=needs_token)
        self._name = names
        self._open_paths = open_paths
        self.tls: DeskTls | None = None
        if place.cert_file:
            self.tls = DeskTls(place.cert_file, place.key_file, name=names)
        self._tokens: TokenFile | None = None
        if place.token_file:
            self._tokens = TokenFile(Path(place.token_file), time.monotonic)
        is_tls = self.tls is not None
        self._place = Place(_hosts(place, is_tls=is_tls), is_tls)
        self._waits = GrowingWaits(from_s=0.25, to_s=8.0, forget_s=600.0)
        self.door: Door | None = None

    async def let_in(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        """Answer one request, or have it answered."""
        if refused := self._misplaced(request) or _unbounded(request):
            return problem(refused)
        if wrong := await self._stranger(request):
            return wrong
        try:
            return await serve(request)
        except web.HTTPException as told:
            return _in_our_words(told)
        except web.RequestPayloadError:  # a body that breaks off
            return problem("bad_request")
        except StoreBroken as fault:
            log.error("event=%s_not_kept why=%r", self._name, str(fault))  # noqa: TRY400
            return problem("not_kept")
        except Exception as fault:  # noqa: BLE001 - its text may hold what was asked
            at = traceback.extract_tb(fault.__traceback__)[-1]
            log.error(  # noqa: TRY400
                "event=%s_fault what=%s at=%s:%s",
                self._name,
                type(fault).__name__,
                at.filename,
                at.lineno,
            )
            return problem("failed")

    # --- inside ---------------------------------------------------------------------
    async def _stranger(self, request: web.Request) -> web.Response | None:
        """Return the answer to who has no right to be here; None: he has."""
        HOLDER.set("")
        if self._tokens is None:
            self._trust(request)
            return None
        given = _token(request)
        holder: Holder | None = self._tokens.holder(given) if given else None
        client = request.remote or "?"
        if holder is not None:
            HOLDER.set(holder.attendant)
            self._waits.good(client)
            self._trust(request)
            return None
        if given:
            wait_s = self._waits.fault(client, time.monotonic())
            log.warning("event=%s_wrong_token client=%s", self._name, client)
            await asyncio.sleep(wait_s)
            return problem("wrong_token")
        is_open = request.path in self._open_paths and request.method in SAFE
        return None if is_open else problem("no_token")

    def _trust(self, request: web.Request) -> None:
        if self.door is not None:
            self.door.trust(request.transport)

    def _misplaced(self, request: web.Request) -> str:
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or hosts[0].lower() not in self._place.hosts:
            return "wrong_host"
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if any(origin not in self._place.origins for origin in origins):
            return "other_origin"
        # A link from elsewhere may lead to a page, and do nothing.
        followed = request.headers.get("Sec-Fetch-Mode") == "navigate"
        site = request.headers.get("Sec-Fetch-Site", "none")
        may = site in FROM_US or (followed and request.method in SAFE)
        return "" if may else "other_origin"


def _check(place: Web, names: str, *, needs_token: bool) -> None:
    if not place.port:
        raise ConfigError(f"{names}.port is 0: name the port to serve it at")
    if bool(place.cert_file) != bool(place.key_file):
        raise ConfigError(f"{names}.cert_file and {names}.key_file: give both, or none")
    if needs_token and not place.token_file:
        raise ConfigError(f"{names}.token_file is empty: name one, {MAKE}")
    is_safe = place.cert_file and place.token_file
    if not is_loopback(place.listen) and not is_safe:
        raise ConfigError(
            f"{names}.listen '{place.listen}': beyond 127.0.0.1 it is served over TLS"
            f" to holders of a token only: give {names}.cert_file, {names}.key_file"
            f" and {names}.token_file"
        )


def _hosts(place: Web, *, is_tls: bool) -> frozenset[str]:
    """Return what a Host header may say; a name may bring a port of its own."""
    with_port: Iterable[str] = (one for one in place.names if ":" in one)
    plain = tuple(one for one in place.names if ":" not in one)
    known = Place.of(place.listen, place.port, plain, is_tls=is_tls).hosts
    return known | {one.lower() for one in with_port}


def _token(request: web.Request) -> str:
    """Return what was shown as a token: by a program, or by a browser to look only."""
    said = request.headers.get(hdrs.AUTHORIZATION, "")
    scheme, _, shown = said.partition(" ")
    if scheme.lower() == "basic" and request.method in SAFE:
        try:
            pair = base64.b64decode(shown.strip(), validate=True).decode("utf-8")
        except (binascii.Error, ValueError):
            return said
        return pair.partition(":")[2] or said
    # Whatever else was shown is no token, which differs from nothing at all.
    return shown.strip() if scheme.lower() == "bearer" else said


def _unbounded(request: web.Request) -> str:
    if hdrs.TRANSFER_ENCODING in request.headers:
        return "no_length"
    too_large = (request.content_length or 0) > MOST_BODY_BYTES
    return "too_large" if too_large else ""


def _in_our_words(told: web.HTTPException) -> web.StreamResponse:
    """Say what aiohttp has found wrong in our own form; pages may still redirect."""
    match told:
        case web.HTTPMethodNotAllowed():
            answer = problem("method")
            answer.headers[hdrs.ALLOW] = told.headers.get(hdrs.ALLOW, "")
            return answer
        case web.HTTPRequestEntityTooLarge():
            return problem("too_large")
        case web.HTTPNotFound():
            return problem("not_found")
        case web.HTTPClientError():
            return problem("bad_request")
        case _:
            return told


async def _prepare(_request: web.Request, answer: web.StreamResponse) -> None:
    for name, value in http_headers.APART.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Content-Security-Policy", NOTHING)
    answer.headers.pop(hdrs.SERVER, None)
