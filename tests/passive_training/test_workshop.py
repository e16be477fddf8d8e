"""Scenes of the workshop show the face that was given, each by its name alike."""

import csv
from pathlib import Path

import numpy as np
import pytest

from likeness.bench.attacks.draws import Draws
from likeness.vision.look import Looker
from passive_training.data import cropped
from passive_training.recapture import Shot
from passive_training.workshop import rendered, write
from real_models import Picture, model_set, read

MEDIA = ("print", "phone", "monitor")


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker(model_set())


@pytest.fixture(scope="module")
def shot(looker: Looker, pictures: Path) -> Shot:
    astronaut = read(pictures / "astronaut.png")
    still = looker.find_still(astronaut)
    assert still is not None
    points = (still.fit.landmarks[:, :2] / still.scale).astype("f4")
    return cropped(Shot(astronaut, points), np.full(4, 1.2))


@pytest.mark.parametrize("medium", MEDIA)
def test_the_face_is_seen_on_every_medium_in_another_picture(
    looker: Looker, shot: Shot, medium: str
) -> None:
    seen = rendered(shot, medium, Draws("seen", medium))
    assert seen.dtype == np.uint8
    assert seen.shape == (480, 640, 3)
    still = looker.find_still(seen)
    assert still is not None
    points = still.fit.landmarks[:, :2] / still.scale
    assert 80 < np.ptp(points, axis=0).max() < 260
    # One look: how its brightness runs over the face is still that of the source.
    near, far = (
        _grey_face(*one) for one in ((seen, points), (shot.picture, shot.points))
    )
    assert np.corrcoef(near.ravel(), far.ravel())[0, 1] > 0.6


def _grey_face(picture: Picture, points: Picture) -> Picture:
    """The brightness at each landmark."""
    x, y = points.round().astype(int).T
    return np.asarray(picture[y, x].mean(axis=1))


@pytest.mark.parametrize("medium", MEDIA)
def test_a_name_gives_the_same_scene(shot: Shot, medium: str) -> None:
    one, same, other = (rendered(shot, medium, Draws(name)) for name in "aab")
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_list_says_what_each_sample_is(tmp_path: Path) -> None:
    samples = [np.full((288, 96, 3), level, np.uint8) for level in (1, 2)]
    rows = [(1, "lfw workshop camera", "a", ""), (0, "visit print_flat", "b", "x/y")]
    write(tmp_path / "samples_w1.npy", samples, rows)
    assert np.load(tmp_path / "samples_w1.npy")[:, 0, 0, 0].tolist() == [1, 2]
    with (tmp_path / "samples_w1.csv").open(encoding="utf-8") as lines:
        listed = list(csv.DictReader(lines))
    assert [row["live"] for row in listed] == ["1", "0"]
    assert [row["visit"] for row in listed] == ["", "x/y"]
