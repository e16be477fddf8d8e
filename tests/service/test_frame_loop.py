"""A camera that stalls under the real terminal: what is shown, what goes on."""

import asyncio
from collections.abc import Iterable
from itertools import islice

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.challenge import CHOICES
from likeness.core.seen import Attention, Frame, Observation
from likeness.core.vocabulary import Conclusion, Reason, Verdict
from likeness.errors import DeviceLost, DeviceRefused
from likeness.service import frame_loop
from terminal_shop import PlayedCamera, Shop, performance

STALLED_S = 2.0  # until a camera's silence is noticed


class Stalling(PlayedCamera):
    """Gives so many frames, then none; after so many failed starts it is well."""

    def __init__(
        self, shop: Shop, frames: Iterable[Observation], *, after: int, fails: int = 0
    ) -> None:
        super().__init__(shop.clock, frames)
        self._shop = shop
        self._left = after
        self.fails = fails
        self.refuses = False
        self.stalled_s: float | None = None
        self.held: list[bool] = []

    async def start(self) -> None:
        if self.stalled_s is not None and self.fails:
            self.fails -= 1
            self._shop.clock.seconds += STALLED_S
            self._shop.terminal.post(e.TimePassed())  # the played clock wakes nobody
            if self.refuses:
                raise DeviceRefused("another program has it")
            raise DeviceLost("not yet")
        await super().start()

    async def frame(self) -> Frame | None:
        self._left -= 1
        if self._left == 0:
            self._shop.clock.seconds += STALLED_S
            self.stalled_s = self._shop.clock.seconds
            raise DeviceLost("no frame for 2 s")
        return await super().frame()

    def hold(self, steady: bool) -> None:
        self.held.append(steady)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not sleep between two tries."""
    monkeypatch.setattr(frame_loop, "AGAIN_S", 0.0)


def played(
    *, after: int, fails: int = 0, refuses: bool = False
) -> tuple[Shop, Conclusion]:
    shop = Shop([])
    camera = Stalling(shop, late(shop, after), after=after, fails=fails)
    camera.refuses = refuses
    shop.terminal._frames.camera = shop.camera = camera
    end = asyncio.run(shop.visit())
    assert end is not None
    return shop, end


def late(shop: Shop, after: int) -> Iterable[Observation]:
    """Perform, and again from the beginning when the picture is back."""
    visitor = v.Visitor()
    yield from islice(performance(*CHOICES, visitor=visitor), after - 1)
    visitor.now = shop.clock.seconds
    yield from performance(*CHOICES, visitor=visitor)


def test_a_stall_before_the_acts_is_told_and_the_visit_goes_on() -> None:
    shop, end = played(after=5, fails=1)
    assert end.verdict is Verdict.ACCEPTED
    told = shop.happened.index("show camera_restarting")
    back = shop.happened.index("show look_here", told)
    act = next(i for i, one in enumerate(shop.happened) if one.startswith("show ask"))
    assert told < back < act
    assert shop.terminal.camera_restarts == 1 and not shop.terminal.camera_lost


def test_a_camera_that_stays_away_ends_the_visit_and_is_said_to_be_lost() -> None:
    shop, end = played(after=5, fails=1000)
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.CAMERA_LOST,))
    assert "show camera_restarting" in shop.happened
    assert shop.terminal.camera_lost and not shop.camera.running


def test_a_camera_that_another_program_took_is_not_waited_for() -> None:
    shop, end = played(after=5, fails=1000, refuses=True)
    assert end.reasons == (Reason.CAMERA_LOST,)
    assert isinstance(shop.camera, Stalling) and shop.camera.fails == 999


def test_a_stall_in_the_acts_ends_the_visit() -> None:
    shop, end = played(after=150)
    assert any(one.startswith("show ask_act") for one in shop.happened)
    assert (end.verdict, end.reasons[0]) == (Verdict.REFERRED, Reason.CAMERA_LOST)
    assert "show camera_restarting" not in shop.happened


def test_exposure_is_held_while_colours_are_looked_at_and_let_go_after() -> None:
    async def run() -> list[bool]:
        shop = Shop([])
        wants = iter((False, True, True, False))
        camera = Stalling(shop, v.Visitor().still(1.0), after=0)
        loop = frame_loop.FrameLoop(
            camera=camera,
            sight=shop.sight,
            attention=lambda: Attention(
                eyes=False, embed=None, light=next(wants, False)
            ),
            seen=lambda _seen: None,
            tell=lambda _event, taken: taken.set() if taken else None,
        )
        loop.begin(1)
        while len(camera.held) < 5:
            await asyncio.sleep(0)
        await loop.end()
        return camera.held

    held = asyncio.run(run())
    assert held[:4] == [False, True, True, False] and held[-1] is False
