"""What every camera of ours must do, whatever it is made of.

Each check takes a `cameras.Stage`; CHECKS names them all. A check that needs what the
stage cannot do returns at once: a recording has no cable.
"""

import asyncio
import gc
import os
import threading
import time
from collections.abc import Awaitable, Callable
from itertools import pairwise

import numpy as np

from cameras import Stage
from likeness.core.seen import Frame
from likeness.errors import DeviceLost

STARTS = 50
COUNTED = (2, 3, 4, 47, 48, 49)
MOST_FRAMES = 500  # until something must have happened
NEAR = 0.02  # of a rate that came into force


async def newest(stage: Stage) -> Frame:
    frame = await stage.camera.frame()
    assert frame is not None
    return frame


async def first_frames(stage: Stage) -> None:
    """They are colour pictures, on the monotonic clock, rising, counted from 0."""
    before = time.monotonic()
    await stage.camera.start()
    frames = [await newest(stage) for _ in range(10)]
    after = time.monotonic()
    await stage.camera.stop()
    for frame in frames:
        assert frame.image.ndim == 3 and frame.image.shape[2] == 3
        assert frame.image.dtype == np.uint8
    times = [frame.captured_s for frame in frames]
    assert all(one < two for one, two in pairwise(times))
    assert before - 0.1 <= times[0] and times[-1] <= after
    numbers = [frame.number for frame in frames]
    assert numbers == sorted(set(numbers)) and numbers[0] >= 0


async def newest_wins(stage: Stage) -> None:
    """Who looks away for a moment gets the newest picture, and drops are counted."""
    await stage.camera.start()
    old = await newest(stage)
    await asyncio.sleep(20 / stage.fps)
    new = await newest(stage)
    assert new.number > old.number + 1
    assert stage.camera.dropped >= new.number - old.number - 1
    assert new.captured_s - old.captured_s >= 10 / stage.fps
    await stage.camera.stop()


async def starts_anew(stage: Stage) -> None:
    """Each start begins from the beginning, and nothing of the one before is given."""
    for _ in range(3):
        begun = time.monotonic()
        await stage.camera.start()
        frame = await newest(stage)
        assert frame.captured_s >= begun - 0.1 and frame.number < MOST_FRAMES
        await stage.camera.stop()


async def stalls(stage: Stage) -> None:
    """A camera that gives nothing any more is told of, and can be had again."""
    await _fails_and_mends(stage, stage.stall)


async def vanishes(stage: Stage) -> None:
    """A camera that is gone is told of with what to do; it may come back."""
    await _fails_and_mends(stage, stage.vanish)


async def _fails_and_mends(stage: Stage, fail: Callable[[], None] | None) -> None:
    if fail is None:
        return
    await stage.camera.start()
    await newest(stage)
    fail()
    try:
        for _ in range(MOST_FRAMES):
            await newest(stage)
    except DeviceLost as fault:
        assert "cable" in str(fault) or "plug" in str(fault), fault
    else:
        raise AssertionError("nothing was told")
    await stage.camera.stop()
    assert stage.camera.stuck_since is None
    stage.mend()
    await stage.camera.start()
    await newest(stage)
    await stage.camera.stop()


async def another_rate(stage: Stage) -> None:
    """A lower rate comes into force while it runs, holds over a start, and ends."""
    for wished, fps in ((stage.fps / 2, stage.fps / 2), (None, stage.fps)):
        stage.camera.set_rate(wished)
        await stage.camera.start()
        stage.camera.set_rate(None)
        await newest(stage)
        stage.camera.set_rate(wished)
        if stage.rate is not None:
            for _ in range(MOST_FRAMES):
                await newest(stage)
                if abs(stage.rate() / fps - 1) < NEAR:
                    break
            else:
                raise AssertionError(f"{stage.rate()} is not {fps}")
        else:
            await _slow_enough(stage, wished)
        await stage.camera.stop()
    stage.camera.set_rate(None)


async def _slow_enough(stage: Stage, wished: float | None) -> None:
    """By the frames' own times, which a busy machine does not shorten."""
    times = [(await newest(stage)).captured_s for _ in range(20)]
    if wished is not None:
        assert times[-1] - times[2] >= 0.9 * 17 / wished


async def held(stage: Stage) -> None:
    """Exposure stays when it is held, and follows the light again when let go."""
    stage.camera.hold(True)
    stage.camera.hold(False)
    await stage.camera.start()
    stage.camera.hold(True)
    for _ in range(20):
        await newest(stage)
    if stage.exposure is not None:
        before = stage.exposure()
        stage.darken()
        for _ in range(20):
            await newest(stage)
        assert stage.exposure() == before
        stage.camera.hold(False)
        for _ in range(MOST_FRAMES):
            await newest(stage)
            if stage.exposure() != before:
                break
        else:
            raise AssertionError("exposure stays for ever")
    await stage.camera.stop()
    stage.camera.hold(False)


async def leaks_nothing(stage: Stage) -> None:
    """Neither threads nor open files are left of fifty starts."""
    counts = []
    for turn in range(STARTS):
        await stage.camera.start()
        await newest(stage)
        await stage.camera.stop()
        if turn in COUNTED:
            counts.append((threading.active_count(), _open_files()))
    threads, files = zip(*counts, strict=True)
    assert min(threads[3:]) <= max(threads[:3])
    assert min(files[3:]) <= max(files[:3])


def _open_files() -> int:
    gc.collect()
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - of this process


CHECKS: dict[str, Callable[[Stage], Awaitable[None]]] = {
    check.__name__: check
    for check in (
        first_frames,
        newest_wins,
        starts_anew,
        stalls,
        vanishes,
        another_rate,
        held,
        leaks_nothing,
    )
}
