import asyncio
import queue
import threading
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from likeness.core.seen import Frame
from likeness.edges.camera import Frames, SlotCamera
from likeness.errors import DeviceLost, DeviceRefused

SOON_S = 0.05  # where nothing comes
LONG_S = 10.0  # where something does
PICTURE = np.zeros((1, 1, 3), np.uint8)


class FakeDevice:
    """A camera that gives a frame, or raises, only when the test says so."""

    def __init__(self) -> None:
        self.orders: queue.Queue[Exception | None] = queue.Queue()
        self.asked = 0  # how often somebody waited for a frame
        self.opened = 0
        self.released = threading.Event()

    def give(self, count: int = 1) -> None:
        for _ in range(count):
            self.orders.put(None)

    def fail(self, fault: Exception) -> None:
        self.orders.put(fault)

    def source(self) -> Frames:
        self.opened += 1
        number = 0
        try:
            while True:
                self.asked += 1
                fault = self.orders.get()
                if fault is not None:
                    raise fault
                yield Frame(float(number), number, PICTURE)
                number += 1
        finally:
            self.released.set()


Story = Callable[[FakeDevice, SlotCamera], Awaitable[None]]


def tell(
    story: Story,
    *,
    first_within_s: float = LONG_S,
    next_within_s: float = LONG_S,
    closed_within_s: float = LONG_S,
) -> FakeDevice:
    device = FakeDevice()
    camera = SlotCamera(
        "fake",
        device.source,
        first_within_s=first_within_s,
        next_within_s=next_within_s,
        closed_within_s=closed_within_s,
    )

    async def run() -> None:
        await story(device, camera)
        await stop(device, camera)

    asyncio.run(run())
    return device


async def stop(device: FakeDevice, camera: SlotCamera) -> None:
    """Stop; a thread sees that only between frames, so there is one more."""
    stopping = asyncio.create_task(camera.stop())
    await asyncio.sleep(0)
    device.give()
    await stopping


async def until(true: Callable[[], bool]) -> None:
    while not true():
        await asyncio.sleep(0.001)


async def taken(device: FakeDevice, asked: int) -> None:
    """Wait until its n-th frame is waited for: those before are handed over."""
    await until(lambda: device.asked >= asked)


def test_the_newest_frame_wins_and_drops_are_counted() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.give()
        await camera.start()
        numbers = []
        for count, asked in ((3, 5), (1, 6), (4, 10)):
            device.give(count)
            await taken(device, asked)
            frame = await camera.frame()
            assert frame is not None
            numbers.append(frame.number)
        assert numbers == [3, 4, 8]
        assert camera.dropped == 6

    tell(story)


def test_a_frame_that_pushed_another_out_is_not_given_twice() -> None:
    """Both were told of; the second word must not be taken for a frame or the end."""

    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.give()
        await camera.start()
        for expected in range(1, 6):
            device.give()
            while (frame := await camera.frame()) and frame.number < expected:
                pass
            assert frame is not None
            assert frame.number == expected
        with pytest.raises(DeviceLost):
            await camera.frame()

    tell(story, next_within_s=0.5)


def test_a_silent_camera_is_lost() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.give()
        await camera.start()
        await camera.frame()
        with pytest.raises(DeviceLost, match=r"fake: no frame for 0\.5 s"):
            await camera.frame()

    tell(story, next_within_s=0.5)


def test_a_camera_that_never_gives_a_frame_does_not_start() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        with pytest.raises(DeviceLost, match="no frame"):
            await camera.start()

    tell(story, first_within_s=SOON_S, closed_within_s=SOON_S)


def test_why_it_cannot_be_opened_is_passed_on() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.fail(DeviceRefused("fake: no permission"))
        with pytest.raises(DeviceRefused, match="no permission"):
            await camera.start()
        assert device.released.is_set()
        device.give()
        await camera.start()  # mended: the same camera opens again
        assert await camera.frame() is not None

    assert tell(story).opened == 2


@pytest.mark.parametrize("fault", [DeviceLost("fake: unplugged"), KeyError("a bug")])
def test_a_fault_comes_after_the_last_good_frame(fault: Exception) -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.give()
        await camera.start()
        device.fail(fault)
        await until(device.released.is_set)
        assert await camera.frame() is not None
        for _ in range(2):
            with pytest.raises(type(fault)):
                await camera.frame()

    tell(story)


def test_the_end_of_a_source_is_no_fault() -> None:
    def two() -> Frames:
        yield Frame(0.0, 0, PICTURE)
        yield Frame(0.1, 1, PICTURE)

    async def run() -> None:
        camera = SlotCamera("two", two)
        await camera.start()
        while (frame := await camera.frame()) is not None:
            assert frame.number in (0, 1)
        assert await camera.frame() is None

    asyncio.run(run())


def test_a_stopped_camera_lets_go_and_starts_from_zero() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        for asked in (2, 4):
            device.give()
            await camera.start()
            frame = await camera.frame()
            assert frame is not None
            assert frame.number == 0
            await taken(device, asked)
            await stop(device, camera)
            assert device.released.is_set()
            device.released.clear()
        assert camera.dropped == 0

    assert tell(story).opened == 2


def test_a_driver_that_hangs_is_not_opened_twice() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        device.give()
        await camera.start()
        await taken(device, 2)
        await camera.stop()  # the thread waits in the driver and cannot be ended
        with pytest.raises(DeviceLost, match="does not let go"):
            await camera.start()
        device.give()  # it comes back to life
        await until(device.released.is_set)
        device.give()
        await camera.start()

    assert tell(story, closed_within_s=0.5).opened == 2


def test_a_camera_that_is_not_started_says_so() -> None:
    async def story(device: FakeDevice, camera: SlotCamera) -> None:
        with pytest.raises(DeviceLost, match="not started"):
            await camera.frame()

    assert tell(story).opened == 0
