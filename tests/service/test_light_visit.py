"""Whole visits with the screen's colours: real session, stage and vision.

The page is a class that does what the page does; light on the face is simulated, and
follows what that page shows. No real camera before a real screen was at hand.
"""

import asyncio
from pathlib import Path

import pytest

from likeness.bench.bench_shop import FeedClock
from likeness.core import scene
from likeness.core.scenery import ConsentText
from likeness.core.vocabulary import Reason, Verdict
from likeness.service.stage import Stage
from lit_camera import LitCamera, OnScreen, Stands
from lit_shop import ANOTHER, OURS, LitShop
from replays import CLIP, own_portrait
from stories import story

TEXTS = {"en": ConsentText("2026-11", "d" * 43)}


class Page:
    """Shows what the stage tells it to, and taps like its visitor."""

    def __init__(self, stage: Stage, clock: FeedClock, *, agrees: bool) -> None:
        self._stage = stage
        self._clock = clock
        self._agrees = agrees
        self._steps: tuple[scene.LightStep, ...] = ()
        self._begun_s = 0.0
        self.says: list[str] = []
        stage.subscribe(self._changed)

    def _changed(self) -> None:
        asyncio.get_running_loop().call_soon(self._paint)

    def _paint(self) -> None:
        now, stands = self._clock.now(), self._stage.scene
        if not self.says or self.says[-1] != stands.say:
            self.says.append(stands.say)
        if scene.Offer.LIGHT in stands.offers:
            tap = scene.ShineLight if self._agrees else scene.SkipLight
            self._stage.hear(tap(serial=stands.serial))
        elif stands.light and not self._steps:
            self._begun_s = now
            self._stage.hear(scene.LightShown(serial=stands.serial, since_ms=0))
        self._steps = stands.light

    def on_screen(self, at_s: float) -> OnScreen | None:
        """As light.js does: which step stands after so long; the last one stays."""
        if not self._steps:
            return None
        left_ms = 1000 * (at_s - self._begun_s)
        for step in self._steps:
            if left_ms < step.ms:
                break
            left_ms -= step.ms
        return step.rgb


@pytest.fixture(scope="module")
def portrait(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_portrait(pictures / CLIP, tmp_path_factory.mktemp("card") / "card.png")


REFERRED = (Verdict.REFERRED, (Reason.LIGHT_NOT_ANSWERED,))
ACCEPTED: tuple[Verdict, tuple[Reason, ...]] = (Verdict.ACCEPTED, ())


@pytest.mark.parametrize(
    ("stands", "agrees", "outcome", "end"),
    [
        (Stands.FACE, True, "answered", ACCEPTED),
        (Stands.PRINT, True, "flat", REFERRED),
        (Stands.RECORDED, True, "another", REFERRED),
        (Stands.SCREEN, True, "not_visible", ACCEPTED),
        (Stands.PRINT, False, "skipped", ACCEPTED),
    ],
)
@story
async def test_what_the_face_says_is_what_the_result_states(
    pictures: Path,
    portrait: Path,
    stands: Stands,
    agrees: bool,
    outcome: str,
    end: tuple[Verdict, tuple[Reason, ...]],
) -> None:
    clock = FeedClock(0.0)
    shop = LitShop(clock, TEXTS)
    page = Page(shop.stage, clock, agrees=agrees)
    camera = LitCamera(pictures / CLIP, clock, stands, page.on_screen, recorded=ANOTHER)
    async with shop.opened(camera, portrait):
        last = await shop.visit()
    assert (last.light, (last.verdict, last.reasons)) == (outcome, end)
    assert shop.said.outcome == outcome
    assert shop.said.colours == (list(OURS.words) if agrees else None)
    assert ("light" in page.says) is agrees
    assert "light_warning" in page.says
