"""Plays one planned visit through the real session, vision and signature.

Every frame is processed in order and time is the recording's own, so speed never
changes a verdict. Results are signed with a key that no carrier knows.
Leaves to others: finding visit files, writing results and reports.
"""

import asyncio
import hashlib
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from likeness import __version__
from likeness.bench.chip_portrait import chip_portrait
from likeness.bench.visit_file import PlannedVisit, VisitFile
from likeness.core import jws, profile
from likeness.core.chain import ChainHead, Stored
from likeness.core.report import DeviceFacts
from likeness.core.session import Session
from likeness.core.visit_events import CardPresented, ConsentGiven
from likeness.core.vocabulary import (
    Card,
    CardKind,
    Conclusion,
    Consent,
    Environment,
    Observation,
    Reason,
    Verdict,
)
from likeness.edges import key_files
from likeness.edges.clock import SystemClock
from likeness.edges.recorded import RecordedCamera
from likeness.edges.sealer import PersonSealer
from likeness.edges.signer import FileSigner
from likeness.errors import FeedUnreadable
from likeness.service.notary import Notary
from likeness.service.ports import Frame, Portrait
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from likeness.vision.models import ModelSet

Pace = Literal["max", "real"]
Seen = list[Observation]
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


@dataclass(frozen=True, slots=True)
class Played:
    """One visit, played: what was decided, what it cost, what was seen."""

    plan: PlannedVisit
    conclusion: Conclusion | None
    token: str
    first_s: float
    frames: int
    face_frames: int
    cpu_s: float
    problem: str = ""
    seen: tuple[Observation, ...] = ()

    def line(self) -> dict[str, object]:
        """Return the line of results.jsonl (design 3.3)."""
        expect = self.plan.file.expect if self.plan.file else None
        end = self.conclusion
        match = end.match if end else None
        return {
            "id": self.plan.id,
            "label": expect.label if expect else "",
            "species": expect.species if expect else "",
            "verdict": end.verdict if end else Verdict.REFERRED,
            "reasons": list(end.reasons) if end else [Reason.FEED_UNREADABLE],
            "match_score": match and round(match.score * 1e6),
            "match_threshold": match and round(match.threshold * 1e6),
            "passive_score": None,
            "acts": self._acts(),
            "frames": self.frames,
            "face_frames": self.face_frames,
            "verdict_ms": self._ms(end.ended_s) if end and self.frames else None,
            "cpu_ms_per_frame": round(1000 * self.cpu_s / max(self.frames, 1), 3),
            "result": self.token,
        }

    def _acts(self) -> list[dict[str, object]]:
        return [
            {
                "act": finding.act,
                "asked_ms": self._ms(finding.asked_s),
                "answered_ms": self._ms(finding.answered_s),
                "passed": finding.passed,
            }
            for finding in (self.conclusion.acts if self.conclusion else ())
        ]

    def _ms(self, feed_s: float | None) -> int | None:
        return None if feed_s is None else round((feed_s - self.first_s) * 1000)


class Studio:
    """What all visits of one run share: models, bench key, chain."""

    def __init__(self, models: ModelSet, keys: Path, *, pace: Pace = "max") -> None:
        signing, sealing = _bench_keys(keys)
        self._looker = Looker(models)
        self._sight = SightOnThread(self._looker)
        self._pace: Pace = pace
        signer = FileSigner(signing)
        facts = DeviceFacts(
            device="bench",
            software=__version__,
            key_tier="bench",
            environment=Environment.BENCH,
            models={role: digest for role, digest in models.digests.items()},
        )
        notary = Notary(facts, signer=signer, clock=SystemClock())
        self._ledger = MemoryLedger(notary)
        self._recorder = Recorder(
            append=self._ledger.append,
            signer=signer,
            sealer=PersonSealer(sealing),
            facts=facts,
            clock=SystemClock(),
        )

    async def play(self, plan: PlannedVisit, *, keep_seen: bool = False) -> Played:
        """Play one visit; an unplayable one comes back without a conclusion."""
        if plan.file is None or plan.problem:
            return _unplayable(plan)
        clock, seen, face_frames = FeedClock(plan.file.start_s), Seen(), 0

        def note(observation: Observation) -> None:
            nonlocal face_frames
            face_frames += observation.face is not None
            if keep_seen:
                seen.append(observation)

        camera = TimedCamera(
            RecordedCamera(
                plan.video,
                fps=plan.file.fps,
                start_s=plan.file.start_s,
                end_s=plan.file.end_s,
                pace=self._pace,
            ),
            clock,
        )
        terminal = Terminal(
            session=Session(_bench_profile(plan.file)),
            clock=clock,
            camera=camera,
            sight=self._sight,
            portraits=PortraitFromFile(
                plan.portrait, degrade=plan.file.card.degrade, looker=self._looker
            ),
            screen=NoScreen(),
            record=self._recorder,
            on_observation=note,
        )
        await _one_visit(terminal, plan)
        return Played(
            plan=plan,
            conclusion=terminal.last,
            token=self._ledger.token,
            first_s=camera.first_s or 0.0,
            frames=camera.frames,
            face_frames=face_frames,
            cpu_s=camera.cpu_s,
            problem=camera.problem,
            seen=tuple(seen),
        )


def _bench_keys(folder: Path) -> tuple[Path, Path]:
    """Make this run's keys: a private one to sign with, a public one to seal for."""
    folder.mkdir(parents=True, exist_ok=True)
    signing, sealing = folder / "bench.key", folder / "bench-person.jwk"
    if not signing.exists():
        _write_public(key_files.make_private(folder / "bench-person.key"), sealing)
        _write_public(key_files.make_private(signing), folder / "bench.jwk")
    return signing, sealing


def _write_public(key: EllipticCurvePrivateKey, path: Path) -> None:
    jwk = key_files.public_jwk(key.public_key())
    path.write_text(json.dumps(jwk), encoding="utf-8")


async def _one_visit(terminal: Terminal, plan: PlannedVisit) -> None:
    """Give consent and card; wait until the result is signed."""
    file = plan.file
    if file is None:
        return
    # Nonces from the visit's name: without scripted acts each run asks for the same.
    nonce = hashlib.sha256(os.fsencode(plan.id)).digest()
    serving = asyncio.create_task(terminal.run())
    terminal.begin(
        purpose=file.purpose,
        transaction=f"bench-{nonce.hex()[:16]}",
        acts=file.acts,
        device_nonce=nonce,
        spare_nonce=hashlib.sha256(nonce).digest(),
        today=datetime.now(UTC).date(),
    )
    terminal.post(ConsentGiven(Consent(text="bench", given="bench")))
    terminal.post(CardPresented(Card(kind=CardKind.BENCH, number="", name="")))
    concluded = asyncio.create_task(terminal.concluded.wait())
    await asyncio.wait([serving, concluded], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        concluded.cancel()
        serving.result()  # the loop never returns by itself: this raises its fault
    serving.cancel()
    await asyncio.wait([serving])


def _bench_profile(file: VisitFile) -> profile.Profile:
    """There is no carrier on the bench, so its nonce is not asked for."""
    return profile.on_bench(profile.named(file.profile))


def _unplayable(plan: PlannedVisit) -> Played:
    return Played(plan, None, "", 0.0, 0, 0, 0.0, problem=plan.problem)
