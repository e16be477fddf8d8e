"""The real models, loaded once for all measurements' tests."""

from pathlib import Path

import pytest

from likeness.vision.look import Looker
from likeness.wiring import load_model_set


@pytest.fixture(scope="session")
def looker(root: Path) -> Looker:
    return Looker(load_model_set(root / "models"))
