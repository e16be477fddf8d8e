"""The DevTools protocol over a pipe: commands, their answers, and a page's events.

Messages are JSON, each with a NUL at its end. Leaves to others: starting a browser
(chromium.py) and which commands it is given.
"""

import asyncio
import json
import os
from collections.abc import Callable
from typing import Any, Self

from likeness.errors import LikenessError

CALL_WITHIN_S = 30.0
MESSAGE_BYTES = 64 << 20  # a screenshot comes in one message

Json = dict[str, Any]  # Any: the protocol's messages, of hundreds of kinds


class BrowserFault(LikenessError):
    """The browser, or a page in it, did not do as it was told."""


class Link:
    """Commands to the browser and their answers, by number; events to who listens."""

    def __init__(self, out: asyncio.WriteTransport) -> None:
        self._out = out
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Json]] = {}
        self._listeners: dict[str, Callable[[str, Json], None]] = {}
        self._reading: asyncio.Task[None] | None = None
        self._close_in: Callable[[], None] = lambda: None

    @classmethod
    async def open(cls, our_in: int, our_out: int) -> Self:
        """Take over both ends of the pipe."""
        loop = asyncio.get_running_loop()
        out, _ = await loop.connect_write_pipe(
            asyncio.BaseProtocol, os.fdopen(our_out, "wb", 0)
        )
        link = cls(out)
        reader = asyncio.StreamReader(limit=MESSAGE_BYTES)
        arriving, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(our_in, "rb", 0)
        )
        link._close_in = arriving.close
        link._reading = asyncio.create_task(link._read(reader))
        return link

    def listen(self, session: str, hear: Callable[[str, Json], None]) -> None:
        """Tell `hear` the events of one page."""
        self._listeners[session] = hear

    async def call(
        self,
        method: str,
        session: str = "",
        *,
        within_s: float = CALL_WITHIN_S,
        **parameters: object,
    ) -> Json:
        """Give a command and return its answer; raise BrowserFault."""
        if self._reading is None or self._reading.done():
            raise BrowserFault(f"{method}: the browser has ended")
        self._last += 1
        number = self._last
        message: Json = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        answer = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._out.write(json.dumps(message).encode() + b"\0")
        try:
            async with asyncio.timeout(within_s):
                said: Json = await answer
        except TimeoutError:
            raise BrowserFault(f"{method}: no answer in {within_s:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if "error" in said:
            raise BrowserFault(f"{method}: {said['error'].get('message')}")
        return dict(said["result"])

    def close(self) -> None:
        """Let go of the pipe; a browser that still runs ends by that."""
        self._out.close()
        self._close_in()
        if self._reading is not None:
            self._reading.cancel()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        try:
            while True:
                said = json.loads((await reader.readuntil(b"\0"))[:-1])
                if "id" in said:
                    answer = self._waiting.get(said["id"])
                    if answer is not None and not answer.done():
                        answer.set_result(said)
                elif hear := self._listeners.get(said.get("sessionId", "")):
                    hear(said["method"], said["params"])
        except asyncio.IncompleteReadError:
            pass  # it has ended
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(BrowserFault("the browser has ended"))
