"""Vision on its own thread: one look at a time, in order, the loop stays free."""

import asyncio
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from likeness.core.seen import Attention, EmbedWhen, Observation
from likeness.service.ports import Frame
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from real_models import Picture, model_set, read
from stories import story

LOOKS_S = 0.05


class SlowLooker(Looker):
    """Takes its time; notes what was asked, on which thread, and who was there."""

    def __init__(self) -> None:
        self.asked: list[object] = []
        self.threads: set[str] = set()
        self.at_once = 0
        self.most_at_once = 0

    def _work(self, what: object) -> None:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.threads.add(threading.current_thread().name)
        time.sleep(LOOKS_S)
        self.asked.append(what)
        self.at_once -= 1

    def look(
        self,
        image: Picture,
        *,
        captured_s: float,
        frame: int,
        embed: EmbedWhen | None = None,
        eyes: bool = True,
        passive: bool = False,
        parallax: bool = False,
        light: bool = False,
    ) -> Observation:
        asked = {"passive": passive, "parallax": parallax, "light": light}
        more = [name for name, on in asked.items() if on]
        self._work((image.shape, embed, eyes, *more))
        return Observation(captured_s, frame, 0, None)

    def enrol(self, portrait: bytes) -> None:
        self._work(portrait)
        if portrait == b"poison":
            raise ValueError("it broke")

    def forget(self) -> None:
        self.asked.append("forget")


def frame(number: int) -> Frame:
    return Frame(number / 10, number, np.zeros((2, 3, 3), np.uint8))


@story
async def test_one_look_at_a_time_on_one_thread_in_order() -> None:
    looker = SlowLooker()
    sight = SightOnThread(looker)
    attention = Attention(eyes=False, embed=EmbedWhen(10, 20))
    one, none, two, _ = await asyncio.gather(
        sight.look(frame(1), attention),
        sight.enrol(b"portrait"),
        sight.look(frame(2), Attention(True, None, passive=True, parallax=True)),
        sight.look(frame(3), Attention(eyes=False, embed=None, light=True)),
    )
    sight.close()
    assert (one.frame, none, two.frame) == (1, None, 2)
    assert (one.captured_s, two.captured_s) == (0.1, 0.2)
    assert looker.asked == [
        ((2, 3, 3), EmbedWhen(10, 20), False),
        b"portrait",
        ((2, 3, 3), None, True, "passive", "parallax"),
        ((2, 3, 3), None, False, "light"),
    ]
    assert looker.most_at_once == 1
    assert len(looker.threads) == 1
    assert threading.current_thread().name not in looker.threads


@story
async def test_the_loop_goes_on_while_vision_works() -> None:
    sight = SightOnThread(SlowLooker())
    looking = asyncio.create_task(sight.enrol(b""))
    turns = 0
    while not looking.done():
        await asyncio.sleep(0)
        turns += 1
    sight.close()
    assert turns > 2


@story
async def test_forgetting_comes_after_what_is_looked_at_now() -> None:
    looker = SlowLooker()
    sight = SightOnThread(looker)
    looking = asyncio.create_task(sight.enrol(b"former"))
    await asyncio.sleep(0)
    sight.forget()
    await sight.enrol(b"next")
    await looking
    sight.close()
    assert looker.asked == [b"former", "forget", b"next"]


@story
async def test_a_look_that_breaks_breaks_for_its_asker_only() -> None:
    sight = SightOnThread(SlowLooker())
    with pytest.raises(ValueError, match="it broke"):
        await sight.enrol(b"poison")
    assert await sight.enrol(b"fine") is None
    sight.close()


@story
async def test_it_sees_with_the_real_models() -> None:
    pictures = Path(__file__).parents[1] / "models/built/pictures"
    sight = SightOnThread(Looker(model_set()))
    portrait = await sight.enrol((pictures / "astronaut.png").read_bytes())
    seen = await sight.look(
        Frame(1.5, 9, read(pictures / "astronaut.png")),
        Attention(eyes=True, embed=EmbedWhen(30, 30)),
    )
    sight.close()
    assert (seen.captured_s, seen.frame, seen.faces) == (1.5, 9, 1)
    assert seen.face is not None
    assert np.dot(portrait or (), seen.face.embedding or ()) > 0.9


@story
async def test_a_terminals_sight_wipes_when_it_forgets() -> None:
    class Wiped(SlowLooker):
        def wipe(self) -> None:
            self.asked.append("wipe")

    looker = Wiped()
    sight = SightOnThread(looker, wipes=True)
    sight.forget()
    await sight.enrol(b"next")
    sight.close()
    assert looker.asked == ["forget", "wipe", b"next"]
    assert sight.busy_since is None


@story
async def test_it_says_since_when_it_is_busy() -> None:
    class Held(SlowLooker):
        """Looks until it is let go."""

        def __init__(self) -> None:
            super().__init__()
            self.begun, self.may_end = threading.Event(), threading.Event()

        def _work(self, what: object) -> None:
            self.begun.set()
            self.may_end.wait(60)

    looker = Held()
    sight = SightOnThread(looker)
    assert sight.busy_since is None
    before = time.monotonic()
    looking = asyncio.create_task(sight.enrol(b""))
    assert await asyncio.to_thread(looker.begun.wait, 60)
    looking.cancel()  # who waited is gone; the thread is busy all the same
    await asyncio.wait([looking])
    since = sight.busy_since
    assert since is not None
    assert before <= since <= time.monotonic()
    looker.may_end.set()
    with pytest.raises(ValueError, match="it broke"):
        await sight.enrol(b"poison")
    assert sight.busy_since is None
    sight.close()
