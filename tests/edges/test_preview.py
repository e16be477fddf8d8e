"""The tapped camera: every frame goes on, the newest one is shown."""

import asyncio
from itertools import pairwise

import cv2
import numpy as np
import pytest

from deaf_camera import DeafCamera
from likeness.core.seen import Frame
from likeness.edges.preview import EARLY_S, WIDTH_PX, Preview, Shown, encoded
from likeness.errors import DeviceLost
from stories import story, until


class Film(DeafCamera):
    """A camera of so many frames; the last one is followed by a fault."""

    def __init__(self, size: tuple[int, int], count: int) -> None:
        self._size = size
        self._count = count
        self._number = 0
        self.running = False

    async def start(self) -> None:
        self.running = True

    async def frame(self) -> Frame | None:
        await asyncio.sleep(0.001)
        if self._number == self._count:
            raise DeviceLost("unplugged")
        self._number += 1
        image = np.full((*self._size, 3), self._number, np.uint8)
        return Frame(float(self._number), self._number, image)

    async def stop(self) -> None:
        self.running = False


class Watcher:
    def __init__(self, preview: Preview) -> None:
        self.shown: list[Shown] = []
        self.wants = True
        preview.watched_by(lambda: self.wants, self.shown.append)


@pytest.mark.parametrize(
    ("size", "becomes"),
    [
        ((720, 1280), (270, 480)),
        ((1280, 720), (853, 480)),
        ((480, 640), (360, 480)),
        ((144, 176), (144, 176)),
        ((2160, 3840), (270, 480)),
        ((1, 4000), (1, 480)),
    ],
)
def test_a_picture_is_at_most_480_wide(
    size: tuple[int, int], becomes: tuple[int, int]
) -> None:
    shown = encoded(Frame(7.5, 3, np.zeros((*size, 3), np.uint8)))
    picture = cv2.imdecode(np.frombuffer(shown.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (*becomes, 3) and picture.shape[1] <= WIDTH_PX
    assert (shown.number, shown.captured_s) == (3, 7.5)
    assert "jpeg" not in repr(shown)


@story
async def test_every_frame_goes_on_and_what_is_shown_is_in_order() -> None:
    preview = Preview(Film((480, 640), 60))
    watcher = Watcher(preview)
    await preview.start()
    seen = [await preview.frame() for _ in range(60)]
    assert [one.number for one in seen if one] == list(range(1, 61))
    await until(lambda: bool(watcher.shown))
    numbers = [one.number for one in watcher.shown]
    assert numbers == sorted(set(numbers))
    assert (preview.picture.width, preview.picture.height) == (640, 480)
    assert preview.picture.luma == pytest.approx(60 / 255)
    with pytest.raises(DeviceLost):
        await preview.frame()
    await preview.stop()
    preview.close()


@story
async def test_nothing_is_made_where_nobody_watches() -> None:
    preview = Preview(Film((480, 640), 20))
    watcher = Watcher(preview)
    watcher.wants = False
    await preview.start()
    for _ in range(20):
        await preview.frame()
    assert not watcher.shown and preview._thread is None
    await preview.stop()


@story
async def test_nothing_is_shown_after_the_end() -> None:
    film = Film((480, 640), 20)
    preview = Preview(film)
    watcher = Watcher(preview)
    await preview.start()
    await preview.frame()
    await preview.frame()
    await preview.stop()  # while one is being encoded
    assert not film.running
    shown = len(watcher.shown)
    await asyncio.sleep(0.05)
    assert len(watcher.shown) == shown and preview._newest is None
    preview.close()


@story
async def test_a_picture_that_cannot_be_encoded_does_not_end_the_visit(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Odd(Film):
        async def frame(self) -> Frame | None:
            frame = await super().frame()
            assert frame is not None
            return Frame(0.0, frame.number, frame.image[:, :, :2])

    preview = Preview(Odd((8, 8), 20))
    watcher = Watcher(preview)
    await preview.start()
    assert await preview.frame() is not None
    await until(lambda: "event=preview_failed" in caplog.text)
    assert await preview.frame() is not None and not watcher.shown
    await preview.stop()
    preview.close()


@story
async def test_a_pace_shows_fewer_pictures_and_takes_all_the_same() -> None:
    class Steady(Film):
        """25 frames per second, on its own clock."""

        async def frame(self) -> Frame | None:
            frame = await super().frame()
            assert frame is not None
            return Frame(frame.number * 0.04, frame.number, frame.image)

    preview = Preview(Steady((144, 176), 50))
    watcher = Watcher(preview)
    preview.set_pace(10.0)
    await preview.start()
    for _ in range(50):
        shown = len(watcher.shown)
        frame = await preview.frame()
        assert frame is not None
        await until(lambda: not preview._working)
        if len(watcher.shown) > shown:
            last = watcher.shown[-1]
            assert last.number == frame.number
    times = [one.captured_s for one in watcher.shown]
    assert preview.taken == 50
    assert 1.9 * 8 <= len(times) <= 2 * 13  # of two seconds, about ten each
    gaps = [after - before for before, after in pairwise(times)]
    assert min(gaps) >= 0.1 - EARLY_S
    preview.set_pace(None)
    await preview.stop()
    preview.close()
