from pathlib import Path

import cv2
import numpy as np
import pytest

from likeness.bench.chip_portrait import (
    FACE_SHARE,
    HEIGHT_PX,
    MOST_BYTES,
    WIDTH_PX,
    chip_portrait,
    cut_out,
    press,
)
from likeness.core.seen import Box
from likeness.vision.look import Looker, decode
from likeness.vision.models import Pixels

NOISE = np.random.default_rng(7).integers(0, 256, (HEIGHT_PX, WIDTH_PX, 3), np.uint8)
GREY = 128


def white_on_grey(height: int, width: int, box: Box) -> Pixels:
    image = np.full((height, width, 3), GREY, np.uint8)
    bottom, right = int(box.y + box.height), int(box.x + box.width)
    image[int(box.y) : bottom, int(box.x) : right] = 255
    return image


@pytest.mark.parametrize(
    ("height", "width", "box"),
    [
        (600, 800, Box(300, 100, 300, 400)),  # made smaller
        (120, 160, Box(60, 30, 30, 40)),  # made larger
        (500, 380, Box(0, 0, 360, 480)),  # more wanted than there is
    ],
)
def test_the_face_is_in_the_middle_and_fills_its_share(
    height: int, width: int, box: Box
) -> None:
    cut = cut_out(white_on_grey(height, width, box), box)

    assert cut.shape == (HEIGHT_PX, WIDTH_PX, 3)
    middle = cut[HEIGHT_PX // 2, :, 0] > (GREY + 255) // 2
    column = cut[:, WIDTH_PX // 2, 0] > (GREY + 255) // 2
    if box.x > 0:  # else the border, which is white, goes on
        assert 0.60 <= column.sum() / HEIGHT_PX <= 0.70
        aspect = middle.sum() / column.sum()
        assert aspect == pytest.approx(box.width / box.height, abs=0.03)
        assert np.flatnonzero(column).mean() == pytest.approx(HEIGHT_PX / 2, abs=2)
        assert np.flatnonzero(middle).mean() == pytest.approx(WIDTH_PX / 2, abs=2)
    else:
        top = round(HEIGHT_PX * (1 - FACE_SHARE) / 2)
        assert column[: top + 60].all()


@pytest.mark.parametrize("image", [NOISE, np.zeros_like(NOISE)])
def test_whatever_it_shows_it_fits_the_chip(image: Pixels) -> None:
    pressed = press(image)

    assert len(pressed) <= MOST_BYTES
    back = decode(pressed)
    assert back is not None
    assert back.shape == image.shape


def test_no_better_quality_would_fit() -> None:
    image = cv2.GaussianBlur(NOISE, (0, 0), 3).astype(np.uint8)
    pressed = press(image)

    sizes = {
        len(
            cv2.imencode(
                ".jpg",
                image,
                [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1],
            )[1]
        )
        for quality in range(1, 96)
    }
    assert len(pressed) == max(size for size in sizes if size <= MOST_BYTES)


@pytest.mark.parametrize("name", ["astronaut.png", "obama.jpg"])
def test_a_photograph_becomes_a_chip_portrait_of_the_same_face(
    looker: Looker, pictures: Path, name: str
) -> None:
    photograph = (pictures / name).read_bytes()

    pressed = chip_portrait(photograph, looker)

    assert pressed is not None
    assert len(pressed) <= MOST_BYTES
    small = decode(pressed)
    assert small is not None
    assert small.shape == (HEIGHT_PX, WIDTH_PX, 3)
    face = looker.find_portrait_box(small)
    assert face is not None
    assert 0.58 <= face.height / HEIGHT_PX <= 0.72
    before, after = looker.enrol(photograph), looker.enrol(pressed)
    assert before is not None
    assert after is not None
    assert np.dot(before, after) > 0.6


def test_without_a_face_there_is_no_portrait(looker: Looker) -> None:
    assert chip_portrait(press(NOISE), looker) is None
    assert chip_portrait(b"no picture", looker) is None
    assert chip_portrait(b"", looker) is None
