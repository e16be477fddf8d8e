"""What vision was given is on the tape, and a little after; within its bounds."""

import asyncio
from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from likeness.core.seen import Frame
from likeness.errors import DeviceLost
from likeness.recording import tape as tapes
from likeness.recording.tape import TAIL_S, Tape
from stories import story

STEP_S = 0.04
SHAPE = (48, 64, 3)


@dataclass
class Numbered:
    """A camera whose frames are grey by their number; it may fail at one of them."""

    lost_at: int = 1 << 30
    ends_at: int = 1 << 30
    number: int = 0
    starts: int = 0
    running: bool = False
    told: list[object] = field(default_factory=list)

    async def start(self) -> None:
        self.starts += 1
        self.running = True

    async def frame(self) -> Frame | None:
        await asyncio.sleep(0)
        if self.number >= self.lost_at:
            raise DeviceLost("the cable")
        if self.number >= self.ends_at:
            return None
        number, self.number = self.number, self.number + 1
        return Frame(
            100 + number * STEP_S, number, np.full(SHAPE, number % 250, np.uint8)
        )

    async def stop(self) -> None:
        self.running = False

    def set_rate(self, fps: float | None) -> None:
        self.told.append(fps)

    def hold(self, steady: bool) -> None:
        self.told.append(steady)


def tape_of(camera: Numbered, *, seconds: float = 60, most: int = 1 << 20) -> Tape:
    return Tape(camera, seconds=seconds, most_bytes=most)


async def taken(tape: Tape, count: int) -> list[Frame]:
    found = [await tape.frame() for _ in range(count)]
    return [frame for frame in found if frame is not None]


def numbers_on(tape: Tape) -> list[int]:
    pictures = [cv2.imdecode(frame, cv2.IMREAD_COLOR) for frame in tape.frames]
    return [round(float(one.mean())) for one in pictures if one is not None]


@story
async def test_the_tape_holds_what_was_given_and_a_tail() -> None:
    camera = Numbered()
    tape = tape_of(camera)
    await tape.start()
    given = await taken(tape, 10)
    await tape.stop()
    assert camera.running  # for the tail
    await tape.finish(keep=True)
    assert not camera.running
    assert [frame.number for frame in given] == list(range(10))
    assert numbers_on(tape) == list(range(10 + round(TAIL_S / STEP_S)))
    assert tape.times[9] == given[-1].captured_s
    tape.close()


@story
async def test_what_is_not_kept_is_written_over_at_once() -> None:
    tape = tape_of(Numbered())
    await tape.start()
    await taken(tape, 10)
    await tape.stop()
    await tape._settled(0)
    held = list(tape.frames)
    assert held
    await tape.finish(keep=False)
    assert (tape.frames, tape.times) == ([], [])
    assert not any(frame.any() for frame in held)
    tape.close()


@story
async def test_the_tape_is_full_after_its_seconds() -> None:
    tape = tape_of(Numbered(), seconds=0.5)
    await tape.start()
    given = await taken(tape, 30)
    await tape.stop()
    await tape.finish(keep=True)
    assert len(given) == len(tape.frames) == 13  # of 25 a second, and the one at 0
    assert tape.full == "after 0.5 s"
    assert await tape.frame() is None
    tape.close()


@story
async def test_the_tape_is_full_at_its_bytes() -> None:
    size = tapes.encoded(np.zeros(SHAPE, np.uint8)).nbytes
    tape = tape_of(Numbered(), most=5 * size + size // 2)
    await tape.start()
    await taken(tape, 60)
    await tape.stop()
    await tape.finish(keep=True)
    assert len(tape.frames) == len(tape.times) == 5
    assert "record.most_mib" in tape.full
    tape.close()


@pytest.mark.parametrize("camera", [Numbered(lost_at=12), Numbered(ends_at=12)])
def test_a_camera_that_ends_in_the_tail_ends_the_tape(camera: Numbered) -> None:
    @story
    async def play() -> None:
        tape = tape_of(camera)
        await tape.start()
        await taken(tape, 10)
        await tape.stop()
        await tape.finish(keep=True)
        assert len(tape.frames) == 12
        tape.close()

    play()


@story
async def test_a_camera_that_is_started_again_goes_on_with_the_tape() -> None:
    camera = Numbered()
    tape = tape_of(camera)
    await tape.start()
    await taken(tape, 3)
    await tape.stop()
    await tape.start()
    await taken(tape, 3)
    await tape.stop()
    await tape.finish(keep=True)
    assert camera.starts == 2
    assert numbers_on(tape) == list(range(camera.number - 1))
    assert tape.times == sorted(set(tape.times))
    tape.close()


@story
async def test_a_fault_of_the_camera_is_the_visits() -> None:
    tape = tape_of(Numbered(lost_at=2))
    await tape.start()
    await taken(tape, 2)
    with pytest.raises(DeviceLost):
        await tape.frame()
    await tape.finish(keep=False)
    tape.close()


def test_wishes_are_passed_on() -> None:
    camera = Numbered()
    tape = tape_of(camera)
    tape.set_rate(10.0)
    tape.hold(steady=True)
    assert camera.told == [10.0, True]
    tape.close()
