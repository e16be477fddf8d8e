"""A running set on trial: what vision does is counted, kept, and may lead back."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pytest

from likeness.core import update
from likeness.core.health_window import HealthRules
from likeness.core.seen import Attention, Embedding, Frame, Observation
from likeness.core.update import Ledger, Trial
from likeness.errors import ModelError, ModelsReturned
from likeness.service.updating import WatchedSight
from stories import story, until

NEW, OLD = "b" * 64, "a" * 64
FRAME = Frame(0.0, 1, np.zeros((2, 2, 3), np.uint8))
ATTENTION = Attention(eyes=False, embed=None)
RULES = HealthRules(up_s=0.05, visits=2, blind=3)


@dataclass
class Eyes:
    """A `Sight` that sees so many faces, or fails."""

    faces: int = 1
    fault: Exception | None = None
    forgot: int = 0

    async def enrol(self, portrait: bytes) -> Embedding | None:
        if self.fault:
            raise self.fault
        return (1.0,)

    async def look(self, frame: Frame, attention: Attention) -> Observation:
        if self.fault:
            raise self.fault
        return Observation(frame.captured_s, frame.number, self.faces, None)

    def forget(self) -> None:
        self.forgot += 1


class LoopClock:
    def now(self) -> float:
        return asyncio.get_running_loop().time()


@dataclass
class Disk:
    """Keeps a ledger as the edge does; or is full."""

    ledger: Ledger = field(
        default_factory=lambda: Ledger(
            accepted=2, accepted_digest=NEW, current=NEW, previous=OLD, trial=Trial()
        )
    )
    full: bool = False

    def change(self, how: Callable[[Ledger], Ledger]) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        self.ledger = how(self.ledger)


def watched(eyes: Eyes, disk: Disk, rules: HealthRules = RULES) -> WatchedSight:
    return WatchedSight(
        eyes,
        clock=LoopClock(),
        digest=NEW,
        trial=disk.ledger.trial,
        rules=rules,
        keep=disk.change,
    )


async def visit(sight: WatchedSight, frames: int = 3) -> None:
    for _ in range(frames):
        await sight.look(FRAME, ATTENTION)
    sight.forget()


@story
async def test_time_and_visits_confirm_it() -> None:
    eyes, disk = Eyes(), Disk()
    sight = watched(eyes, disk)
    running = asyncio.create_task(sight.run())
    assert await sight.enrol(b"") == (1.0,)
    await visit(sight)
    await visit(sight)
    assert disk.ledger.trial == Trial(visits=2)
    await until(lambda: disk.ledger.trial is None)
    assert disk.ledger.current == NEW
    assert eyes.forgot == 2
    running.cancel()


@story
async def test_a_visit_without_a_look_is_no_visit() -> None:
    """Consent refused, no card: the camera was never on."""
    disk = Disk()
    sight = watched(Eyes(), disk)
    for _ in range(10):
        sight.forget()
    assert disk.ledger.trial == Trial()


@story
async def test_a_set_that_sees_nobody_goes_back_and_ends_the_run() -> None:
    disk = Disk()
    sight = watched(Eyes(faces=0), disk)
    running = asyncio.create_task(sight.run())
    for _ in range(3):
        await visit(sight)
    with pytest.raises(ModelsReturned, match="given back: it saw no face in 3 visits"):
        await running
    assert (disk.ledger.current, disk.ledger.trial) == (OLD, None)
    assert disk.ledger.returned is not None
    assert disk.ledger.returned.number == 2


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (ModelError("model far.tflite is missing"), "model far.tflite is missing"),
        (RuntimeError("tensor of 7 bytes at MARKED"), "RuntimeError"),
    ],
)
@pytest.mark.parametrize("which", ["look", "enrol"])
@story
async def test_vision_that_fails_goes_back_and_still_fails(
    fault: Exception, why: str, which: str
) -> None:
    disk = Disk()
    sight = watched(Eyes(fault=fault), disk)
    with pytest.raises(type(fault)):
        await (sight.look(FRAME, ATTENTION) if which == "look" else sight.enrol(b""))
    assert disk.ledger.current == OLD
    assert disk.ledger.returned is not None
    assert disk.ledger.returned.why == why
    with pytest.raises(ModelsReturned):
        await sight.run()


@story
async def test_a_set_that_passed_is_only_looked_through() -> None:
    disk = Disk(Ledger(accepted=2, current=NEW, previous=OLD))
    before = disk.ledger
    sight = watched(Eyes(fault=ModelError("once in a year")), disk)
    with pytest.raises(ModelError):
        await sight.look(FRAME, ATTENTION)
    assert disk.ledger == before
    running = asyncio.create_task(sight.run())
    await asyncio.sleep(0.1)
    assert not running.done()
    running.cancel()


@story
async def test_an_end_in_order_is_noted_but_not_after_a_fault_of_vision() -> None:
    disk = Disk(Ledger(current=NEW, previous=OLD, trial=Trial(starts=2, visits=1)))
    watched(Eyes(), disk).ended_in_order()
    assert disk.ledger.trial == Trial(starts=1, visits=1)
    broken = watched(Eyes(fault=ModelError("it fails")), disk)
    with pytest.raises(ModelError):
        await broken.enrol(b"")
    given_back = disk.ledger
    broken.ended_in_order()
    assert given_back.current == OLD
    assert disk.ledger == given_back


@story
async def test_a_full_disk_prolongs_the_trial_and_ends_nothing(
    caplog: pytest.LogCaptureFixture,
) -> None:
    disk = Disk(full=True)
    sight = watched(Eyes(), disk)
    await visit(sight)
    assert "event=trial_not_kept why=No space left on device" in caplog.text
    sight.ended_in_order()
    assert disk.ledger.trial == Trial()


@story
async def test_news_of_a_set_that_is_no_longer_current_is_dropped() -> None:
    """An update was applied while this one still ran."""
    disk = Disk()
    sight = watched(Eyes(), disk)
    disk.ledger = Ledger(accepted=3, current="c" * 64, previous=OLD, trial=Trial())
    before = disk.ledger
    await visit(sight)
    assert disk.ledger == before
    assert update.confirm(disk.ledger, NEW) == before
