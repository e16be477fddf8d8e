"""Plays one planned visit through the real session, vision and signature.

Every frame is processed in order and time is the recording's own, so speed never
changes a verdict. Results are signed with a key that no carrier knows.
Leaves to others: finding visit files, writing results and reports.
"""

import asyncio
import hashlib
import json
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from likeness import __version__
from likeness.bench.bench_shop import (
    FeedClock,
    MemoryLedger,
    NoScreen,
    PortraitFromFile,
    TimedCamera,
)
from likeness.bench.visit_file import PlannedVisit, VisitFile
from likeness.core import profile
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
from likeness.service.notary import Notary
from likeness.service.recording import Recorder
from likeness.service.terminal import Terminal
from likeness.sight import SightOnThread
from likeness.vision.look import Looker
from likeness.vision.models import ModelSet

Pace = Literal["max", "real"]
Seen = list[Observation]


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
