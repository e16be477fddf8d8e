"""Real parts hang for real, and a real NOTIFY_SOCKET hears whether the dog is fed."""

import asyncio
import io
import socket
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import numpy as np
import pytest

from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.core.seen import Attention, Frame, Observation
from likeness.core.wellness import Part, Wellness
from likeness.edges import systemd
from likeness.edges.camera import Frames, SlotCamera
from likeness.edges.clock import SystemClock
from likeness.edges.reader_serial import SerialLine
from likeness.edges.screen_text import TextScreen
from likeness.edges.store import SqliteStore
from likeness.errors import DeviceLost
from likeness.service.reading import CardEvent, CardReading
from likeness.service.wellbeing import OwesSince, Wellbeing
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from likeness.wiring import build
from replays import CLIP
from stories import story, until
from terminals import settings

EVERY_S = 0.02
LIMIT_S = 0.2
LIMITS_S = dict.fromkeys(Part, LIMIT_S)


class Dog:
    """systemd's side of the socket."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self.heard: list[str] = []

    def fed(self) -> int:
        """Take in what has come; return how often it was fed since the last time."""
        new = []
        while True:
            try:
                new.append(self._line.recv(200).decode())
            except BlockingIOError:
                break
        self.heard += new
        return new.count("WATCHDOG=1")

    async def starves(self) -> bool:
        """Whether nothing comes any more, though there was time for ten beats."""
        with_patience = time.monotonic() + 20.0
        while time.monotonic() < with_patience:
            self.fed()
            await asyncio.sleep(EVERY_S * 10)
            if self.fed() == 0:
                return True
        return False

    async def is_fed(self, times: int = 3) -> bool:
        self.fed()
        count, with_patience = 0, time.monotonic() + 20.0
        while count < times and time.monotonic() < with_patience:
            await asyncio.sleep(EVERY_S)
            count += self.fed()
        return count >= times


@pytest.fixture
def dog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dog]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
        line.bind(str(tmp_path / "notify"))
        line.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield Dog(line)


class Gate:
    """Where a thread of the product hangs until the test lets it go."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self.reached = threading.Event()

    def __enter__(self) -> "Gate":
        return self

    def __exit__(self, *_fault: object) -> None:
        self._open.set()

    def pass_through(self) -> None:
        self.reached.set()
        self._open.wait(60)

    def open(self) -> None:
        self._open.set()


async def answers() -> None:
    """A store that is well."""


@asynccontextmanager
async def watched(
    part: Part | None = None,
    since: OwesSince = lambda: None,
    probe: Callable[[], Awaitable[None]] = answers,
) -> AsyncIterator[Wellbeing]:
    well = Wellbeing(
        clock=SystemClock(),
        owes={} if part is None else {part: since},
        probe=probe,
        notify=systemd.notify,
        rules=Wellness(LIMITS_S, EVERY_S),
        probe_every_s=EVERY_S,
    )
    task = asyncio.create_task(well.run())
    try:
        yield well
    finally:
        task.cancel()
        await asyncio.wait([task])


def hung(well: Wellbeing) -> tuple[str, ...]:
    return well.hung


def frame(number: int) -> Frame:
    return Frame(time.monotonic(), number, np.zeros((8, 8, 3), np.uint8))


@story
async def test_a_camera_whose_read_blocks_starves_the_dog(dog: Dog) -> None:
    with Gate() as gate:

        def blocking() -> Frames:
            yield frame(0)
            gate.pass_through()
            yield frame(1)

        camera = SlotCamera(
            "cam", blocking, next_within_s=LIMIT_S, closed_within_s=EVERY_S
        )
        async with watched(Part.CAMERA, lambda: camera.stuck_since) as well:
            await camera.start()
            assert await camera.frame()
            assert await dog.is_fed()
            with pytest.raises(DeviceLost, match="no frame for"):
                await camera.frame()
            await camera.stop()  # as the visit does when the camera is lost
            assert await dog.starves()
            assert well.hung == ("camera",)
            assert "STATUS=camera hangs: waiting to be started again" in dog.heard
            gate.open()
            assert await dog.is_fed()
            assert not hung(well)


