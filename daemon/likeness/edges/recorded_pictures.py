"""A folder of numbered pictures as a recording: their order and their capture times.

Leaves to others: playing them (recorded.py).
"""

import math
import re
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from likeness.edges.quiet_cv2 import cv2
from likeness.errors import FeedUnreadable

PICTURES = {".bmp", ".jpeg", ".jpg", ".png", ".webp"}

Image = Any  # numpy array, see Frame
Shots = Generator["Shot", None, None]


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame whose pixels are made only if they are wanted."""

    captured_s: float
    number: int
    image: Callable[[], Image]


def pictures(folder: Path, fps: float | None, times: Path | None) -> Shots:
    """Give each picture in the order of the numbers in its name.

    Args:
        folder: of pictures; other files in it are passed over.
        fps: how many of them are one second.
        times: a text file with the capture time of each, a line each, in rising
            seconds; it goes before `fps`.

    Raises:
        FeedUnreadable: the folder or its times cannot be read, or do not fit together;
            making an image raises it for a picture that does not decode.
    """
    if not (fps or times):
        raise FeedUnreadable(f"{folder}: a folder of pictures needs fps, or times")
    try:
        files = [file for file in folder.iterdir() if file.suffix.lower() in PICTURES]
    except OSError as problem:
        raise FeedUnreadable(f"{folder}: {problem.strerror}") from problem
    files.sort(key=_by_number)
    captured = _times(times) if times else [n / (fps or 1) for n in range(len(files))]
    if len(captured) != len(files):
        raise FeedUnreadable(
            f"{times}: {len(captured)} times for {len(files)} pictures in {folder}"
        )
    for number, (file, captured_s) in enumerate(zip(files, captured, strict=True)):
        yield Shot(captured_s, number, partial(_picture, file))


def _times(path: Path) -> list[float]:
    try:
        found = [float(line) for line in path.read_text(encoding="ascii").split()]
    except OSError as problem:
        raise FeedUnreadable(f"{path}: {problem.strerror}") from problem
    except ValueError as problem:
        text = f"{path}: holds something else than seconds, one a line"
        raise FeedUnreadable(text) from problem
    rising = all(before < after for before, after in pairwise([-1e-9, *found]))
    if not (rising and all(map(math.isfinite, found))):
        raise FeedUnreadable(f"{path}: its times are not rising seconds from 0 on")
    return found


def name_for_cv2(file: Path) -> str:
    """Return a file's name as text: by bytes that are none OpenCV crashes.

    Raises:
        FeedUnreadable: it is not UTF-8.
    """
    name = str(file)
    try:
        name.encode()
    except UnicodeEncodeError:
        raise FeedUnreadable(f"{file}: its name is not UTF-8; rename it") from None
    return name


def _picture(file: Path) -> Image:
    try:
        image = cv2.imread(name_for_cv2(file), cv2.IMREAD_COLOR)
    except cv2.error:  # a header may state any size; OpenCV refuses the largest
        image = None
    if image is None:
        raise FeedUnreadable(f"{file}: is no picture that can be decoded")
    return image


def _by_number(file: Path) -> list[tuple[int, str]]:
    """Sort 9.jpg before 10.jpg."""
    parts = re.split(r"(\d+)", file.name)
    return [(int(p), "") if p.isdecimal() else (-1, p) for p in parts]
