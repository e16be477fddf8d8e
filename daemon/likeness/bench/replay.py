"""Plays one planned visit through the real session, vision and signature.

Every frame is processed in order and time is the recording's own, so speed never
changes a verdict. Results are signed with a key that no carrier knows.
Leaves to others: finding visit files, writing results and reports.
"""

import asyncio
import functools
import hashlib
import json
import os
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

from likeness import __version__
from likeness.bench import digests
from likeness.bench.bench_shop import (
    FeedClock,
    MemoryLedger,
    NoScreen,
    PortraitFromFile,
    TimedCamera,
)
from likeness.bench.line_file import Line, writing
from likeness.bench.track import Track
from likeness.bench.visit_file import PlannedVisit, VisitFile
from likeness.core import profile
from likeness.core.report import DeviceFacts
from likeness.core.seen import Observation
from likeness.core.session import Session
from likeness.core.transcript import Transcript
from likeness.core.visit_events import CardPresented, ConsentGiven
from likeness.core.vocabulary import (
    Card,
    CardKind,
    Conclusion,
    Consent,
    Environment,
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
# What a line or its drawing depends on, beside the terminal's own parts.
SOURCES = ("replay.py", "bench_shop.py", "chip_portrait.py", "track.py")


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
    track: Track = field(default_factory=Track)
    transcript: tuple[bytes, ...] = ()  # core/transcript_words.py

    @property
    def timeline(self) -> Line:
        """What each frame said, for the drawing in the report."""
        return self.track.line(self.plan.id, self.first_s)

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
            "passive_score": _millionths(end.passive if end else None),
            "acts": self._acts(),
            "frames": self.frames,
            "face_frames": self.face_frames,
            "verdict_ms": self._ms(end.ended_s) if end and self.frames else None,
            "cpu_ms_per_frame": round(1000 * self.cpu_s / max(self.frames, 1), 3),
            "result": self.token,
            "passive_threshold": _millionths(end.passive_threshold if end else None),
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


def _millionths(score: float | None) -> int | None:
    return None if score is None else round(score * 1e6)


class Studio:
    """What all visits of one run share: models, bench key, chain.

    Args:
        models: a variant of them, loaded.
        keys: the folder for this bench's keys; they are made if there are none.
        pace: as fast as we can, or in the recording's own time.
        policy: a profile by name in place of the one each visit file names.

    Raises:
        ConfigError: there is no profile of that name.
        UsageError: the keys cannot be written there.
    """

    def __init__(
        self,
        models: ModelSet,
        keys: Path,
        *,
        pace: Pace = "max",
        policy: str | None = None,
    ) -> None:
        self._policy = policy and profile.named(policy).name
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
        # One recording plays in many visits; nobody changes it while we run.
        self._digest = functools.cache(digests.of_recording)
        self._same_for_all = {
            "models": digests.of_models(models),
            "software": digests.of_software(*SOURCES),
            "key": signer.kid,
        }
        self._ledger = MemoryLedger(notary)
        self._recorder = Recorder(
            append=self._ledger.append,
            signer=signer,
            sealer=PersonSealer(sealing),
            facts=facts,
            clock=SystemClock(),
        )

    def inputs(self, plan: PlannedVisit) -> dict[str, str]:
        """Say what this visit's line depends on; nothing for an unplayable one."""
        if plan.file is None or plan.problem:
            return {}
        policy = self._profile(plan.file)
        return {
            "visit": digests.of_text(repr(plan.file)),
            "feed": self._digest(plan.video)
            + (self._digest(plan.times) if plan.times else ""),
            "portrait": self._digest(plan.portrait) if plan.portrait else "",
            "policy": f"{policy.name} {digests.of_text(repr(policy))}",
            **self._same_for_all,
        }

    def _profile(self, file: VisitFile) -> profile.Profile:
        """There is no carrier on the bench, so its nonce is not asked for."""
        return profile.on_bench(profile.named(self._policy or file.profile))

    async def play(self, plan: PlannedVisit, *, keep_seen: bool = False) -> Played:
        """Play one visit; an unplayable one comes back without a conclusion."""
        if plan.file is None or plan.problem:
            return _unplayable(plan)
        clock, seen, face_frames = FeedClock(plan.file.start_s), Seen(), 0
        drawn, policy = Track(), self._profile(plan.file)
        scribe = Transcript(policy, software=__version__, key=b"bench")

        def note(observation: Observation) -> None:
            nonlocal face_frames
            face_frames += observation.face is not None
            drawn.add(observation)
            if keep_seen:
                seen.append(observation)

        camera = TimedCamera(
            RecordedCamera(
                plan.video,
                fps=plan.file.fps,
                times=plan.times,
                start_s=plan.file.start_s,
                end_s=plan.file.end_s,
                pace=self._pace,
            ),
            clock,
        )
        terminal = Terminal(
            session=Session(policy, tries_key=b"bench"),
            clock=clock,
            camera=camera,
            sight=self._sight,
            portraits=PortraitFromFile(
                plan.portrait, degrade=plan.file.card.degrade, looker=self._looker
            ),
            screen=NoScreen(),
            record=self._recorder,
            on_observation=note,
            scribe=scribe,
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
            track=drawn,
            transcript=tuple(scribe.lines("replay", {})),
        )


def _bench_keys(folder: Path) -> tuple[Path, Path]:
    """Make this run's keys: a private one to sign with, a public one to seal for."""
    signing, sealing = folder / "bench.key", folder / "bench-person.jwk"
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
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


def _unplayable(plan: PlannedVisit) -> Played:
    return Played(plan, None, "", 0.0, 0, 0, 0.0, problem=plan.problem)
