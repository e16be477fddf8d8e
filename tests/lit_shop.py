"""A terminal on whose screen colours may shine: real session, stage and vision.

The visit asks for one blink, which the clip begins with, and then offers the colours.
Leaves to others: the page, and what the camera sees (lit_camera.py).
"""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from likeness.bench.bench_shop import PortraitFromFile
from likeness.carrier.nonces import Issued, doubt
from likeness.core import challenge, jws, light, messages, report
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
)
from likeness.service.ports import Camera, Clock
from likeness.service.stage import Stage
from likeness.service.terminal import Terminal
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from real_models import model_set
from results import EPOCH, FACTS, MOMENT

CARRIER_NONCE, TRANSACTION = b"n" * 32, "t-1"
POLICY = replace(PROFILES["demo"], acts=1, light=True)
VISIT_WITHIN_S = 60.0


def _asks_for_a_blink(device_nonce: bytes) -> bool:
    drawn = challenge.draw(
        carrier_nonce=CARRIER_NONCE,
        device_nonce=device_nonce,
        transaction=TRANSACTION,
        count=1,
    )
    return drawn.acts == (Act.BLINK,) and drawn.pauses_s[0] < 0.4


DEVICE_NONCE = next(
    nonce
    for nonce in (number.to_bytes(32, "big") for number in itertools.count())
    if _asks_for_a_blink(nonce)
)
OURS = light.draw(
    carrier_nonce=CARRIER_NONCE, device_nonce=DEVICE_NONCE, transaction=TRANSACTION
)
# Of 300 other sequences 276 are known for others, 24 are only not seen; none answers.
ANOTHER = light.draw(
    carrier_nonce=b"yesterday", device_nonce=DEVICE_NONCE, transaction=TRANSACTION
)
ISSUED = Issued(
    counter=1,
    transaction=TRANSACTION,
    purpose="new_number",
    nonce=jws.encode(CARRIER_NONCE),
    commitment=jws.encode(challenge.commitment(DEVICE_NONCE)),
    expires_utc_s=0,
    used_by="",
)


class LitShop:
    """`stage` is made at once, the rest with the camera."""

    def __init__(self, clock: Clock, texts: Mapping[str, ConsentText]) -> None:
        self.clock = clock
        self.stage = Stage(
            terminal=lambda: self.terminal,
            clock=clock,
            manner=Manner(tuple(Purpose), consent="2026-11", by_card=True),
            texts=texts,
            guidance=Guidance(min_face_px=30.0, min_brightness=0.1),
            picture=lambda: Picture(176, 144),
            now_s=lambda: 0,
        )

    @contextlib.asynccontextmanager
    async def opened(self, camera: Camera, portrait: Path) -> AsyncIterator[None]:
        """Serve visits; the card that will be laid has this portrait."""
        looker = Looker(model_set())
        sight = SightOnThread(looker)
        self.terminal = Terminal(
            session=Session(POLICY, tries_key=b"test"),
            clock=self.clock,
            camera=camera,
            sight=sight,
            portraits=PortraitFromFile(portrait, degrade=True, looker=looker),
            screen=self.stage,
            record=self._record,
            ask_nonce=lambda ask: self.terminal.nonce(
                ask.visit, CARRIER_NONCE, NonceSource.CARRIER
            ),
            on_observation=self.stage.observed,
            watches=(self.stage,),
        )
        serving = asyncio.create_task(self.terminal.run())
        try:
            yield
        finally:
            serving.cancel()
            await asyncio.wait([serving])
            sight.close()

    async def visit(self) -> Conclusion:
        """Play one whole visit."""
        self.terminal.begin(
            purpose=Purpose.NEW_NUMBER,
            transaction=TRANSACTION,
            device_nonce=DEVICE_NONCE,
        )
        self.terminal.post(e.ConsentGiven(Consent("2026-11", "screen")))
        card = Card(kind=CardKind.BENCH, number="n", name="n")
        self.terminal.post(e.CardPresented(card))
        async with asyncio.timeout(VISIT_WITHIN_S):
            await self.terminal.concluded.wait()
        assert self.terminal.last is not None
        return self.terminal.last

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

    @property
    def said(self) -> messages.Light:
        """What the result says of the colours; the carrier has no doubt about it."""
        assert doubt(self.result, ISSUED) == ""
        assert self.result.liveness is not None
        assert self.result.liveness.light is not None
        return self.result.liveness.light
