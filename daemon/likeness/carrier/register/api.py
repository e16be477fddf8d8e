"""The register's API: requests of the carrier's own systems, answered one by one.

The database belongs to one thread, and orders to terminals to another: an answer that
is awaited holds up nobody. Leaves to others: who may ask (`web`), what may be done
(`register`), the addresses (`routes`).
"""

import asyncio
import logging
import secrets
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import msgspec
from aiohttp import hdrs, web

from likeness.carrier.register import problems as register_problems
from likeness.carrier.register import routes as register_routes
from likeness.carrier.register import saying as register_saying
from likeness.carrier.register import words
from likeness.carrier.register.binding import NotDone
from likeness.carrier.register.register import Register, Standing
from likeness.carrier.register.routes import ROUTES, VARIABLES
from likeness.carrier.settings import Settings
from likeness.carrier.starting_desk import StartingDesk
from likeness.carrier.web.problems import problem
from likeness.carrier.web.reading import Wrong, as_json, body, queries, variable
from likeness.carrier.web.web import HOLDER, serve_web

log = logging.getLogger(__name__)

LOOK_EVERY_S = 0.25  # while a result is awaited
MOST_WAITING = 64  # others are answered at once
NAME_BYTES = 12

Found = TypeVar("Found")


async def serve_api(
    settings: Settings,
    *,
    utc: Callable[[], float] = time.time,
    told: Callable[[], object] = lambda: None,
) -> None:
    """Serve until cancelled.

    Args:
        settings: the carrier's; `api` says where.
        utc: seconds since 1970.
        told: that somebody listens now.

    Raises:
        ConfigError: a key, the database or a place cannot be used.
    """
    register = Register(settings, utc)
    try:
        with ThreadPoolExecutor(1, thread_name_prefix="register") as thread:
            starting = StartingDesk(settings)
            try:
                api = RegisterApi(register, thread, starting, utc)
                await serve_web(
                    api.application(),
                    settings.api,
                    names="api",
                    open_paths=(register_routes.OPENAPI,),
                    needs_token=True,
                    told=told,
                )
            finally:
                starting.close()
    finally:
        register.close()