@story
async def test_a_camera_that_is_closed_or_gone_is_no_reason(dog: Dog) -> None:
    def gone() -> Frames:
        raise DeviceLost("cam: no such camera")
        yield frame(0)

    camera = SlotCamera("cam", gone)
    async with watched(Part.CAMERA, lambda: camera.stuck_since):
        with pytest.raises(DeviceLost):
            await camera.start()
        await asyncio.sleep(LIMIT_S * 2)
        assert await dog.is_fed()


class Absorbed(Looker):
    """Looks for ever."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def look(self, image: object, **how: object) -> Observation:
        self._gate.pass_through()
        return Observation(0.0, 0, 0, None)

    def forget(self) -> None:
        pass


@story
async def test_a_look_that_never_ends_starves_the_dog(dog: Dog) -> None:
    with Gate() as gate:
        sight = SightOnThread(Absorbed(gate))
        async with watched(Part.VISION, lambda: sight.busy_since) as well:
            assert await dog.is_fed()
            looking = asyncio.create_task(
                sight.look(frame(0), Attention(eyes=False, embed=None))
            )
            await asyncio.to_thread(gate.reached.wait, 10)
            looking.cancel()  # the visit is over; its thread is not
            assert await dog.starves()
            assert well.hung == ("vision",)
            gate.open()
            assert await dog.is_fed()
        sight.close()


@story
async def test_a_store_that_hangs_starves_the_dog(dog: Dog, tmp_path: Path) -> None:
    def begin(_head: ChainHead, _former: Link | None, _why: EpochReason | None) -> str:
        return "a.b.c"

    def make(_head: ChainHead) -> str:
        gate.pass_through()  # inside the transaction, as a disk that hangs would be
        return "a.b.d"

    store = SqliteStore(tmp_path / "state", begin)
    await store.open()
    with Gate() as gate:
        async with watched(probe=store.probe) as well:
            assert await dog.is_fed()
            keeping = asyncio.create_task(store.append(make))
            assert await dog.starves()
            assert well.hung == ("store",)
            gate.open()
            await keeping
            assert await dog.is_fed()
    await store.close()


@story
async def test_a_disk_that_answers_with_a_fault_has_answered(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "state", lambda *_: "a.b.c")
    await store.probe()  # before it is open there is nothing to reach
    await store.open()
    await store.probe()
    await store.close()


@story
async def test_an_unplugged_reader_does_not_starve_it(dog: Dog, tmp_path: Path) -> None:
    told: list[CardEvent] = []
    reading = CardReading(
        SerialLine(str(tmp_path / "unplugged"), 115200),
        SystemClock(),
        told.append,
        reopen_after_s=[LIMIT_S / 4],
    )
    async with watched(Part.READER, lambda: reading.stirred_s):
        task = asyncio.create_task(reading.run())
        await asyncio.sleep(LIMIT_S * 3)
        assert len(told) == 1  # and it was told, once
        assert await dog.is_fed()
        task.cancel()  # a reading that does nothing at all any more is another thing
        assert await dog.starves()


@story
async def test_a_loop_that_hangs_feeds_nothing(dog: Dog) -> None:
    async with watched():
        assert await dog.is_fed()
        dog.fed()
        time.sleep(EVERY_S * 10)  # noqa: ASYNC251 - the very thing that is watched
        assert dog.fed() == 0
        assert await dog.is_fed()


@story
async def test_the_whole_daemon_feeds_it_and_stops_when_its_store_hangs(
    dog: Dog, tmp_path: Path, pictures: Path
) -> None:
    """Without a reader and without a broker: lost, and told, but no reason to die."""
    screen = io.StringIO()
    async with AsyncExitStack() as stack:
        given = settings(tmp_path, pictures / CLIP)
        daemon = await build(given, stack, screen=TextScreen(screen))
        daemon.well._rules = Wellness({**LIMITS_S, Part.READER: 60.0}, EVERY_S)
        daemon.well._probe_every_s = EVERY_S
        task = asyncio.create_task(daemon.run())
        with Gate() as gate:

            def make(_head: ChainHead) -> str:
                gate.pass_through()
                raise RuntimeError("it is not kept")

            await until(lambda: "card reader does not answer" in screen.getvalue())
            assert await dog.is_fed()
            keeping = asyncio.create_task(daemon.store.append(make))
            assert await dog.starves()
            assert daemon.well.hung == ("store",)
            assert not task.done()
        await asyncio.wait([keeping])
        task.cancel()
        await asyncio.wait([task])
