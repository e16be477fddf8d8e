"""Plays a recording: a video file or a folder of numbered pictures.

Three ways: `frames`, a plain iterator; `RecordedCamera`, which loses nothing, for
replay; `LiveFeed`, which behaves as a camera, for a terminal without one.

Capture times are the recording's own presentation times in seconds. OpenCV's FFmpeg
reader gives that time of the frame last taken, counted from the beginning of the
stream. Rotation marks are obeyed. Leaves to others: a folder's pictures and their
times (`recorded_pictures`), what is in them.
"""

import asyncio
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Literal

from likeness.core.frame_pace import Pace
from likeness.core.seen import Frame
from likeness.edges.camera import CameraWishes, Frames, SlotCamera
from likeness.edges.quiet_cv2 import cv2
from likeness.edges.recorded_pictures import (
    Image,
    Shot,
    Shots,
    name_for_cv2,
    pictures,
)
from likeness.errors import FeedUnreadable

# A player that is later than this goes on from now instead of hurrying after.
LATE_S = 0.25
USUAL_FPS = 25.0  # when a video states none
MOST_KEPT_BYTES = 64 << 20  # of a looped recording are held in memory

Steps = Generator[tuple[float, Image], None, None]


def frames(
    path: Path,
    *,
    fps: float | None = None,
    times: Path | None = None,
    start_s: float = 0.0,
    end_s: float | None = None,
) -> Frames:
    """Give every frame with start_s ≤ capture time < end_s, in order.

    Numbers count from the recording's first frame. `fps` and `times` are for a folder
    only; a video has times of its own. A video that is cut short or damaged gives what
    can be decoded and then ends, since FFmpeg does not tell the two apart.

    Args:
        path: a video, or a folder of numbered pictures.
        fps: how many pictures of a folder are one second.
        times: a text file with the capture time of each picture of a folder, a line
            each, in rising seconds; it goes before `fps`.
        start_s: what is captured before is passed over.
        end_s: and what is captured from then on.

    Raises:
        FeedUnreadable: it is missing or does not decode, a picture of a folder does
            not decode, its times do not fit, or there is no frame in that time; in one
            line.
    """
    given = False
    with closing(_shots(path, fps, times)) as shots:
        for shot in shots:
            if end_s is not None and shot.captured_s >= end_s:
                break
            if shot.captured_s >= start_s:
                given = True
                yield Frame(shot.captured_s, shot.number, shot.image())
    if not given:
        until = "its end" if end_s is None else f"{end_s:g} s"
        raise FeedUnreadable(f"{path}: no frame between {start_s:g} s and {until}")


