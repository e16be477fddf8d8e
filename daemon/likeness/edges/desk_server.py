"""Serves the desk's API and page over HTTP: bounded, and nothing here decides anything.

Every request goes past the guard; every answer to a wrong one is a problem in words.
Leaves to others: what is answered (desk_answers.py), who may ask (desk_guard.py), how
many connections there are (http_door.py).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import hdrs, web

from likeness.edges import desk_pages, http_faults
from likeness.edges.desk_answers import DeskAnswers, DeskRules, Refusing
from likeness.edges.desk_guard import Guard, Place
from likeness.edges.desk_problems import problem
from likeness.edges.desk_routes import ROUTES
from likeness.edges.desk_sessions import Sessions
from likeness.edges.desk_tls import DeskTls
from likeness.edges.desk_token import TokenFile
from likeness.edges.http_door import Door
from likeness.errors import StoreBroken

MOST_BODY_BYTES = 4096
MOST_LINE_BYTES = 4096

Serve = Callable[[web.Request], Awaitable[web.StreamResponse]]


class DeskServer:
    """One for the terminal.

    Args:
        desk: the rules.
        host, port: where to listen.
        names: other names than `host` by which clients may call us.
        token_file: see desk_token.py.
        tls: the certificate; None only on loopback.
        seconds: monotonic.
    """

    def __init__(
        self,
        desk: DeskRules,
        *,
        host: str,
        port: int,
        token_file: Path,
        names: tuple[str, ...] = (),
        tls: DeskTls | None = None,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        """Read token and page.

        Raises:
            ConfigError: one of them cannot be used.
        """
        self._desk = desk
        tokens = TokenFile(token_file, seconds)
        sessions = Sessions(tokens, seconds)
        self.place = Place.of(host, port, names, is_tls=tls is not None)
        self._guard = Guard(
            self.place,
            tokens,
            sessions,
            trust=lambda transport: self.door.trust(transport),  # noqa: PLW0108
            seconds=seconds,
            open_paths={
                *desk_pages.files(),
                *(route.path for route in ROUTES if route.is_open),
            },
        )
        self._answers = DeskAnswers(desk, self._guard, tokens, sessions)
        self._runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=http_faults.LOGGER,
            auto_decompress=False,
            handle_signals=False,
            shutdown_timeout=0.5,
            keepalive_timeout=15.0,
            max_line_size=MOST_LINE_BYTES,
            max_field_size=MOST_LINE_BYTES,
        )
        self.door = Door(
            host, port, self._speaks, tls=tls.context if tls else lambda: None
        )
        self._broken: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Serve until cancelled.

        Raises:
            StoreBroken: the database failed while somebody asked for something in it.
        """
        self._broken = asyncio.get_running_loop().create_future()
        await self._desk.restore()
        await self._runner.setup()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.door.run())
                group.create_task(self._desk.run())
                group.create_task(_wait_for(self._broken))
        finally:
            await self._runner.cleanup()

    # --- inside ---------------------------------------------------------------------
    def _application(self) -> web.Application:
        @web.middleware
        async def middleware(
            request: web.Request, handler: Serve
        ) -> web.StreamResponse:
            return await self._answer(request, handler)

        app = web.Application(middlewares=[middleware], client_max_size=MOST_BODY_BYTES)
        for route in ROUTES:
            serve: Serve = getattr(self._answers, route.name)
            app.router.add_route(route.method, route.path, serve)
        for path in self._answers.files:
            app.router.add_route(hdrs.METH_GET, path, self._answers.get_file)
        app.on_response_prepare.append(_prepare)
        return app

    def _speaks(self) -> asyncio.Protocol:
        server = self._runner.server
        if server is None:  # before setup, after cleanup: nobody listens then
            raise OSError("the desk is closed")
        return server()

    async def _answer(self, request: web.Request, serve: Serve) -> web.StreamResponse:
        try:
            return await self._guard.let_in(request, serve)
        except Refusing as refusing:
            return refusing.answer
        except web.HTTPException as wrong:
            return _in_words(wrong)
        except web.RequestPayloadError:  # a body in pieces that are none
            return problem("bad_request")
        except StoreBroken as fault:
            # The daemon must end by it, as it does when a visit meets it.
            if self._broken is not None and not self._broken.done():
                self._broken.set_exception(fault)
            return problem("failed")


def _in_words(wrong: web.HTTPException) -> web.Response:
    """Say what aiohttp has found wrong in our own form."""
    match wrong:
        case web.HTTPMethodNotAllowed():
            answer = problem("method")
            answer.headers[hdrs.ALLOW] = wrong.headers.get(hdrs.ALLOW, "")
            return answer
        case web.HTTPRequestEntityTooLarge():
            return problem("too_large")
        case web.HTTPNotFound():
            return problem("not_found")
        case _:
            return problem("bad_request")


async def _prepare(_request: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(desk_pages.HEADERS)
    answer.headers.pop(hdrs.SERVER, None)


async def _wait_for(broken: "asyncio.Future[None]") -> None:
    await broken
