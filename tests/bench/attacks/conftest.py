"""One genuine visit, looked at once: the car phone clip around its blink."""

from pathlib import Path

import pytest

from likeness.bench.attacks.genuine import Genuine, read
from likeness.bench.visit_file import PlannedVisit, find
from likeness.vision.look import Looker
from replays import CLIP, own_portrait, write_visit

START_S, END_S = 0.9, 1.9  # he blinks at 1.40 s


@pytest.fixture(scope="session")
def plan(pictures: Path, tmp_path_factory: pytest.TempPathFactory) -> PlannedVisit:
    folder = tmp_path_factory.mktemp("genuine")
    clip = pictures / CLIP
    path = write_visit(
        folder / "carphone.toml",
        clip,
        portrait=own_portrait(clip, folder / "card.png"),
        more=f"start_s = {START_S}\nend_s = {END_S}",
        label="genuine",
    )
    return find([path])[0]


@pytest.fixture(scope="session")
def visit(plan: PlannedVisit, looker: Looker) -> Genuine:
    return read(plan, looker)
