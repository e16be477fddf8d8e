"""Recordings in which something is wrong, for trying the hints: made of good ones.

Real faces under simulated trouble: darkened, held too near, joined by a second person,
with glare on the glasses. Leaves to others: who plays them, and what is then said.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from likeness.edges.recorded import frames
from likeness.parts import load_model_set
from likeness.vision.look import Looker

FPS = 25.0
WIDTH, HEIGHT = 640, 480
PICTURES = 250  # ten seconds

Picture = npt.NDArray[np.uint8]


def read(clip: Path, start_s: float = 0.0) -> Iterator[Picture]:
    """Give its pictures at the film's size, cut to its shape, forth and back."""
    kept = [
        fitted(frame.image)
        for frame in islice(frames(clip, start_s=start_s), PICTURES // 2)
    ]
    yield from kept
    while True:
        kept.reverse()
        yield from kept


def fitted(image: Picture, zoom: float = 1.0) -> Picture:
    """Cut out the middle in the film's shape; `zoom` > 1 comes nearer."""
    height, width = image.shape[:2]
    scale = max(WIDTH / width, HEIGHT / height) * zoom
    to_film = np.array(
        [
            [scale, 0, (WIDTH - scale * width) / 2],
            [0, scale, (HEIGHT - scale * height) / 2],
        ]
    )
    return np.asarray(cv2.warpAffine(image, to_film, (WIDTH, HEIGHT)), np.uint8)


def write(pictures: Iterator[Picture], to: Path) -> Path:
    """Write a film of them."""
    out = cv2.VideoWriter(
        str(to), cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT)
    )
    for picture in islice(pictures, PICTURES):
        out.write(picture)
    out.release()
    return to


def dark(picture: Picture) -> Picture:
    """As in a shop whose lights are out: a little light, and a sensor's noise."""
    noise = np.random.default_rng(1).normal(0, 2, picture.shape)
    return np.clip(picture * 0.10 + noise, 0, 255).astype(np.uint8)


def bright(picture: Picture) -> Picture:
    """A lamp straight into the face."""
    return np.clip(picture.astype(np.float32) * 2.2 + 60, 0, 255).astype(np.uint8)


def near(zoom: float, x: float = 0.5, y: float = 0.5) -> Callable[[Picture], Picture]:
    """Held against the camera: `x`, `y` are the face's middle, as shares."""

    def nearer(picture: Picture) -> Picture:
        move = np.array(
            [
                [zoom, 0, WIDTH / 2 - zoom * x * WIDTH],
                [0, zoom, HEIGHT / 2 - zoom * y * HEIGHT],
            ]
        )
        return np.asarray(cv2.warpAffine(picture, move, (WIDTH, HEIGHT)), np.uint8)

    return nearer


def far(picture: Picture) -> Picture:
    """Somebody at the other side of the shop."""
    return near(0.20)(picture)


def beside(one: Iterator[Picture], other: Iterator[Picture]) -> Iterator[Picture]:
    """Two people, each with one half of the picture."""
    for left, right in zip(one, other, strict=False):
        quarter = WIDTH // 4
        yield np.hstack([left[:, quarter:-quarter], right[:, quarter:-quarter]])


def gone(picture: Picture) -> Picture:
    """An empty shop."""
    return np.full_like(picture, 110)


def aside(picture: Picture) -> Picture:
    """Somebody at the edge of the picture."""
    return np.asarray(np.roll(picture, WIDTH // 3, axis=1), np.uint8)


class Glare:
    """Lamps that shine in somebody's glasses: white spots over both eyes."""

    def __init__(self) -> None:
        self._looker = Looker(load_model_set(None))
        self._number = 0

    def __call__(self, picture: Picture) -> Picture:
        self._number += 1
        seen = self._looker.look(
            picture, captured_s=self._number / FPS, frame=self._number
        )
        lit = picture.copy()
        if seen.face is not None:
            points = np.asarray(seen.face.landmarks)[:, :2]
            for corners in EYES:
                one, other = points[list(corners)]
                middle = tuple(int(x) for x in (one + other) / 2)
                size = int(np.hypot(*(one - other)) * 0.45)
                cv2.ellipse(lit, middle, (size, size), 0, 0, 360, (255, 255, 255), -1)
        return np.asarray(lit, np.uint8)


def glaring(picture: Picture) -> Picture:
    """The same, made when it is first needed."""
    if not _GLARE:
        _GLARE.append(Glare())
    return _GLARE[0](picture)


EYES = ((33, 133), (362, 263))  # landmarks of the eyes' corners
_GLARE: list[Glare] = []
