"""A real terminal with a real stage; visitor, camera and carrier are played."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import numpy as np

import visits as v
from deaf_camera import DeafCamera
from likeness.core import visit_events as e
from likeness.core.chain import Stored
from likeness.core.guidance import Guidance, Picture
from likeness.core.profile import PROFILES
from likeness.core.scene import NumberLine, Scene, Tap
from likeness.core.scenery import ConsentText, Manner
from likeness.core.seen import Attention, Embedding, Face, Frame, Observation
from likeness.core.session import Session
from likeness.core.vocabulary import Act, Conclusion, NonceSource, Portrait, Purpose
from likeness.errors import LikenessError, StoreFull
from likeness.service.ports_parts import Answered
from likeness.service.stage import Stage
from likeness.service.terminal import Terminal

POLICY = replace(
    PROFILES["standard"], acts=2, needs_carrier_nonce=False, tries=1000, goodbye_s=5.0
)
TEXTS = {
    "en": ConsentText("2026-11", "e" * 43),
    "fr": ConsentText("2026-11", "f" * 43),
}
NUMBERS = (
    NumberLine(number="138****0001", place="Nanjing", since="2019-03-02"),
    NumberLine(number="138****0002", place="Suzhou", since="2024-11-30"),
)
NOW_S = 1_795_000_000
SIZE = (480, 640, 3)


class Clock:
    """Monotonic seconds that a test moves."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> float:
        return self.seconds


class Performer(DeafCamera):
    """A camera before which somebody does whatever is asked, once `acts` is set.

    The pixels are noise around the number of the frame; what is seen in them is played.
    """

    def __init__(self, shop: "FrontShop") -> None:
        self._shop = shop
        self.visitor = v.Visitor()
        self.acts = True
        self.face: Face | None = v.STILL
        self.every_s = 0.0
        self._todo: list[Observation] = []
        self.running = False

    async def start(self) -> None:
        self.running = True
        self.visitor.now = self._shop.clock.seconds

    async def frame(self) -> Frame | None:
        await asyncio.sleep(self.every_s)
        if not self._todo:
            asking = self._shop.terminal.glance.asking
            if asking is not None and self.acts:
                self._todo = list(self.visitor.does(asking))
            else:
                self._todo = [self.visitor.frame(self.face)]
        seen = self._todo.pop(0)
        self._shop.clock.seconds = seen.captured_s
        image = np.full(SIZE, seen.frame % 200, np.uint8)
        self._shop.seen[seen.frame] = seen
        return Frame(seen.captured_s, seen.frame, image)

    async def stop(self) -> None:
        self.running = False


class Seen:
    """Vision that knows what the performer did."""

    def __init__(self, shop: "FrontShop") -> None:
        self._shop = shop

    async def enrol(self, portrait: bytes) -> Embedding | None:
        return v.embedding(1)

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        return self._shop.seen.pop(frame.number)

    def forget(self) -> None:
        self._shop.seen.clear()


class OnePortrait:
    async def decode(self, record: bytes) -> Portrait:
        return Portrait(b"portrait")


class PlayedCarrier:
    """An inquiry whose answer the test gives."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, Answered]] = []
        self.disputed: list[tuple[int, tuple[int, ...]]] = []
        self.forgotten: list[int] = []
        self.fault: LikenessError | None = None

    def ask(self, conclusion: Conclusion, stored: Stored, answered: Answered) -> None:
        self.asked.append((conclusion.visit, answered))

    def answer(self, lines: tuple[NumberLine, ...] | None) -> None:
        visit, answered = self.asked[-1]
        answered(visit, lines)

    async def dispute(self, visit: int, places: Sequence[int]) -> str:
        if self.fault is not None:
            raise self.fault
        self.disputed.append((visit, tuple(places)))
        return "jti"

    def forget(self, visit: int) -> None:
        self.forgotten.append(visit)


class FrontShop:
    """Everything from the terminal to the stage."""

    def __init__(
        self,
        *,
        by_card: bool = True,
        typed: bool = False,
        purposes: tuple[Purpose, ...] = tuple(Purpose),
        acts: tuple[Act, ...] | None = None,
        numbers_shown_s: float = 30.0,
        light: bool = False,
    ) -> None:
        self.clock = Clock()
        self.seen: dict[int, Observation] = {}
        self.camera = Performer(self)
        self.conclusions: list[Conclusion] = []
        self.scenes: list[Scene] = []
        self.keys: list[str] = []
        self.calls: list[int] = []
        self.carrier = PlayedCarrier()
        self.trouble: tuple[str, str] | None = None
        self.health = ""
        self.full = False
        self.picture = Picture(640, 480)
        self.stage = Stage(
            terminal=lambda: self.terminal,
            clock=self.clock,
            manner=Manner(purposes, consent="2026-11", by_card=by_card),
            texts=TEXTS,
            guidance=Guidance(min_face_px=70.0, min_brightness=0.1),
            picture=lambda: self.picture,
            now_s=lambda: NOW_S,
            trouble=lambda: self.trouble,
            health=lambda: self.health,
            enter_key=self.keys.append if typed else None,
            inquiry=lambda: self.carrier,
            numbers_shown_s=numbers_shown_s,
            called=self.calls.append,
        )
        self.terminal = Terminal(
            session=Session(replace(POLICY, light=light), tries_key=b"test"),
            clock=self.clock,
            camera=self.camera,
            sight=Seen(self),
            portraits=OnePortrait(),
            screen=self.stage,
            record=self._record,
            ask_nonce=lambda ask: self.terminal.nonce(
                ask.visit, b"n" * 32, NonceSource.CARRIER
            ),
            watches=(self.stage,),
            on_observation=self.stage.observed,
            stirred=self.stage.refresh,
        )
        self.stage.subscribe(lambda: self.scenes.append(self.stage.scene))

    async def _record(self, conclusion: Conclusion) -> Stored:
        if self.full:
            raise StoreFull("no room")
        self.conclusions.append(conclusion)
        return Stored("epoch", len(self.conclusions), "token")

    @property
    def scene(self) -> Scene:
        return self.stage.scene

    @property
    def says(self) -> list[str]:
        """What was said, each once."""
        found: list[str] = []
        for one in self.scenes:
            if not found or found[-1] != one.say:
                found.append(one.say)
        return found

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        serving = asyncio.create_task(self.terminal.run())
        try:
            async with asyncio.timeout(20):
                await self.until("idle", "idle_card")
                yield
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    async def until(self, *says: str) -> Scene:
        """Wait until one of these is said."""
        while self.scene.say not in says:
            await asyncio.sleep(0.001)
        return self.scene

    async def settle(self) -> Scene:
        """Let the terminal take what it was given."""
        for _ in range(20):
            await asyncio.sleep(0)
        return self.scene

    async def passes(self, seconds: float) -> Scene:
        """Let time pass while nothing happens."""
        self.clock.seconds += seconds
        self.terminal.post(e.TimePassed())
        return await self.settle()

    async def hear(self, tap: Tap) -> bool:
        obeyed = self.stage.hear(tap)
        await self.settle()
        return obeyed

    def lay(self) -> None:
        self.terminal.post(e.CardPresented(v.card()))
