"""The real models and pictures for tests of vision."""

from pathlib import Path

import pytest

from likeness.vision.look import Looker
from likeness.vision.models import ModelSet
from real_models import Picture, model_set, read


@pytest.fixture(scope="session")
def models() -> ModelSet:
    return model_set()


@pytest.fixture(scope="session")
def one_looker(models: ModelSet) -> Looker:
    return Looker(models)


@pytest.fixture
def looker(one_looker: Looker) -> Looker:
    """A looker that follows nobody yet."""
    one_looker.forget()
    return one_looker


@pytest.fixture(scope="session")
def astronaut(pictures: Path) -> Picture:
    """One face of 92 × 104 pixels near (225, 123), her head tilted by a few degrees."""
    return read(pictures / "astronaut.png")


@pytest.fixture(scope="session")
def biden(pictures: Path) -> Picture:
    """One large face, turned a little to his own left."""
    return read(pictures / "biden.jpg")


@pytest.fixture(scope="session")
def obama(pictures: Path) -> Picture:
    """One large face, seen from the front."""
    return read(pictures / "obama.jpg")
