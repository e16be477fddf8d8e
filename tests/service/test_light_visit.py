"""Whole visits with the screen's colours: real session, stage and vision.

The page is a class that does what the page does; light on the face is simulated, and
follows what that page shows. No real camera before a real screen was at hand.
"""

import asyncio
import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from likeness.bench.bench_shop import FeedClock, PortraitFromFile
from likeness.carrier.nonces import Issued, doubt
from likeness.core import challenge, jws, messages, report, scene
from likeness.core import light as colours
from likeness.core import visit_events as e
from likeness.core.chain import ChainHead, Stored
from likeness.core.guidance import Guidance, Picture
from likeness.core.profile import PROFILES
from likeness.core.scenery import ConsentText, Manner
from likeness.core.session import Session
from likeness.core.vocabulary import (
    Act,
    Card,
    CardKind,
    Conclusion,
    Consent,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from likeness.service.stage import Stage
from likeness.service.terminal import Terminal
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from lit_camera import LitCamera, OnScreen, Stands
from real_models import model_set
from replays import CLIP, own_portrait
from results import EPOCH, FACTS, MOMENT
from stories import story

CARRIER_NONCE, TRANSACTION = b"n" * 32, "t-1"
POLICY = replace(PROFILES["demo"], acts=1, light=True)


def _asks_for_a_blink(device_nonce: bytes) -> bool:
    drawn = challenge.draw(
        carrier_nonce=CARRIER_NONCE,
        device_nonce=device_nonce,
        transaction=TRANSACTION,
        count=1,
    )
    return drawn.acts == (Act.BLINK,) and drawn.pauses_s[0] < 0.4


# He blinks early in the clip, so that many seconds are left for the colours.
DEVICE_NONCE = next(
    nonce
    for nonce in (number.to_bytes(32, "big") for number in itertools.count())
    if _asks_for_a_blink(nonce)
)
OURS = colours.draw(
    carrier_nonce=CARRIER_NONCE, device_nonce=DEVICE_NONCE, transaction=TRANSACTION
)
# Of 300 other sequences 276 are known for others, 24 are only not seen; none answers.
ANOTHER = colours.draw(
    carrier_nonce=b"yesterday", device_nonce=DEVICE_NONCE, transaction=TRANSACTION
)


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


class Shop:
    """A terminal with its page, and what stands before it."""

    def __init__(
        self, clip: Path, portrait: Path, stands: Stands, *, agrees: bool
    ) -> None:
        self.clock = FeedClock(0.0)
        self.stage = Stage(
            terminal=lambda: self.terminal,
            clock=self.clock,
            manner=Manner(tuple(Purpose), consent="2026-11", by_card=True),
            texts={"en": ConsentText("2026-11", "d" * 43)},
            guidance=Guidance(min_face_px=30.0, min_brightness=0.1),
            picture=lambda: Picture(176, 144),
            now_s=lambda: 0,
        )
        self.page = Page(self.stage, self.clock, agrees=agrees)
        looker = Looker(model_set())
        self.sight = SightOnThread(looker)
        self.terminal = Terminal(
            session=Session(POLICY, tries_key=b"test"),
            clock=self.clock,
            camera=LitCamera(
                clip,
                self.clock,
                stands,
                self.page.on_screen,
                recorded=ANOTHER,
            ),
            sight=self.sight,
            portraits=PortraitFromFile(portrait, degrade=True, looker=looker),
            screen=self.stage,
            record=self._record,
            ask_nonce=lambda ask: self.terminal.nonce(
                ask.visit, CARRIER_NONCE, NonceSource.CARRIER
            ),
            on_observation=self.stage.observed,
            watches=(self.stage,),
        )

    async def _record(self, conclusion: Conclusion) -> Stored:
        claims = report.compose(
            conclusion,
            facts=FACTS,
            moment=MOMENT,
            head=ChainHead(EPOCH, 1, jws.encode(b"p" * 32)),
            salt=b"s" * 16,
            sealed_person="a.b.c.d.e" if report.tells_who(conclusion) else None,
        )
        self.result = messages.from_json(claims, messages.Result)
        return Stored(EPOCH, 1, "")

    async def visit(self) -> Conclusion:
        serving = asyncio.create_task(self.terminal.run())
        self.terminal.begin(
            purpose=Purpose.NEW_NUMBER,
            transaction=TRANSACTION,
            device_nonce=DEVICE_NONCE,
        )
        self.terminal.post(e.ConsentGiven(Consent("2026-11", "screen")))
        card = Card(kind=CardKind.BENCH, number="n", name="n")
        self.terminal.post(e.CardPresented(card))
        async with asyncio.timeout(60):
            await self.terminal.concluded.wait()
        last = self.terminal.last
        serving.cancel()
        await asyncio.wait([serving])
        self.sight.close()
        assert last is not None
        return last


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
    shop = Shop(
        pictures / CLIP,
        portrait,
        stands,
        agrees=agrees,
    )
    last = await shop.visit()
    assert (last.light, (last.verdict, last.reasons)) == (outcome, end)
    liveness = shop.result.liveness
    assert liveness is not None
    assert liveness.light is not None
    assert liveness.light.outcome == outcome
    assert liveness.light.colours == (list(OURS.words) if agrees else None)
    issued = Issued(
        counter=1,
        transaction=TRANSACTION,
        purpose="new_number",
        nonce=jws.encode(CARRIER_NONCE),
        commitment=jws.encode(challenge.commitment(DEVICE_NONCE)),
        expires_utc_s=0,
        used_by="",
    )
    assert doubt(shop.result, issued) == ""
    assert ("light" in shop.page.says) is agrees
    assert "light_warning" in shop.page.says
