"""Answers each of the desk's routes: words in, rules asked, words out.

Leaves to others: the rules (`DeskRules`), who may ask (desk_guard.py), headers and
faults (desk_server.py).
"""

import asyncio
from collections.abc import Callable
from typing import Any, Protocol, TypeVar

import msgspec
from aiohttp import hdrs, web

from likeness.core import jws
from likeness.core.desk_words import (
    CallList,
    Decide,
    DeskEvent,
    HealthReport,
    OpenVisit,
    Refused,
    VisitLine,
    VisitList,
)
from likeness.edges import desk_openapi, desk_pages
from likeness.edges.desk_guard import Guard
from likeness.edges.desk_problems import problem
from likeness.edges.desk_routes import EVENTS, JOSE, VARIABLES
from likeness.edges.desk_sessions import LAST_S, Sessions
from likeness.edges.desk_token import Holder, TokenFile
from likeness.errors import Untrusted

MOST_STREAMS = 16
STILL_HERE_S = 5.0
NOT_FASTER_S = 0.1  # between two events of one stream

Body = TypeVar("Body")


class DeskRules(Protocol):
    """What the desk can be asked."""

    health: Callable[[], HealthReport]

    def visits(self) -> VisitList:
        """Return what is known, the newest first."""
        ...

    def visit(self, transaction: str) -> VisitLine | Refused:
        """Return one visit."""
        ...

    def open(self, wanted: OpenVisit) -> tuple[VisitLine, bool] | Refused:
        """Open a visit, or find it; say whether it is new."""
        ...

    async def cancel(self, transaction: str) -> VisitLine | Refused:
        """End a visit."""
        ...

    async def result(self, transaction: str) -> str | Refused:
        """Return the signed result, a JWS in compact form."""
        ...

    async def decide(self, transaction: str, wanted: Decide) -> VisitLine | Refused:
        """Take an attendant's decision."""
        ...

    def calls(self) -> CallList:
        """Return who waits for an attendant."""
        ...

    def answer(self, call: int) -> CallList | Refused:
        """Take this call for answered; return those that are left."""
        ...

    async def news(self, since: int) -> tuple[int, DeskEvent]:
        """Wait until something changed after `since`; return all that has.

        The number is for the next call; 0 gives all that there is, at once.
        """
        ...

    async def restore(self) -> None:
        """Read back what was before a restart."""
        ...

    async def run(self) -> None:
        """Follow the visits until cancelled."""
        ...


class Refusing(Exception):
    """Ends a handler with an answer."""

    def __init__(self, answer: web.Response) -> None:
        super().__init__()
        self.answer = answer


