"""Answers the fleet's pages: whole when they are asked for, then only what changed.

Nothing can be ordered here: there is no method but GET. A stream looks again every
other second and sends the pieces that have changed of the page that its address names;
so what many terminals do costs no more than what somebody looks at. Leaves to others:
who may ask (`carrier.web`), what is drawn (`views`).
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import msgspec
from aiohttp import web

from likeness.carrier.database import Database
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import records as fleet_records
from likeness.carrier.fleet.health import Figures
from likeness.carrier.fleet.memory import Fleet
from likeness.carrier.fleet.records import Line
from likeness.carrier.fleet.views import DAY_S, FOLDER, Pieces, Views, Wanted
from likeness.carrier.fleet.watch import Watch
from likeness.carrier.metrics import FleetMetrics

LOOK_EVERY_S = 2.0
STILL_HERE_S = 10.0
MOST_STREAMS = 16
RECORDS_LAST_S = 5.0  # so long a terminal's records are not read again
MOST_READ = 64  # terminals whose records are kept for that long
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
FILES = {
    "fleet.css": "text/css",
    "fleet.js": "text/javascript",
    "fleet.svg": "image/svg+xml",
}

Draw = Callable[[web.Request], Awaitable[Pieces]]


@dataclass(frozen=True, slots=True)
class Read:
    """What the database says of one terminal."""

    at_s: float
    timeline: list[Line]
    days: list[tuple[int, Figures]]
    reasons: list[tuple[str, int]]


class FleetWeb:
    """The application; `close` ends its thread."""

    def __init__(
        self,
        fleet: Fleet,
        watch: Watch,
        database: Database,
        metrics: FleetMetrics,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._fleet = fleet
        self._watch = watch
        self._database = database
        self._metrics = metrics
        self._wall = wall
        self._views = Views(fleet)
        self._thread = ThreadPoolExecutor(1, "fleet-pages")
        self._read: dict[str, Read] = {}
        self._streams = 0
        self._files = {name: (FOLDER / name).read_bytes() for name in FILES}

    def close(self) -> None:
        """Let go of the database."""
        self._thread.shutdown()
        self._database.close()

    def application(self) -> web.Application:
        """Return what is served."""
        app = web.Application()
        add = app.router.add_get
        add("/", self.overview)
        add("/terminal", self.terminal)
        add("/cameras", self.cameras)
        add("/events", self._stream(self._overview), allow_head=False)
        add("/terminal/events", self._stream(self._terminal), allow_head=False)
        add("/cameras/events", self._stream(self._cameras), allow_head=False)
        add("/files/{name}", self._file)
        count = self._fleet.count
        add("/metrics", self._metrics.handler(lambda: self._metrics.fleet_is(count())))
        return app

    # --- whole pages ----------------------------------------------------------------
    async def overview(self, request: web.Request) -> web.Response:
        """The list of terminals."""
        wanted = Wanted.of(request.query)
        pieces = await self._overview(request)
        choices = self._views.choices(wanted)
        return _html(self._views.page("overview.html", pieces, **choices))

    async def terminal(self, request: web.Request) -> web.Response:
        """One terminal."""
        pieces = await self._terminal(request)
        device = request.query["device"]
        return _html(self._views.page("terminal.html", pieces, device=device))

    async def cameras(self, request: web.Request) -> web.Response:
        """Biometric figures."""
        pieces = await self._cameras(request)
        return _html(self._views.page("cameras.html", pieces))

    # --- their pieces ---------------------------------------------------------------
    async def _overview(self, request: web.Request) -> Pieces:
        return self._views.overview(Wanted.of(request.query), self._wall())

    async def _terminal(self, request: web.Request) -> Pieces:
        device = request.query.get("device", "")
        row = self._fleet.look(device)
        if row is None:
            raise web.HTTPNotFound
        read = await self._records(device)
        return self._views.terminal(
            row,
            self._watch.health,
            read.timeline,
            read.days,
            read.reasons,
            self._wall(),
        )

    async def _cameras(self, _request: web.Request) -> Pieces:
        return self._views.cameras(self._watch.health, self._wall())

    async def _records(self, device: str) -> Read:
        """Read what the database says of a terminal, if it is time to."""
        known = self._read.get(device)
        if known is None or time.monotonic() - known.at_s > RECORDS_LAST_S:
            loop = asyncio.get_running_loop()
            known = await loop.run_in_executor(
                self._thread, self._from_database, device, int(self._wall())
            )
            self._read.pop(device, None)
            self._read[device] = known
            while len(self._read) > MOST_READ:
                del self._read[next(iter(self._read))]
        return known

    def _from_database(self, device: str, now_s: int) -> Read:
        with self._database.read() as db:
            return Read(
                at_s=time.monotonic(),
                timeline=fleet_records.timeline(db, device, now_s),
                days=fleet_health.by_day(db, now_s // DAY_S, device),
                reasons=fleet_health.of_reasons(db, now_s // DAY_S, device),
            )

    # --- what changes ---------------------------------------------------------------
    def _stream(
        self, draw: Draw
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def tell(request: web.Request) -> web.StreamResponse:
            if self._streams >= MOST_STREAMS:
                return web.Response(status=503, text="too many pages are open\n")
            self._streams += 1
            try:
                return await self._tell(request, draw)
            finally:
                self._streams -= 1

        return tell

    async def _tell(self, request: web.Request, draw: Draw) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        sent = await draw(request)
        await answer.prepare(request)
        # All at once: something may have changed since the page was loaded.
        await answer.write(_event("all", sent))
        said_s = time.monotonic()
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            pieces = await draw(request)
            news = {name: html for name, html in pieces.items() if sent[name] != html}
            sent = pieces
            try:
                if news:
                    await answer.write(_event("some", news))
                    said_s = time.monotonic()
                elif time.monotonic() - said_s > STILL_HERE_S:
                    await answer.write(b"event: still\ndata: {}\n\n")
                    said_s = time.monotonic()
            except ConnectionError:
                return answer

    async def _file(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in self._files:
            raise web.HTTPNotFound
        kind = FILES[name]
        charset = "utf-8" if kind.startswith("text/") else None
        return web.Response(body=self._files[name], content_type=kind, charset=charset)


def _html(text: str) -> web.Response:
    answer = web.Response(text=text, content_type="text/html")
    answer.headers["Content-Security-Policy"] = POLICY
    return answer


def _event(name: str, pieces: Pieces) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(pieces))
