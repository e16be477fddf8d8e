"""The real models, loaded once for all tests that see."""

import functools
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from likeness.parts import load_model_set
from likeness.vision.models import ModelSet

MODELS = Path(__file__).resolve().parent.parent / "models"

Picture = npt.NDArray[np.uint8]


@functools.cache
def model_set() -> ModelSet:
    return load_model_set(MODELS)


def read(path: Path) -> Picture:
    """Read a picture as the cameras give it: height × width × 3, BGR."""
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    assert picture is not None, path
    return np.asarray(picture, np.uint8)


def mirrored(picture: Picture) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def side_by_side(*pictures: Picture) -> Picture:
    """Join pictures of any height; black below the lower ones."""
    height = max(picture.shape[0] for picture in pictures)
    width = sum(picture.shape[1] for picture in pictures)
    joined, x = np.zeros((height, width, 3), np.uint8), 0
    for picture in pictures:
        joined[: picture.shape[0], x : x + picture.shape[1]] = picture
        x += picture.shape[1]
    return joined


def resized(picture: Picture, scale: float) -> Picture:
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=how))


def blurred(picture: Picture, sigma: float) -> Picture:
    """Blur by `sigma` pixels."""
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma), np.uint8)
