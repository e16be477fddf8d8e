"""What stands around the terminal in a replay in place of a shop.

A chain in memory, a clock that moves with the frames, a camera that counts, a card's
chip read from a picture file. Leaves to others: the visit itself.
"""

import secrets
import time
from collections.abc import Callable
from pathlib import Path

from likeness.bench.chip_portrait import chip_portrait
from likeness.core import jws
from likeness.core.chain import ChainHead, Stored
from likeness.edges.recorded import RecordedCamera
from likeness.errors import FeedUnreadable
from likeness.service.notary import Notary
from likeness.service.ports import Frame, Portrait
from likeness.vision.look import Looker

Make = Callable[[ChainHead], str]


class MemoryLedger:
    """A device's chain that lasts as long as the run."""

    def __init__(self, notary: Notary) -> None:
        self._head = ChainHead(secrets.token_hex(16), 0, "")
        self.token = ""
        self._keep(lambda head: notary.begin_epoch(head, None))

    async def append(self, make: Make) -> Stored:
        """Let `make` sign for the next place."""
        return self._keep(make)

    def _keep(self, make: Make) -> Stored:
        head = self._head
        self.token = make(head)
        following = jws.chain_hash(self.token)
        self._head = ChainHead(head.epoch, head.seq + 1, following)
        return Stored(head.epoch, head.seq, self.token)


class FeedClock:
    """The recording's own time: it moves with the frames and stands between them."""

    def __init__(self, start_s: float) -> None:
        self.seconds = start_s

    def now(self) -> float:
        """Return the capture time of the newest frame."""
        return self.seconds


class TimedCamera:
    """A recorded camera that moves the clock and counts what it cost."""

    def __init__(self, camera: RecordedCamera, clock: FeedClock) -> None:
        self._camera = camera
        self._clock = clock
        self._cpu_at_start_s = time.process_time()
        self.first_s: float | None = None
        self.frames = 0
        self.problem = ""

    @property
    def cpu_s(self) -> float:
        """CPU seconds of the whole process since the recording stood at its start."""
        return time.process_time() - self._cpu_at_start_s

    async def start(self) -> None:
        """Open the recording."""
        try:
            await self._camera.start()
        except FeedUnreadable as fault:
            self.problem = str(fault)
            raise
        self._cpu_at_start_s = time.process_time()

    async def frame(self) -> Frame | None:
        """Give the next frame in order."""
        try:
            frame = await self._camera.frame()
        except FeedUnreadable as fault:
            self.problem = str(fault)
            raise
        if frame is not None:
            self.frames += 1
            self._clock.seconds = frame.captured_s
            if self.first_s is None:
                self.first_s = frame.captured_s
        return frame

    async def stop(self) -> None:
        """Close the recording."""
        await self._camera.stop()

    def set_rate(self, fps: float | None) -> None:
        """Pass the wish on."""
        self._camera.set_rate(fps)

    def hold(self, steady: bool) -> None:
        """Pass the wish on."""
        self._camera.hold(steady)


class PortraitFromFile:
    """The card's chip in a replay: a picture, degraded to a chip's if so wished."""

    def __init__(self, path: Path | None, *, degrade: bool, looker: Looker) -> None:
        self._path = path
        self._degrade = degrade
        self._looker = looker

    async def decode(self, record: bytes) -> Portrait:
        """Return the picture; the record of a bench card is empty."""
        del record
        if self._path is None:
            return Portrait(None, "not on the card")
        try:
            image = self._path.read_bytes()
        except OSError as problem:  # it was there when the visit was planned
            return Portrait(None, problem.strerror or "cannot be read")
        if self._degrade:
            # Without a face to crop to it stays as it is: enrolling will say so.
            image = chip_portrait(image, self._looker) or image
        return Portrait(image)


class NoScreen:
    """Nobody watches a replay."""

    def show(self, state: str, detail: str = "") -> None:
        """Show nothing."""