class RegisterApi:
    """One method for each route, by its name."""

    def __init__(
        self,
        register: Register,
        thread: ThreadPoolExecutor,
        starting: StartingDesk,
        utc: Callable[[], float],
    ) -> None:
        self._register = register
        self._thread = thread
        self._starting = starting
        self._utc = utc
        self._waiting = 0
        self._document = msgspec.json.encode(register_routes.document())

    def application(self) -> web.Application:
        """Return all of it."""

        @web.middleware
        async def in_words(
            request: web.Request, handler: Any
        ) -> web.StreamResponse:  # Any: aiohttp's handler
            try:
                answer: web.StreamResponse = await handler(request)
            except NotDone as refused:
                log.info("event=not_done at=%s reason=%s", _at(request), refused.doubt)
                return register_problems.problem(refused.doubt)
            except Wrong as wrong:
                return problem(wrong.code, wrong.detail)
            return answer

        app = web.Application(middlewares=[in_words])
        for route in ROUTES:
            app.router.add_route(route.method, route.path, getattr(self, route.name))
        return app

    # --- transactions ---------------------------------------------------------------
    async def open_transaction(self, request: web.Request) -> web.Response:
        """Open a transaction, and its visit where a terminal is named."""
        asked = await body(request, words.OpenTransaction)
        name = asked.transaction or secrets.token_hex(NAME_BYTES)
        only, by = asked.for_number, HOLDER.get()
        opened, is_new = await self._do(
            lambda: self._register.open(
                name,
                asked.purpose,
                device=asked.device,
                kind=only.kind if only else None,
                number=only.number if only else "",
                by=by,
            )
        )
        said = self._say(await self._do(lambda: self._register.standing(name)))
        if is_new and asked.device and asked.start:
            visit, why = await self._starting.start(
                asked.device, asked.purpose, opened.name
            )
            said = msgspec.structs.replace(said, visit=visit, visit_reason=why)
        answer = as_json(said, status=201 if is_new else 200)
        answer.headers[hdrs.LOCATION] = f"/v1/transactions/{name}"
        return answer

    async def get_transaction(self, request: web.Request) -> web.Response:
        """Say how a transaction stands, when its result is here or the wait is over."""
        name: str = variable(request, "transaction", VARIABLES["transaction"])
        wait_s: int = queries(request, ("wait_s",), VARIABLES).get("wait_s", 0)
        until = time.monotonic() + wait_s
        may_wait = self._waiting < MOST_WAITING
        self._waiting += 1
        try:
            while True:
                stands = await self._do(lambda: self._register.standing(name))
                said = self._say(stands)
                left_s = until - time.monotonic()
                if said.state != "open" or left_s <= 0 or not may_wait:
                    return as_json(said)
                await asyncio.sleep(min(LOOK_EVERY_S, left_s))
        finally:
            self._waiting -= 1

    async def bind_number(self, request: web.Request) -> web.Response:
        """Bind a number, or confirm who holds it."""
        name: str = variable(request, "transaction", VARIABLES["transaction"])
        asked, by = await body(request, words.BindNumber), HOLDER.get()
        found, is_new = await self._do(
            lambda: self._register.bind(
                name, asked.kind, asked.number, place=asked.place, by=by
            )
        )
        said = register_saying.registration(found)
        return as_json(said, status=201 if is_new else 200)

    async def end_transaction(self, request: web.Request) -> web.Response:
        """End a transaction, and its visit where one was begun."""
        name: str = variable(request, "transaction", VARIABLES["transaction"])
        opened = await self._do(lambda: self._register.end(name))
        if opened.device:
            await self._starting.cancel(opened.device, name)
        stands = await self._do(lambda: self._register.standing(name))
        return as_json(self._say(stands))

    # --- numbers --------------------------------------------------------------------
    async def look_up_person(self, request: web.Request) -> web.Response:
        """Return all numbers of whoever was verified."""
        asked = await body(request, words.LookUpPerson)
        found = await self._do(lambda: self._register.numbers_of(asked.transaction))
        lines = [register_saying.registration(one) for one in found]
        return as_json(words.Registrations(registrations=lines))

    async def look_up_number(self, request: web.Request) -> web.Response:
        """Return what is known of a number."""
        asked = await body(request, words.NumberAt)
        found = await self._do(lambda: self._register.look_up(asked.kind, asked.number))
        return as_json(register_saying.number_state(found))

    async def transfer_number(self, request: web.Request) -> web.Response:
        """Give a number to another person."""
        asked, by = await body(request, words.TransferNumber), HOLDER.get()
        found, is_new = await self._do(
            lambda: self._register.transfer(
                asked.kind,
                asked.number,
                holder=asked.holder_transaction,
                successor=asked.new_transaction,
                place=asked.place,
                by=by,
            )
        )
        said = register_saying.registration(found)
        return as_json(said, status=201 if is_new else 200)

    async def end_number(self, request: web.Request) -> web.Response:
        """End a number's registration."""
        asked, by = await body(request, words.About), HOLDER.get()
        ended = await self._do(
            lambda: self._register.end_number(
                asked.kind, asked.number, reference=asked.reference, by=by
            )
        )
        return as_json(words.Ended(registration=ended))

    # --- disputes -------------------------------------------------------------------
    async def list_disputes(self, request: web.Request) -> web.Response:
        """Return the disputes in a state."""
        asked = queries(request, ("state",), VARIABLES)
        state: str = asked.get("state", "open")
        only = "" if state == "all" else state
        found = await self._do(lambda: self._register.disputes(only))
        lines = [register_saying.dispute(one) for one in found]
        return as_json(words.Disputes(disputes=lines))

    async def open_dispute(self, request: web.Request) -> web.Response:
        """Open a dispute in the carrier's own name."""
        asked, by = await body(request, words.About), HOLDER.get()
        found = await self._do(
            lambda: self._register.dispute(
                asked.kind, asked.number, reference=asked.reference, by=by
            )
        )
        return as_json(register_saying.dispute(found))

    async def settle_dispute(self, request: web.Request) -> web.Response:
        """Settle a dispute."""
        which: str = variable(request, "dispute", VARIABLES["dispute"])
        asked, by = await body(request, words.SettleDispute), HOLDER.get()
        found = await self._do(
            lambda: self._register.settle(which, asked.outcome, by=by)
        )
        return as_json(register_saying.dispute(found))

    async def get_openapi(self, _request: web.Request) -> web.Response:
        """Return the document of all this."""
        return web.Response(body=self._document, content_type="application/json")

    # --- inside ---------------------------------------------------------------------
    async def _do(self, job: Callable[[], Found]) -> Found:
        return await asyncio.get_running_loop().run_in_executor(self._thread, job)

    def _say(self, stands: Standing) -> words.Transaction:
        return register_saying.transaction(stands, int(self._utc()))


def _at(request: web.Request) -> str:
    """Name the route, without what stands in the address."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "?"
