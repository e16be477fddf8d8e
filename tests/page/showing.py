"""Serves the visitor's page and shows it the scenes a test gives; hears what it says.

The picture is a drawn gradient. Leaves to others: which scenes (scenes.py).
"""

import asyncio
import struct
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import msgspec
import numpy as np
from aiohttp import WSMsgType, web

from browser.chromium import Page
from likeness.core.scene import Beat, Painted, Scene, Showing, Word
from likeness.edges.page_line import BEAT_S

PAGE = Path(__file__).parents[2] / "daemon" / "likeness" / "page"
LANGUAGES = ("en", "zh-Hans", "es", "ar", "fr")
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self';"
        " img-src 'self' blob:; base-uri 'none'; form-action 'none';"
        " frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
PAINTED_WITHIN_S = 10.0


def gradient(width: int = 640, height: int = 480) -> bytes:
    """Return a JPEG that is dark at its left, bright at its right, and nobody's."""
    row = np.linspace(40, 230, width, dtype=np.uint8)
    picture = np.repeat(np.stack([row] * 3, axis=1)[np.newaxis], height, axis=0)
    return cv2.imencode(".jpg", np.ascontiguousarray(picture))[1].tobytes()


class Show:
    """A daemon that has nothing but its page.

    Attributes:
        heard: every word of the page, decoded as the daemon decodes it.
        refuses: to give its sentences.
        hangs: says nothing any more, and takes nothing in.
        edition: of the page, as it says.
    """

    def __init__(self, scene: Scene, language: str = "en") -> None:
        self.scene = scene
        self.language = language
        self.number = 0
        self.hangs = self.refuses = False
        self.edition = "first"
        self.heard: list[Word] = []
        self._sockets: list[web.WebSocketResponse] = []
        self._told = asyncio.Event()
        self._runner: web.AppRunner | None = None
        self.port = 0

    async def __aenter__(self) -> Self:
        """Listen on a free port of 127.0.0.1, and on the same one again."""
        app = web.Application()
        app.router.add_get("/", self._index)
        app.router.add_get("/page/{name}", self._static)
        app.router.add_get("/languages/{name}", self._catalogue)
        app.router.add_get("/socket", self._socket)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(
        self,
        _type: type[BaseException] | None,
        _fault: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Hang up, and listen no more."""
        await self.hang_up()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def lines(self) -> int:
        """How many pages are connected."""
        return len(self._sockets)

    async def show(self, scene: Scene, language: str | None = None) -> None:
        """Show this from now on."""
        self.scene = scene
        self.language = language or self.language
        self.number += 1
        for socket in list(self._sockets):
            await socket.send_str(self._message())

    async def until_painted(self, scene: Scene, language: str | None = None) -> None:
        """Show this, and return when it stands on the screen."""
        await self.show(scene, language)
        async with asyncio.timeout(PAINTED_WITHIN_S):
            while not any(
                isinstance(word, Painted) and word.number == self.number
                for word in self.heard
            ):
                self._told.clear()
                await self._told.wait()
        self.heard = [word for word in self.heard if not isinstance(word, Painted)]

    async def picture(self, frame: int, jpeg: bytes | None = None) -> None:
        """Send one frame of the camera."""
        data = struct.pack(">I", frame) + (gradient() if jpeg is None else jpeg)
        for socket in list(self._sockets):
            await socket.send_bytes(data)

    async def raw(self, text: str) -> None:
        """Send what no daemon would."""
        for socket in list(self._sockets):
            await socket.send_str(text)

    async def hang_up(self, code: int = 1001) -> None:
        """Close all lines."""
        for socket in list(self._sockets):
            await socket.close(code=code)

    async def hears(self, kind: type[Word], within_s: float = 10.0) -> Word:
        """Return the first word of this kind, now or later, and forget it."""
        async with asyncio.timeout(within_s):
            while True:
                for word in self.heard:
                    if isinstance(word, kind):
                        self.heard.remove(word)
                        return word
                self._told.clear()
                await self._told.wait()

    def _message(self) -> str:
        showing = Showing(
            scene=self.scene,
            number=self.number,
            language=self.language,
            languages=LANGUAGES,
            edition=self.edition,
        )
        return msgspec.json.encode(showing).decode()

    async def _index(self, _request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGE / "index.html", headers=HEADERS)

    async def _static(self, request: web.Request) -> web.FileResponse:
        return self._file(PAGE / request.match_info["name"])

    async def _catalogue(self, request: web.Request) -> web.FileResponse:
        if self.refuses:
            raise web.HTTPTooManyRequests
        return self._file(PAGE / "languages" / request.match_info["name"])

    def _file(self, path: Path) -> web.FileResponse:
        if not path.is_file():
            raise web.HTTPNotFound
        return web.FileResponse(path, headers=HEADERS)

    async def _socket(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self._sockets.append(socket)
        if not self.hangs:
            await socket.send_str(self._message())
        beating = asyncio.create_task(self._beat(socket))
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    self.heard.append(msgspec.json.decode(message.data, type=Word))
                    self._told.set()
        finally:
            beating.cancel()
            self._sockets.remove(socket)
        return socket

    async def _beat(self, socket: web.WebSocketResponse) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            if not self.hangs and not socket.closed:
                await socket.send_str(msgspec.json.encode(Beat()).decode())


@dataclass
class Stand:
    """What a test works with: a daemon's stand-in, and the page that believes it."""

    loop: asyncio.Runner
    show: Show
    page: Page