class RecordedCamera:
    """A `Camera` that gives every frame once and in order, however slow we are.

    One thread decodes, one frame ahead, so that decoding and looking share the
    processor's cores; the order does not depend on it.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float | None = None,
        times: Path | None = None,
        start_s: float = 0.0,
        end_s: float | None = None,
        pace: Literal["max", "real"] = "max",
    ) -> None:
        self._open = partial(
            frames, path, fps=fps, times=times, start_s=start_s, end_s=end_s
        )
        self._pace = pace
        self._thread: ThreadPoolExecutor | None = None
        self._frames: Frames | None = None
        self._ahead: asyncio.Future[Frame | None] | None = None
        self._begun_s: float | None = None

    async def start(self) -> None:
        """Decode the first frame; raise FeedUnreadable if there is none."""
        await self.stop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed")
        self._frames = self._open()
        self._begun_s = None
        self._ahead = self._decode()
        try:
            await asyncio.shield(self._ahead)
        except FeedUnreadable:
            await self.stop()
            raise

    async def frame(self) -> Frame | None:
        """Give the next frame, at pace "real" not before its time; None at the end.

        Raises:
            FeedUnreadable: a picture of a folder does not decode.
        """
        if self._ahead is None:
            return None
        # Shielded: who stops waiting must not cost the recording a frame.
        frame = await asyncio.shield(self._ahead)
        if frame is None:
            return None
        if self._pace == "real":
            await self._until(frame.captured_s)
        self._ahead = self._decode()
        return frame

    async def stop(self) -> None:
        """Close the recording; the next start begins anew."""
        thread, self._thread = self._thread, None
        ahead, self._ahead = self._ahead, None
        if thread is None or ahead is None:
            return
        await asyncio.wait([ahead])
        ahead.exception()  # nobody waits for it any more
        if self._frames is not None:
            self._frames.close()
        thread.shutdown(wait=False)

    def set_rate(self, fps: float | None) -> None:
        """Do nothing: a replay loses no frame."""

    def hold(self, steady: bool) -> None:
        """Do nothing: what was recorded is as it is."""

    def _decode(self) -> "asyncio.Future[Frame | None]":
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._thread, self._next)

    def _next(self) -> Frame | None:
        return None if self._frames is None else next(self._frames, None)

    async def _until(self, captured_s: float) -> None:
        now = asyncio.get_running_loop().time()
        if self._begun_s is None:
            self._begun_s = now - captured_s
        await asyncio.sleep(self._begun_s + captured_s - now)


class LiveFeed(SlotCamera):
    """A recording played as a camera: in real time, and what is not taken is dropped.

    Capture times are on the monotonic clock; `fps` is for a folder of pictures only.
    With `loop` it goes forth and back without end, so that nothing ever jumps; a
    recording turns back where its pictures fill MOST_KEPT_BYTES.
    """

    def __init__(self, path: Path, *, fps: float, start_s: float, loop: bool) -> None:
        wishes = CameraWishes()
        steps = partial(_steps, path, fps, start_s, loop)
        super().__init__(str(path), partial(_live, steps, wishes), wishes=wishes)


def _live(steps: Callable[[], Steps], wishes: CameraWishes) -> Frames:
    """Give each picture in its moment, fewer of them where a lower rate is wished."""
    due_s: float | None = None
    number, pace = 0, Pace()
    for step_s, image in steps():
        due_s = _wait_for(None if due_s is None else due_s + step_s)
        if pace.is_due(due_s, wishes.fps):
            yield Frame(due_s, number, image)
            number += 1


def _steps(path: Path, fps: float, start_s: float, loop: bool) -> Steps:
    """Give each picture with the time since the one before."""
    kept: list[Frame] = []
    room = MOST_KEPT_BYTES
    last_s: float | None = None
    for frame in frames(path, fps=fps, start_s=start_s):
        yield 1 / fps if last_s is None else frame.captured_s - last_s, frame.image
        last_s = frame.captured_s
        if loop:
            kept.append(frame)
            room -= frame.image.nbytes
        if room <= 0:
            break
    if len(kept) == 1:
        kept.append(replace(kept[0], captured_s=kept[0].captured_s + 1 / fps))
    while kept:
        kept.reverse()
        for one, two in pairwise(kept):
            yield abs(two.captured_s - one.captured_s), two.image


def _wait_for(due_s: float | None) -> float:
    """Wait for the frame's moment; one that is much too late is taken for now."""
    now_s = time.monotonic()
    if due_s is None or due_s < now_s - LATE_S:
        return now_s
    time.sleep(max(0.0, due_s - now_s))
    return due_s


def _shots(path: Path, fps: float | None, times: Path | None) -> Shots:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as problem:
        raise FeedUnreadable(f"{path}: {problem.strerror}") from problem
    if is_folder:
        return pictures(path, fps, times)
    if is_file:
        return _video(path)
    raise FeedUnreadable(f"{path}: no such video or folder of pictures")


def _video(path: Path) -> Shots:
    # One thread: the same pictures for fewer CPU seconds; the cores are for vision.
    wishes = [cv2.CAP_PROP_N_THREADS, 1]
    # An absolute path cannot be taken for an address ("tcp:…").
    capture = cv2.VideoCapture(name_for_cv2(path.absolute()), cv2.CAP_FFMPEG, wishes)
    try:
        if not capture.isOpened():
            raise FeedUnreadable(f"{path}: is no video that FFmpeg can decode")
        capture.set(cv2.CAP_PROP_ORIENTATION_AUTO, 1)
        yield from _taken(capture, path)
    finally:
        capture.release()


def _taken(capture: cv2.VideoCapture, path: Path) -> Shots:
    fps = capture.get(cv2.CAP_PROP_FPS)
    usual_s = 1 / (fps if fps > 0 else USUAL_FPS)
    number, last_s = 0, float("-inf")
    while capture.grab():
        # An edit list may begin within a frame, whose time then is a little below 0.
        captured_s = max(0.0, capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
        if captured_s <= last_s:  # a raw stream without times
            captured_s = last_s + usual_s
        last_s = captured_s
        yield Shot(captured_s, number, partial(_pixels, capture, path))
        number += 1


def _pixels(capture: cv2.VideoCapture, path: Path) -> Image:
    good, image = capture.retrieve()
    if not good:
        raise FeedUnreadable(f"{path}: a frame does not decode")
    return image
