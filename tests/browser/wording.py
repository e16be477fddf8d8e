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
    return near(0.28)(picture)


def beside(one: Iterator[Picture], other: Iterator[Picture]) -> Iterator[Picture]:
    """Two people, each with one half of the picture."""
    for left, right in zip(one, other, strict=False):
        quarter = WIDTH // 4
        yield np.hstack([left[:, quarter:-quarter], right[:, quarter:-quarter]])
