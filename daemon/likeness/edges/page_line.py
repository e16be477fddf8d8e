"""One page's WebSocket: scenes and pictures out, words in.

What goes out waits for nobody: a page that is slow gets the newest scene and the newest
picture, at most two of which it has not drawn yet. What comes in is bounded in size and
rate, and a page that speaks nonsense is told so and left. Leaves to others: who may
connect (page_guard.py), which of several pages is the screen (page_server.py).
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from likeness.core.percentiles import Percentiles
from likeness.core.scene import (
    Beat,
    Drawn,
    Painted,
    Scene,
    Showing,
    Speak,
    Tap,
    Word,
)
from likeness.core.throttle import Buckets
from likeness.edges.preview import Shown

log = logging.getLogger(__name__)

ELSEWHERE = 4001  # another page is the screen now
MOST_BYTES = 4096  # of one message; 64 places are some 300
WORDS_PER_S, WORDS_AT_ONCE = 100.0, 200.0  # a page says some 60 a second
IN_FLIGHT = 2  # pictures that the page has not drawn yet
DRAWN_WITHIN_S = 1.0  # else the picture is lost, and the next one is sent
CLOSE_WITHIN_S = 2.0
STILL_THERE_S = 5.0  # between two pings
BEAT_S = 2.0  # the page takes three of these without a word for a lost line (socket.js)
BEAT = msgspec.json.encode(Beat()).decode()
SHOWINGS = 64


class Stage(Protocol):
    """What a page shows, and who hears what it says; see service/stage.py."""

    language: str

    @property
    def scene(self) -> Scene:
        """All that the page draws now."""
        ...

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages there are, the default one first."""
        ...

    def subscribe(self, changed: Callable[[], None]) -> None:
        """Tell `changed` of every new scene."""
        ...

    def hear(self, tap: Tap) -> bool:
        """Obey a tap, if it still counts."""
        ...

    def speak(self, language: str) -> None:
        """Go on in this language."""
        ...

    def text_stands(self, language: str) -> None:
        """The page shows the consent in this language; empty: no page shows it."""
        ...

    def unseen(self) -> None:
        """No page shows the scene."""
        ...


class Times:
    """How long things took of late, over all pages."""

    def __init__(self) -> None:
        self.painted = Percentiles()  # from a new scene to its standing on the screen
        self.drawn = Percentiles()  # from a frame's capture to its standing there


class PageLine:
    """Serves one connection until it ends.

    Args:
        socket: prepared already.
        stage: what is shown.
        times: where measurements go.
        seconds: monotonic, of the camera's clock.
        edition: of the page that is served.
    """

    def __init__(
        self,
        socket: web.WebSocketResponse,
        stage: Stage,
        times: Times,
        seconds: Callable[[], float],
        edition: str = "",
    ) -> None:
        self._socket = socket
        self._stage = stage
        self._times = times
        self._seconds = seconds
        self._edition = edition
        self._news = asyncio.Event()
        self._changed_s = seconds()  # when the scene became another
        self._scene_due = True
        self._number = 0
        # Showings not painted yet: when they were due, language of the consent on them.
        self._text = ""  # language of the consent that the newest one shows
        self._sent: OrderedDict[int, tuple[float, str]] = OrderedDict()
        self._flying: OrderedDict[int, tuple[float, float]] = OrderedDict()
        self._picture: Shown | None = None
        self._buckets = Buckets(per_s=WORDS_PER_S, most=WORDS_AT_ONCE)
        self.is_screen = True

    # --- from the daemon ------------------------------------------------------------
    def scene_changed(self) -> None:
        """Send the new scene; several in a row become one."""
        if not self._scene_due:
            self._changed_s = self._seconds()
        self._scene_due = True
        self._news.set()

    @property
    def wants_picture(self) -> bool:
        """Whether it would take a picture now."""
        now = self._seconds()
        for number, (_, sent_s) in list(self._flying.items()):
            if now - sent_s > DRAWN_WITHIN_S:
                del self._flying[number]
        waiting = self._picture is not None
        return self.is_screen and len(self._flying) + waiting < IN_FLIGHT

    def show(self, picture: Shown) -> None:
        """Send this one next; the one that waited is dropped."""
        self._picture = picture
        self._news.set()

    def forget_picture(self) -> None:
        """No more pictures: drop what waits."""
        self._picture = None
        self._flying.clear()

    async def leave(self, code: int, why: str) -> None:
        """Close it; its words count no more from now on."""
        self.is_screen = False
        self.forget_picture()
        try:
            async with asyncio.timeout(CLOSE_WITHIN_S):
                await self._socket.close(code=code, message=why.encode())
        except (TimeoutError, OSError):
            pass  # it is gone, or does not listen

    # --- both ways ------------------------------------------------------------------
    async def run(self) -> None:
        """Serve until the page is gone."""
        sending = asyncio.create_task(self._send())
        try:
            async for message in self._socket:
                if message.type is not WSMsgType.TEXT:
                    await self.leave(WSCloseCode.UNSUPPORTED_DATA, "text only")
                    break
                why = self._take(message.data)
                if why:
                    log.warning("event=page_left why=%s", why)
                    await self.leave(WSCloseCode.POLICY_VIOLATION, why)
                    break
        finally:
            self.is_screen = False
            self.forget_picture()
            sending.cancel()
            await asyncio.wait([sending])

    async def _send(self) -> None:
        try:
            while True:
                await self._news_or_beat()
                self._news.clear()
                if self._scene_due:
                    await self._send_scene()
                picture, self._picture = self._picture, None
                if picture is not None:
                    await self._send_picture(picture)
        except (OSError, RuntimeError):
            return  # the page is gone; `run` ends by itself

    async def _news_or_beat(self) -> None:
        while True:
            try:
                async with asyncio.timeout(BEAT_S):
                    await self._news.wait()
                    return
            except TimeoutError:
                await self._socket.send_str(BEAT)

    async def _send_scene(self) -> None:
        self._scene_due = False
        self._number += 1
        showing = Showing(
            scene=self._stage.scene,
            number=self._number,
            language=self._stage.language,
            languages=self._stage.languages,
            edition=self._edition,
        )
        text = showing.language if showing.scene.consent else ""
        if text != self._text:
            self._text = text
            self._stage.text_stands("")  # until it is painted
        self._sent[self._number] = self._changed_s, text
        if len(self._sent) > SHOWINGS:
            self._sent.popitem(last=False)
        await self._socket.send_str(msgspec.json.encode(showing).decode())

    async def _send_picture(self, picture: Shown) -> None:
        number = picture.number & 0xFFFFFFFF
        self._flying[number] = (picture.captured_s, self._seconds())
        await self._socket.send_bytes(number.to_bytes(4, "big") + picture.jpeg)

    def _take(self, data: str) -> str:
        """Take one message; return why the page must go, or nothing."""
        now = self._seconds()
        if not self._buckets.take("", now):
            return "too many words"
        try:
            word = msgspec.json.decode(data, type=Word)
        except (msgspec.DecodeError, RecursionError):
            return "not understood"
        if not self.is_screen:
            return ""
        match word:
            case Drawn(frame=frame):
                if (flying := self._flying.pop(frame, None)) is not None:
                    self._times.drawn.add(now - flying[0])
            case Painted(number=number):
                if (sent := self._sent.pop(number, None)) is not None:
                    self._times.painted.add(now - sent[0])
                    if sent[1] == self._text:
                        self._stage.text_stands(self._text)
            case Speak(language=language):
                self._stage.speak(language)
            case _:
                self._stage.hear(word)
        return ""
