"""Serves the visitor's page on loopback: its files, its sentences, one WebSocket.

One page is the screen: the newest that connects, and the one before is told so. Every
answer says that it must not be kept, framed or fetched from elsewhere. Connections are
let in at a walking pace (http_door.py) and requests are counted, so that a crowd of
them costs a visit nothing. Leaves to others: what the page shows (service/stage.py),
who may ask (page_guard.py).
"""

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable, Mapping

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler

from likeness.core.throttle import Buckets
from likeness.edges.http_door import Door
from likeness.edges.own_port import LOOPBACK, refuse_taken
from likeness.edges.page_files import INDEX, File
from likeness.edges.page_guard import HEADERS, Guard
from likeness.edges.page_line import (
    ELSEWHERE,
    MOST_BYTES,
    STILL_THERE_S,
    PageLine,
    Stage,
    Times,
)
from likeness.edges.preview import Preview, Shown
from likeness.edges.sentences import Catalogue

log = logging.getLogger(__name__)

SOCKET = "/socket"
REQUESTS_PER_S, REQUESTS_AT_ONCE = 200.0, 400.0  # a reload asks for some thirty files
CONNECTED_WITHIN_S = 15.0  # a connection that has not become a page's by then goes


class PageServer:
    """One for the terminal; `run` serves it.

    Args:
        stage: what is shown.
        files: of the page.
        catalogues: its sentences, by language.
        port: on 127.0.0.1.
        preview: the camera's picture; None: there is none.
        at_rest: whether no visit goes on; a screen that is lost then is no matter.
        seconds: monotonic, of the camera's clock.

    Raises:
        ConfigError: the port is taken.
    """

    def __init__(
        self,
        stage: Stage,
        *,
        files: Mapping[str, File],
        catalogues: Mapping[str, Catalogue],
        port: int,
        preview: Preview | None = None,
        at_rest: Callable[[], bool] = lambda: True,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        refuse_taken(port)
        self._stage = stage
        self._files = files
        self._catalogues = catalogues
        self._port = port
        self._edition = edition_of(files, catalogues)
        self._at_rest = at_rest
        self._seconds = seconds
        self._guard = Guard(port)
        self._buckets = Buckets(per_s=REQUESTS_PER_S, most=REQUESTS_AT_ONCE)
        self._screen: PageLine | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._door: Door | None = None
        self.times = Times()
        self.listening = asyncio.Event()
        self.refused = 0  # requests, since the start
        stage.subscribe(self._scene_changed)
        if preview is not None:
            preview.watched_by(self._wants_picture, self._show)

    @property
    def connected(self) -> bool:
        """Whether a page is the screen now."""
        return self._screen is not None

    def counts(self) -> dict[str, object]:
        """Return what telemetry says of the screen."""
        painted, drawn = self.times.painted, self.times.drawn
        return {
            "screen": "page" if self.connected else "none",
            "screen_painted_p95_ms": painted.ms(0.95),
            "screen_frame_p95_ms": drawn.ms(0.95),
            "screen_frames": drawn.count,
        }

    async def run(self) -> None:
        """Serve until cancelled."""
        runner = web.AppRunner(
            self._application(),
            access_log=None,
            logger=_silent(),
            keepalive_timeout=CONNECTED_WITHIN_S,
            shutdown_timeout=1.0,
        )
        await runner.setup()
        server = runner.server
        if server is None:  # which `setup` has made
            raise RuntimeError("no server was set up")
        self._door = Door(
            LOOPBACK,
            self._port,
            server,
            untrusted_s=CONNECTED_WITHIN_S,
            name="page",
            told=self.listening.set,
        )
        try:
            await self._door.run()
        finally:
            await runner.cleanup()

    # --- one request ----------------------------------------------------------------
    def _application(self) -> web.Application:
        application = web.Application(
            middlewares=[self._guarded], client_max_size=MOST_BYTES
        )
        application.router.add_get("/", self._index, allow_head=False)
        application.router.add_get("/page/{name:.+}", self._file, allow_head=False)
        application.router.add_get(
            "/languages/{name}.json", self._sentences, allow_head=False
        )
        application.router.add_get("/screen", self._counts, allow_head=False)
        application.router.add_get(SOCKET, self._socket, allow_head=False)
        return application

    @web.middleware
    async def _guarded(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        refusal = self._guard.refusal(
            request.method, request.headers, socket=request.path == SOCKET
        )
        if refusal is not None:
            return self._refused(refusal.status, refusal.text)
        if not self._buckets.take("", self._seconds()):
            return self._refused(429, "too many requests")
        if request.can_read_body:
            return self._refused(400, "nothing is taken here")
        try:
            answer = await handler(request)
        except web.HTTPException as fault:
            return self._refused(fault.status, fault.reason)
        if not answer.prepared:
            answer.headers.update(HEADERS)
        return answer

    def _refused(self, status: int, why: str) -> web.Response:
        self.refused += 1
        answer = web.Response(status=status, text=why + "\n", headers=HEADERS)
        answer.force_close()
        return answer

    async def _index(self, _request: web.Request) -> web.Response:
        return _answer(self._files[INDEX])

    async def _file(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return _answer(file)

    async def _sentences(self, request: web.Request) -> web.Response:
        catalogue = self._catalogues.get(request.match_info["name"])
        if catalogue is None:
            raise web.HTTPNotFound
        return _answer(File("application/json", catalogue.json))

    async def _counts(self, _request: web.Request) -> web.Response:
        """For the doctor and the bench: whether a page is there, and how quick."""
        return _answer(File("application/json", msgspec.json.encode(self.counts())))

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse(
            heartbeat=STILL_THERE_S, max_msg_size=MOST_BYTES, compress=False
        )
        if not answer.can_prepare(request).ok:
            raise web.HTTPBadRequest
        answer.headers.update(HEADERS)
        await answer.prepare(request)
        if self._door is not None:
            self._door.trust(request.transport)
        line = PageLine(answer, self._stage, self.times, self._seconds, self._edition)
        self._becomes_screen(line)
        try:
            await line.run()
        finally:
            self._gone(line)
        return answer

    # --- one screen -----------------------------------------------------------------
    def _becomes_screen(self, line: PageLine) -> None:
        before, self._screen = self._screen, line
        self._stage.text_stands("")  # until it says that it has painted it
        if before is not None:
            log.info("event=screen_elsewhere")
            before.is_screen = False
            task = asyncio.create_task(before.leave(ELSEWHERE, "another page"))
            self._leaving.add(task)
            task.add_done_callback(self._leaving.discard)
        else:
            log.info("event=screen_there")
        line.scene_changed()

    def _gone(self, line: PageLine) -> None:
        if self._screen is line:
            self._screen = None
            # The visit goes on: its windows end it, and a page that comes back shows
            # the whole scene at once.
            level = logging.INFO if self._at_rest() else logging.WARNING
            log.log(level, "event=screen_lost in_visit=%d", not self._at_rest())
            self._stage.unseen()

    def _scene_changed(self) -> None:
        if self._screen is None:
            self._stage.unseen()
            return
        if not self._stage.scene.camera:
            self._screen.forget_picture()
        self._screen.scene_changed()

    def _wants_picture(self) -> bool:
        return self._screen is not None and self._screen.wants_picture

    def _show(self, picture: Shown) -> None:
        if self._screen is not None and self._stage.scene.camera:
            self._screen.show(picture)


def edition_of(files: Mapping[str, File], catalogues: Mapping[str, Catalogue]) -> str:
    """Return what tells these files and sentences from any others."""
    whole = hashlib.sha256()
    served = {name: file.data for name, file in files.items()}
    served |= {f"/{code}": one.json for code, one in catalogues.items()}
    for name, data in sorted(served.items()):
        whole.update(hashlib.sha256(name.encode()).digest())
        whole.update(hashlib.sha256(data).digest())
    return whole.hexdigest()[:16]


def _answer(file: File) -> web.Response:
    return web.Response(body=file.data, headers={"Content-Type": file.kind})


def _silent() -> logging.Logger:
    """A crowd of wrong requests must not fill the journal."""
    logger = logging.getLogger(f"{__name__}.http")
    logger.setLevel(logging.CRITICAL)
    return logger
