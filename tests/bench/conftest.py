"""The real models, loaded once for all measurements' tests."""

import pytest

from likeness.vision.look import Looker
from real_models import model_set


@pytest.fixture(scope="session")
def looker() -> Looker:
    return Looker(model_set())