class DeskAnswers:
    """One method for each route, by its name; and the files of the page."""

    def __init__(
        self, desk: DeskRules, guard: Guard, tokens: TokenFile, sessions: Sessions
    ) -> None:
        self._desk = desk
        self._guard = guard
        self._tokens = tokens
        self._sessions = sessions
        self._document = msgspec.json.encode(desk_openapi.document())
        self._streams = 0
        self.files = desk_pages.files()

    # --- visits ---------------------------------------------------------------------
    async def list_visits(self, _request: web.Request) -> web.Response:
        """The visits of the last 24 hours."""
        return _json(self._desk.visits())

    async def open_visit(self, request: web.Request) -> web.Response:
        """Open a visit."""
        found = self._desk.open(await _body(request, OpenVisit))
        if isinstance(found, Refused):
            return problem(found)
        line, is_new = found
        if not is_new:
            return _json(line)
        answer = _json(line, status=201)
        answer.headers[hdrs.LOCATION] = f"/v1/visits/{line.transaction}"
        return answer

    async def get_visit(self, request: web.Request) -> web.Response:
        """Return where one stands."""
        return _or_problem(self._desk.visit(_variable(request, "transaction")))

    async def get_result(self, request: web.Request) -> web.Response:
        """Return its signed result."""
        found = await self._desk.result(_variable(request, "transaction"))
        if isinstance(found, Refused):
            return problem(found)
        return web.Response(body=found.encode("ascii"), content_type=JOSE)

    async def cancel_visit(self, request: web.Request) -> web.Response:
        """End one."""
        return _or_problem(await self._desk.cancel(_variable(request, "transaction")))

    async def decide_visit(self, request: web.Request) -> web.Response:
        """Decide about one that was referred."""
        transaction = _variable(request, "transaction")
        wanted = await _body(request, Decide)
        holder = self._holder(request)
        if self._tokens.names_attendants and holder.attendant != wanted.attendant:
            return problem("other_attendant")
        return _or_problem(await self._desk.decide(transaction, wanted))

    # --- health and calls -----------------------------------------------------------
    async def get_health(self, _request: web.Request) -> web.Response:
        """Return how the terminal is."""
        return _json(self._desk.health())

    async def list_calls(self, _request: web.Request) -> web.Response:
        """Return who waits."""
        return _json(self._desk.calls())

    async def answer_call(self, request: web.Request) -> web.Response:
        """Somebody goes there."""
        return _or_problem(self._desk.answer(_variable(request, "call")))

    async def get_events(self, request: web.Request) -> web.StreamResponse:
        """Tell what changes until the client leaves or its token is replaced."""
        if self._streams >= MOST_STREAMS:
            return problem("too_many")
        self._streams += 1
        try:
            return await self._tell(request)
        finally:
            self._streams -= 1

    async def _tell(self, request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={hdrs.CONTENT_TYPE: EVENTS})
        await answer.prepare(request)
        since = 0
        while self._guard.holder(request) is not None:
            try:
                async with asyncio.timeout(STILL_HERE_S):
                    since, event = await self._desk.news(since)
                text = b"data: " + msgspec.json.encode(event) + b"\n\n"
            except TimeoutError:
                text = b"event: still\ndata: {}\n\n"  # a page must see it
            try:
                await answer.write(text)
            except ConnectionError:
                break
            await asyncio.sleep(NOT_FASTER_S)
        return answer

    # --- the page -------------------------------------------------------------------
    async def begin_session(self, request: web.Request) -> web.Response:
        """Set the page's cookie, for the token itself: no cookie makes another."""
        if hdrs.AUTHORIZATION not in request.headers:
            return problem("no_token")
        answer = web.Response(status=204)
        answer.set_cookie(
            self._guard.place.cookie,
            self._sessions.begin(self._holder(request)),
            max_age=int(LAST_S),
            path="/",
            secure=self._guard.place.is_tls,
            httponly=True,
            samesite="Strict",
        )
        return answer

    async def end_session(self, request: web.Request) -> web.Response:
        """Log out."""
        self._sessions.end(request.cookies.get(self._guard.place.cookie, ""))
        answer = web.Response(status=204)
        answer.del_cookie(
            self._guard.place.cookie, path="/", secure=self._guard.place.is_tls
        )
        return answer

    def _holder(self, request: web.Request) -> Holder:
        holder = self._guard.holder(request)
        if holder is None:  # its token was replaced this very moment
            raise Refusing(problem("no_token"))
        return holder

    async def get_openapi(self, _request: web.Request) -> web.Response:
        """Return the document of all this."""
        return web.Response(body=self._document, content_type="application/json")

    async def get_file(self, request: web.Request) -> web.Response:
        """Return a file of the page."""
        media_type, data = self.files[request.path]
        return web.Response(body=data, content_type=media_type, charset="utf-8")


def _json(word: msgspec.Struct, *, status: int = 200) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(word),
        content_type="application/json",
    )


def _or_problem(found: msgspec.Struct | Refused) -> web.Response:
    return problem(found) if isinstance(found, Refused) else _json(found)


def _variable(request: web.Request, name: str) -> Any:
    """Return what stands in the path; Any: of the type that `VARIABLES` names."""
    try:
        return msgspec.convert(request.match_info[name], VARIABLES[name], strict=False)
    except msgspec.ValidationError as wrong:
        raise Refusing(problem("invalid", f"{name}: {wrong}")) from wrong


async def _body(request: web.Request, kind: type[Body]) -> Body:
    if request.content_type != "application/json":
        raise Refusing(problem("not_json"))
    data = await request.read()
    try:
        jws.load_object(data)  # msgspec would let a member appear twice
        return msgspec.json.decode(data, type=kind)
    except Untrusted as wrong:
        raise Refusing(problem("invalid", str(wrong))) from wrong
    except msgspec.MsgspecError as wrong:
        raise Refusing(problem("invalid", _without_value(str(wrong)))) from wrong


def _without_value(fault: str) -> str:
    """Name the member and what it should be; no value is ever given back."""
    what, at, where = fault.partition(" - at `$")
    if what.startswith("Invalid enum value"):
        what = "it is none of its values"
    return f"{where.strip('.`')}: {what}" if at else what
