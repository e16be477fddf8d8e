"""A camera before which something stands that a screen shines on: simulated light.

A recorded clip is played; while the page shows colours, each frame is seen again under
them (`simulators/lit_face`), as late as display and camera are. Nothing here was
measured before a real screen.
"""

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from enum import StrEnum
from functools import cache
from itertools import cycle
from pathlib import Path

import numpy as np

from deaf_camera import DeafCamera
from likeness.bench.bench_shop import FeedClock
from likeness.core.light import LightSequence, linear_rgb
from likeness.core.seen import Frame, Rgb
from likeness.edges.recorded import frames
from likeness.simulators.lit_face import (
    TO_LINEAR,
    Floats,
    Scene,
    SlowCamera,
    light_screen,
    light_up,
    reach_of_face,
    reach_of_print,
)
from likeness.vision.look import Looker
from real_models import Picture, model_set

DELAY_S = 0.12  # display and camera
RECORDED_DELAY_S = 0.10  # more, of what a replay plays
PRINT_TILT_DEG = 15.0
LATE_S = 0.02
FULL = 0.8  # of the sensor's range that the recording's white takes
SHOP = Scene(strength=0.3)

OnScreen = tuple[int, int, int]  # sRGB


class Stands(StrEnum):
    """What stands before the camera."""

    FACE = "face"
    PRINT = "print"  # that moves as the face does: worse than any of paper
    RECORDED = "recorded"  # a screen replays the answer to another sequence
    SCREEN = "screen"  # a screen replays the face without any light on it


def lit(
    picture: Picture, stands: Stands, reach: Floats, light: tuple[Rgb, Rgb], shop: Scene
) -> Floats:
    """Return a picture in linear light as a screen's colour makes it.

    Args:
        picture: the recording.
        stands: what it is that the picture shows.
        reach: of the face; see `reach_of_face`.
        light: the screen's, and that of the other screen when it was recorded.
        shop: screen and ambient light.
    """
    colour, then = light
    match stands:
        case Stands.FACE:
            return light_up(picture, reach, colour, shop)
        case Stands.PRINT:
            height, width = picture.shape[:2]
            flat = reach_of_print((height, width), PRINT_TILT_DEG, shop)
            return light_up(picture, flat, colour, shop)
        case Stands.SCREEN:
            return light_screen(TO_LINEAR[picture], colour, shop)
        case Stands.RECORDED:
            return light_screen(light_up(picture, reach, then, shop), colour, shop)


class LitCamera(DeafCamera):
    """A `Camera`; the clock moves with its frames.

    Args:
        clip: what is played.
        clock: moved by each frame.
        stands: what it is that the clip shows.
        on_screen: what the page shows at a time; None: no colours.
        recorded: what the replayed recording was lit with.
        shop: screen and ambient light.
    """

    def __init__(
        self,
        clip: Path,
        clock: FeedClock,
        stands: Stands,
        on_screen: Callable[[float], OnScreen | None],
        *,
        recorded: LightSequence,
        shop: Scene = SHOP,
    ) -> None:
        self._clip = clip
        self._played: Iterator[Frame] = iter(())
        self._clock = clock
        self._stands = stands
        self._on_screen = on_screen
        self._recorded = recorded
        self._shop = shop
        self._sensor = SlowCamera(1)
        self._first_lit_s: float | None = None
        self._last_s = 0.0

    async def start(self) -> None:
        self._played = _back_and_forth(self._clip)

    async def stop(self) -> None:
        self._played = iter(())

    async def next(self) -> Frame | None:
        """Return the next one of the clip, and let the clock move with it."""
        frame = next(self._played, None)
        if frame is not None:
            self._clock.seconds = frame.captured_s
        return frame

    async def frame(self) -> Frame | None:
        frame = await self.next()
        if frame is None:
            return None
        now = frame.captured_s
        shown = self._on_screen(now - DELAY_S)
        if shown is None:
            return frame
        if self._first_lit_s is None:
            self._first_lit_s = self._last_s = now
        light = self._lit(frame, linear_rgb(shown), now - self._first_lit_s)
        after_s, self._last_s = now - self._last_s, now
        picture = self._sensor.develop(light * np.float32(FULL), after_s)
        return replace(frame, image=picture)

    def _lit(self, frame: Frame, colour: Rgb, lit_for_s: float) -> Floats:
        then = linear_rgb(self._recorded.shown_at(lit_for_s - RECORDED_DELAY_S))
        reach = _reaches(self._clip)[frame.number]
        return lit(frame.image, self._stands, reach, (colour, then), self._shop)


class PunctualCamera(LitCamera):
    """The same at the machine's own pace: a frame that is late is dropped."""

    async def start(self) -> None:
        await super().start()
        prepare(self._clip)
        self._begun_s = time.monotonic()

    async def next(self) -> Frame | None:
        for frame in self._played:
            due_s = self._begun_s + frame.captured_s
            late_s = time.monotonic() - due_s
            if late_s < LATE_S:
                await asyncio.sleep(max(0.0, -late_s))
                return replace(frame, captured_s=due_s)
        return None


def prepare(clip: Path) -> None:
    """Compute beforehand how the screen's light would fall."""
    _reaches(clip)


@cache
def _frames(clip: Path) -> list[Frame]:
    return list(frames(clip))


def _back_and_forth(clip: Path) -> Iterator[Frame]:
    """Play it forwards, backwards, forwards …: too short a clip, and no jump in it."""
    shots = _frames(clip)
    step_s = (shots[-1].captured_s - shots[0].captured_s) / (len(shots) - 1)
    for count, shot in enumerate(cycle([*shots, *shots[-2:0:-1]])):
        yield replace(shot, captured_s=count * step_s)


@cache
def _reaches(clip: Path) -> dict[int, Floats]:
    """Say for each frame how much of the screen's light reaches its points."""
    looker, found = Looker(model_set()), {}
    for frame in _frames(clip):
        seen = looker.look(
            frame.image, captured_s=frame.captured_s, frame=frame.number, eyes=False
        )
        assert seen.face is not None, frame.number
        shape = frame.image.shape[:2]
        found[frame.number] = reach_of_face(shape, seen.face.landmarks, SHOP)
    return found
