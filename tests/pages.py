"""The page's server over a real terminal, and a page that is a program."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from broker import free_port
from front_shop import FrontShop
from likeness.core.vocabulary import Purpose
from likeness.edges import page_files, sentences
from likeness.edges.page_server import PageServer
from likeness.edges.preview import Preview

LANGUAGES = ("en", "fr")


class Served(FrontShop):
    """A shop with its page served; `preview` taps the played camera."""

    def __init__(self, **manner: Any) -> None:
        super().__init__(**manner)
        self.port = free_port()
        self.preview = Preview(self.camera)
        self.terminal._frames.camera = self.preview  # what wiring does
        self.server = PageServer(
            self.stage,
            files=page_files.load(),
            catalogues=sentences.load(LANGUAGES),
            port=self.port,
            preview=self.preview,
            at_rest=lambda: self.terminal.idle,
            seconds=self.clock.now,
        )

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def served(self) -> AsyncIterator[aiohttp.ClientSession]:
        serving = asyncio.create_task(self.server.run())
        try:
            await self.server.listening.wait()
            async with self.open(), aiohttp.ClientSession() as session:
                yield session
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            self.preview.close()

    @asynccontextmanager
    async def page(self, session: aiohttp.ClientSession) -> AsyncIterator["Page"]:
        async with session.ws_connect(
            f"{self.origin}/socket", origin=self.origin
        ) as socket:
            page = Page(socket)
            listening = asyncio.create_task(page.listen())
            try:
                yield page
            finally:
                listening.cancel()
                await asyncio.wait([listening])


class Page:
    """Does what the page in the browser does, and notes what it is sent."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.shown: list[dict[str, Any]] = []
        self.frames: list[tuple[int, bytes]] = []
        self.beats = 0
        self.draws = self.paints = True

    async def listen(self) -> None:
        async for message in self.socket:
            if message.type is aiohttp.WSMsgType.TEXT:
                showing = json.loads(message.data)
                if showing["kind"] == "beat":
                    self.beats += 1
                    continue
                self.shown.append(showing)
                if self.paints:
                    await self.paint()
            else:
                number = int.from_bytes(message.data[:4], "big")
                self.frames.append((number, message.data[4:]))
                if self.draws:
                    await self.say("drawn", frame=number)

    async def paint(self) -> None:
        serial = self.scene["serial"]
        await self.say("painted", serial=serial, number=self.shown[-1]["number"])

    @property
    def scene(self) -> dict[str, Any]:
        scene: dict[str, Any] = self.shown[-1]["scene"]
        return scene

    async def say(self, do: str, **said: Any) -> None:
        await self.socket.send_str(json.dumps({"do": do, **said}))

    async def tap(self, do: str, **said: Any) -> None:
        await self.say(do, serial=self.scene["serial"], **said)

    async def until(self, *says: str) -> dict[str, Any]:
        while not self.shown or self.scene["say"] not in says:
            await asyncio.sleep(0.002)
        return self.scene

    async def closed(self) -> int | None:
        while not self.socket.closed:
            await asyncio.sleep(0.002)
        return self.socket.close_code


async def to_look(shop: Served, page: Page) -> None:
    """Go as far as the camera."""
    await page.until("idle_card")
    await page.tap("begin", purpose=Purpose.NEW_NUMBER, language="fr")
    await page.until("consent_card")
    await page.tap("agree", language="fr")
    await page.until("lay_card")
    shop.lay()
    await page.until("look_here")
