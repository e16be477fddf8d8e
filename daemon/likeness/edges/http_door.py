"""Lets HTTP connections in at a walking pace, so that no crowd holds up the visit.

At most so many a second are taken; the others wait in the kernel and cost us nothing.
Of those inside, few stay: who has shown no right to be here leaves after some seconds,
and earlier when somebody new needs the place, so that a crowd cannot shut out the one
with the key. Leaves to others: HTTP, and who is trusted.
"""

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable

log = logging.getLogger(__name__)

PACE_S = 0.01  # between two connections
BACKLOG = 64
MOST_INSIDE = 32
MOST_OPENING = 8  # TLS handshakes at once
HANDSHAKE_S = 5.0
UNTRUSTED_S = 15.0
RETRY_S = 5.0


class Door:
    """One listening socket.

    Args:
        host: the address; one that is not there (yet) is tried again.
        port: its port.
        protocol: makes what speaks HTTP on one connection.
        tls: gives the present certificate; None: no TLS.
        untrusted_s: how long a connection may stay that nobody has trusted.
        most_inside: connections; those that somebody has trusted stay.
        name: of what is served, as the log and the configuration call it.
        told: that somebody listens now.
    """

    def __init__(
        self,
        host: str,
        port: int,
        protocol: Callable[[], asyncio.Protocol],
        *,
        tls: Callable[[], ssl.SSLContext | None] = lambda: None,
        untrusted_s: float = UNTRUSTED_S,
        most_inside: int = MOST_INSIDE,
        name: str = "desk",
        told: Callable[[], object] = lambda: None,
    ) -> None:
        self._host = host
        self._port = port
        self._protocol = protocol
        self._tls = tls
        self._untrusted_s = untrusted_s
        self._most_inside = most_inside
        self._name = name
        self._told = told
        self._inside: dict[asyncio.BaseTransport, bool] = {}  # and whether trusted
        self._opening: dict[asyncio.Task[object], None] = {}
        self.open = asyncio.Event()  # somebody listens
        self.taken = 0  # connections, since the start

    def trust(self, transport: asyncio.BaseTransport | None) -> None:
        """Let this connection stay: it has shown the token."""
        if transport in self._inside:
            self._inside[transport] = True

    async def run(self) -> None:
        """Listen until cancelled; an address that cannot be had is no reason to end."""
        while True:
            try:
                listening = await self._listen()
            except OSError as problem:
                log.warning(
                    "event=%s_not_listening at=%r why=%r what_to_do=%r",
                    self._name,
                    f"{self._host}:{self._port}",
                    problem.strerror or str(problem),
                    "stop who listens there, or set another; it is tried again",
                )
                await asyncio.sleep(RETRY_S)
                continue
            try:
                self.open.set()
                self._told()
                await self._take_in(listening)
            finally:
                self.open.clear()
                listening.close()
                for task in list(self._opening):
                    task.cancel()
                for transport in list(self._inside):
                    _abort(transport)

    # --- inside ---------------------------------------------------------------------
    async def _listen(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listening = socket.socket(family, socket.SOCK_STREAM)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.setblocking(False)
            listening.bind((self._host, self._port))
            listening.listen(BACKLOG)
        except BaseException:
            listening.close()
            raise
        return listening

    async def _take_in(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                line, _ = await loop.sock_accept(listening)
            except OSError as problem:  # gone again, or no more files
                log.warning("event=%s_not_taken why=%r", self._name, problem.strerror)
                await asyncio.sleep(RETRY_S)
                continue
            self.taken += 1
            while len(self._opening) >= MOST_OPENING:
                oldest = next(iter(self._opening))
                del self._opening[oldest]
                oldest.cancel()
            task: asyncio.Task[object] = loop.create_task(self._welcome(line))
            self._opening[task] = None
            task.add_done_callback(lambda done: self._opening.pop(done, None))
            await asyncio.sleep(PACE_S)

    async def _welcome(self, line: socket.socket) -> None:
        tls = self._tls()
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: _Guest(self, self._protocol()),
                line,
                ssl=tls,
                ssl_handshake_timeout=HANDSHAKE_S if tls else None,
            )
        except (OSError, TimeoutError):
            line.close()  # no TLS, or gone: nothing of ours
        except asyncio.CancelledError:
            line.close()
            raise

    def entered(self, transport: asyncio.BaseTransport) -> None:
        """Take note of a connection that is up; there may be one too many."""
        self._inside[transport] = False
        if len(self._inside) > self._most_inside:
            strangers = (one for one, trusted in self._inside.items() if not trusted)
            self._put_out(next(strangers))  # the newest is one, if no other
        asyncio.get_running_loop().call_later(
            self._untrusted_s, self._see_off, transport
        )

    def left(self, transport: asyncio.BaseTransport) -> None:
        """Forget a connection that ended."""
        self._inside.pop(transport, None)

    def _see_off(self, transport: asyncio.BaseTransport) -> None:
        if self._inside.get(transport) is False:
            self._put_out(transport)

    def _put_out(self, transport: asyncio.BaseTransport) -> None:
        self.left(transport)  # its end is told later, and it must not count till then
        _abort(transport)


class _Guest(asyncio.Protocol):
    """Passes everything on to who speaks HTTP, and tells the door."""

    def __init__(self, door: Door, speaks: asyncio.Protocol) -> None:
        self._door = door
        self._speaks = speaks
        self._transport: asyncio.BaseTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._speaks.connection_made(transport)
        self._door.entered(transport)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._transport is not None:
            self._door.left(self._transport)
        self._speaks.connection_lost(problem)

    def data_received(self, data: bytes) -> None:
        self._speaks.data_received(data)

    def eof_received(self) -> bool | None:
        return self._speaks.eof_received()

    def pause_writing(self) -> None:
        self._speaks.pause_writing()

    def resume_writing(self) -> None:
        self._speaks.resume_writing()


def _abort(transport: asyncio.BaseTransport) -> None:
    with contextlib.suppress(OSError):
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        else:
            transport.close()
