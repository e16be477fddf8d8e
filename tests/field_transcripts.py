"""Makes tests/field/camera_lost.jsonl: a visit whose camera is torn off in the acts.

    PYTHONPATH=daemon:tests python tests/field_transcripts.py

The other files there came from `likeness replay --transcripts`, with visit files as
replays.py writes them over the car phone clip. None needs to be made again: they are
what happened once.
"""

import asyncio
from pathlib import Path

import replays
from likeness import __version__
from likeness.bench.bench_shop import (
    FeedClock,
    NoScreen,
    PortraitFromFile,
    TimedCamera,
)
from likeness.core import profile
from likeness.core.chain import Stored
from likeness.core.session import Session
from likeness.core.transcript import Transcript
from likeness.core.visit_events import CardPresented, ConsentGiven
from likeness.core.vocabulary import Card, CardKind, Conclusion, Consent, Purpose
from likeness.edges.recorded import RecordedCamera
from likeness.errors import DeviceLost
from likeness.parts import load_model_set
from likeness.service.ports import Frame
from likeness.service.terminal import Terminal
from likeness.sight import SightOnThread
from likeness.vision.look import Looker

ROOT = Path(__file__).parent.parent
CLIP = ROOT / "models" / "built" / "pictures" / replays.CLIP
FRAMES = 60  # two seconds: the acts have begun


class TornOff(TimedCamera):
    """A camera that gives so many frames and no more."""

    async def frame(self) -> Frame | None:
        if self.frames >= FRAMES:
            raise DeviceLost("the camera gives no frames")
        return await super().frame()


async def camera_lost(portrait: Path) -> list[bytes]:
    """Play the visit; return its transcript."""
    policy, looker = (
        profile.on_bench(profile.named("demo")),
        Looker(load_model_set(None)),
    )
    scribe, clock = (
        Transcript(policy, software=__version__, key=b"field"),
        FeedClock(0.0),
    )

    async def record(_conclusion: Conclusion) -> Stored:
        return Stored("epoch", 1, "token")

    terminal = Terminal(
        session=Session(policy, tries_key=b"field"),
        clock=clock,
        camera=TornOff(RecordedCamera(CLIP), clock),
        sight=SightOnThread(looker),
        portraits=PortraitFromFile(portrait, degrade=True, looker=looker),
        screen=NoScreen(),
        record=record,
        scribe=scribe,
    )
    serving = asyncio.create_task(terminal.run())
    terminal.begin(
        purpose=Purpose.NEW_NUMBER, device_nonce=bytes(32), spare_nonce=bytes(32)
    )
    terminal.post(ConsentGiven(Consent(text="bench", given="bench")))
    terminal.post(CardPresented(Card(kind=CardKind.BENCH, number="", name="")))
    await terminal.concluded.wait()
    serving.cancel()
    await asyncio.wait([serving])
    return [*scribe.lines("camera_lost", {})]


def main() -> None:
    """Write the file."""
    portrait = ROOT / "tests" / "field" / ".portrait.png"
    try:
        replays.own_portrait(CLIP, portrait)
        lines = asyncio.run(camera_lost(portrait))
    finally:
        portrait.unlink(missing_ok=True)
    (ROOT / "tests" / "field" / "camera_lost.jsonl").write_bytes(
        b"\n".join(lines) + b"\n"
    )


if __name__ == "__main__":
    main()
