"""A terminal with small classes for its edges, and what happened, in order."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace

import visits as v
from deaf_camera import DeafCamera
from likeness.core import visit_events as e
from likeness.core.chain import Stored
from likeness.core.profile import PROFILES
from likeness.core.seen import Attention, Embedding, Observation
from likeness.core.session import Session
from likeness.core.vocabulary import (
    Act,
    Card,
    Conclusion,
    Purpose,
    Reason,
)
from likeness.errors import DeviceLost, LikenessError
from likeness.service.ports import Frame, Portrait
from likeness.service.terminal import Terminal

PROFILE = replace(PROFILES["standard"], needs_carrier_nonce=False, goodbye_s=0.01)


class PlayedClock:
    """Time moves with the frames and never by itself."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds


class PlayedCamera(DeafCamera):
    """Gives observations as if they were frames; `Sight` passes them through."""

    def __init__(
        self, clock: PlayedClock, frames: Iterable[Observation], then: str = "ends"
    ) -> None:
        self._clock = clock
        self._frames = iter(frames)
        self._then = then
        self.running = False
        self.starts = 0

    async def start(self) -> None:
        if self._then == "absent":
            raise DeviceLost("no camera at all")
        self.running = True
        self.starts += 1

    async def frame(self) -> Frame | None:
        await asyncio.sleep(0)
        seen = next(self._frames, None)
        if seen is None:
            if self._then == "breaks":
                self._clock.seconds += 11
                raise DeviceLost("the camera gives no frames")
            return None
        self._clock.seconds = seen.captured_s
        return Frame(seen.captured_s, seen.frame, seen)

    async def stop(self) -> None:
        self.running = False


class PassedThrough:
    """Vision that is told what to see."""

    def __init__(self) -> None:
        self.forgotten = 0

    async def enrol(self, portrait: bytes) -> Embedding | None:
        return v.embedding(1) if portrait == b"portrait" else None

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        seen: Observation = frame.image
        return seen

    def forget(self) -> None:
        self.forgotten += 1


class OnePortrait:
    def __init__(self, portrait: Portrait) -> None:
        self._portrait = portrait

    async def decode(self, record: bytes) -> Portrait:
        return self._portrait


class Shop:
    """A terminal with everything around it, and a list of what happened in order."""

    def __init__(
        self,
        frames: Iterable[Observation],
        *,
        then: str = "ends",
        portrait: Portrait | None = None,
        fault: LikenessError | None = None,
    ) -> None:
        self.clock = PlayedClock()
        self.camera = PlayedCamera(self.clock, frames, then)
        self.sight = PassedThrough()
        self.happened: list[str] = []
        self.conclusions: list[Conclusion] = []
        self.asked: list[e.AskNonce] = []
        self.fault = fault
        self.has_room = True
        self.unfit = ""
        self.session = Session(PROFILE, tries_key=b"test")
        self.terminal = Terminal(
            session=self.session,
            clock=self.clock,
            camera=self.camera,
            sight=self.sight,
            portraits=OnePortrait(portrait or Portrait(b"portrait")),
            screen=self,
            record=self.record,
            recorded=lambda stored: self.happened.append(f"deliver {stored.seq}"),
            ask_nonce=self.asked.append,
            seek_card=lambda: self.happened.append("seek"),
            room=lambda: self.has_room,
            unfit=lambda: self.unfit,
        )

    def show(self, state: str, detail: str = "") -> None:
        self.happened.append(f"show {state} {detail}".strip())

    async def record(self, conclusion: Conclusion) -> Stored:
        if self.fault is not None:
            raise self.fault
        self.conclusions.append(conclusion)
        self.happened.append("commit")
        return Stored("epoch", len(self.conclusions), "token")

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        serving = asyncio.create_task(self.terminal.run())
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.wait([serving])

    async def visit(self, laid: Card | Reason | None = None) -> Conclusion | None:
        async with self.open():
            self.terminal.card_laid(laid or v.card(), Purpose.REPLACE_SIM, "2026-11")
            async with asyncio.timeout(10):
                await self.terminal.concluded.wait()
        return self.conclusions[-1] if self.conclusions else None


def performance(*acts: Act, visitor: v.Visitor | None = None) -> Iterable[Observation]:
    """Do every act over and over: whatever is asked is answered."""
    visitor = visitor or v.Visitor()
    yield from visitor.still(0.8)
    for number in range(60):
        for act in acts:
            yield from visitor.does(act)
            # Nobody keeps time; an even pause is a looped feed sooner or later.
            yield from visitor.still(0.1 + 0.037 * (number % 7))
