"""Stands before every request to the desk: host, origin, pace, and the token.

In this order, the cheap before the dear. A wrong token is answered late, and later each
time; the right one is answered at once, whoever else is knocking. Leaves to others:
how many connections there are (http_door.py), what the requests mean.
"""

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass

from aiohttp import hdrs, web

from likeness.core.throttle import Buckets, GrowingWaits
from likeness.edges.desk_problems import problem
from likeness.edges.desk_sessions import Sessions
from likeness.edges.desk_token import Holder, TokenFile

log = logging.getLogger(__name__)

SAFE = (hdrs.METH_GET, hdrs.METH_HEAD)
FROM_US = ("same-origin", "none")  # Fetch Metadata; "none": typed by somebody
SLOW_S = 1.0  # a crowd's answer waits, so that its connections stay slow

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the desk is reached."""

    hosts: frozenset[str]  # as in the Host header, in lower case
    is_tls: bool

    @classmethod
    def of(cls, host: str, port: int, names: Iterable[str], *, is_tls: bool) -> "Place":
        """Return the place of an address, with its port; names may add theirs."""
        address = f"[{host}]" if ":" in host else host
        local = ("localhost",) if is_loopback(host) else ()
        at_port = {f"{name.lower()}:{port}" for name in (address, *local, *names)}
        # Browsers leave a scheme's own port out.
        usual = 443 if is_tls else 80
        bare = {name.rpartition(":")[0] for name in at_port} if port == usual else set()
        return cls(frozenset(at_port | bare), is_tls)

    @property
    def origins(self) -> frozenset[str]:
        """As in the Origin header of our own page."""
        scheme = "https" if self.is_tls else "http"
        return frozenset(f"{scheme}://{host}" for host in self.hosts)

    @property
    def cookie(self) -> str:
        """The cookie's name; over TLS the browser itself guards it (RFC 6265bis)."""
        return "__Host-likeness-desk" if self.is_tls else "likeness-desk"


class Guard:
    """Lets requests through, or answers them itself.

    Args:
        place: where we are.
        tokens, sessions: who has a right to be here.
        trust: told which connection has shown that right.
        seconds: monotonic.
        open_paths: what may be read without a token.
    """

    def __init__(
        self,
        place: Place,
        tokens: TokenFile,
        sessions: Sessions,
        *,
        trust: Callable[[asyncio.BaseTransport | None], None],
        seconds: Callable[[], float],
        open_paths: Collection[str],
    ) -> None:
        self.place = place
        self._tokens = tokens
        self._sessions = sessions
        self._trust = trust
        self._seconds = seconds
        self._open_paths = open_paths
        self._strangers = Buckets(per_s=10, most=40)
        self._holders = Buckets(per_s=50, most=100)
        self._told = Buckets(per_s=0.1, most=5)  # lines in the log
        self._waits = GrowingWaits(from_s=0.25, to_s=8.0, forget_s=600.0)

    async def let_in(self, request: web.Request, serve: Handler) -> web.StreamResponse:
        """Answer one request, or have it answered."""
        if refused := self._misplaced(request):
            return await self._in_the_crowd(request, problem(refused))
        holder, wrong = self._holder(request)
        if holder is None:
            return await self._to_stranger(request, serve, wrong)
        if not self._holders.take(holder.digest.hex(), self._seconds()):
            await asyncio.sleep(SLOW_S)
            return problem("too_many")
        self._trust(request.transport)
        self._waits.good(_client(request))
        return await serve(request)

    def holder(self, request: web.Request) -> Holder | None:
        """Return who asks, as of now: a token may just have been replaced."""
        return self._holder(request)[0]

    # --- inside ---------------------------------------------------------------------
    async def _to_stranger(
        self, request: web.Request, serve: Handler, wrong: bool
    ) -> web.StreamResponse:
        if wrong:
            client = _client(request)
            wait_s = self._waits.fault(client, self._seconds())
            if self._told.take(client, self._seconds()):
                log.warning(
                    "event=desk_wrong_token client=%s wait_s=%.2f", client, wait_s
                )
            await asyncio.sleep(wait_s)
            return await self._in_the_crowd(request, problem("wrong_token"))
        if request.path in self._open_paths and request.method in SAFE:
            if self._strangers.take(_client(request), self._seconds()):
                return await serve(request)
            return await self._in_the_crowd(request, problem("too_many"))
        return await self._in_the_crowd(request, problem("no_token"))

    async def _in_the_crowd(
        self, request: web.Request, answer: web.Response
    ) -> web.Response:
        """Answer one of many who have no right here; a crowd is answered slowly."""
        if not self._strangers.take(_client(request), self._seconds()):
            await asyncio.sleep(SLOW_S)
            answer = problem("too_many")
            answer.force_close()
        return answer

    def _misplaced(self, request: web.Request) -> str:
        hosts = request.headers.getall(hdrs.HOST, [])
        if len(hosts) != 1 or hosts[0].lower() not in self.place.hosts:
            return "wrong_host"
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if any(origin not in self.place.origins for origin in origins):
            return "other_origin"
        # A link from elsewhere may lead to the page itself, and nowhere else.
        site = request.headers.get("Sec-Fetch-Site", "none")
        is_page = request.path == "/" and request.method in SAFE
        return "" if site in FROM_US or is_page else "other_origin"

    def _holder(self, request: web.Request) -> tuple[Holder | None, bool]:
        """Return who asks, and whether a token was shown that is not good."""
        said = request.headers.get(hdrs.AUTHORIZATION)
        if said is not None:
            scheme, _, token = said.partition(" ")
            found = self._tokens.holder(token.strip())
            good = found is not None and scheme.lower() == "bearer"
            return (found, False) if good else (None, True)
        cookie = request.cookies.get(self.place.cookie)
        if cookie is None:
            return None, False
        if request.method not in SAFE and hdrs.ORIGIN not in request.headers:
            return None, False  # every browser says where such a request comes from
        return self._sessions.holder(cookie), False


def _client(request: web.Request) -> str:
    return request.remote or "?"


def is_loopback(host: str) -> bool:
    """Say whether nobody from outside can come to this address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
