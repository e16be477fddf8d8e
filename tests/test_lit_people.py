"""One still face under simulated light of each kind: the whole way in small."""

from pathlib import Path

import numpy as np
import pytest

from likeness.core.vocabulary import LightOutcome
from likeness.simulators.lit_face import Scene
from likeness.vision.look import Looker
from lit_camera import Stands
from lit_people import SIDE_PX, Cut, stretch, under_light
from real_models import model_set, read


@pytest.fixture(scope="module")
def cuts(pictures: Path) -> list[Cut]:
    """A face that holds still for as long as a sequence may last, at 24 frames/s."""
    still = Looker(model_set()).find_still(read(pictures / "obama.jpg"))
    assert still is not None
    box = still.box
    scale = SIDE_PX / (1.8 * box.height)
    x, y = box.x + box.width / 2, box.y + box.height / 2
    places = np.arange(SIDE_PX) / scale - SIDE_PX / scale / 2
    rows = np.clip(places + y, 0, still.picture.shape[0] - 1).astype(int)
    columns = np.clip(places + x, 0, still.picture.shape[1] - 1).astype(int)
    picture = still.picture[rows[:, None], columns]
    landmarks = still.fit.landmarks * np.float32(scale)
    landmarks[:, :2] += SIDE_PX / 2 - scale * np.array([x, y], np.float32)
    return [Cut(frame / 24, picture, landmarks) for frame in range(96)]


@pytest.mark.parametrize(
    ("stands", "strength", "outcome"),
    [
        (Stands.FACE, 0.2, LightOutcome.ANSWERED),
        (Stands.PRINT, 0.2, LightOutcome.FLAT),
        (Stands.SCREEN, 0.2, LightOutcome.NOT_VISIBLE),
        (Stands.RECORDED, 0.2, LightOutcome.ANOTHER),
        (Stands.FACE, 0.0, LightOutcome.NOT_VISIBLE),  # the terminal's screen is dark
    ],
)
def test_each_kind_is_known_for_what_it_is(
    cuts: list[Cut], stands: Stands, strength: float, outcome: LightOutcome
) -> None:
    found = under_light(cuts, stands, Scene(strength=strength), number=5)
    assert found.outcome is outcome


@pytest.mark.feeds
def test_a_stretch_is_one_face_without_a_break(feeds: Path) -> None:
    found = stretch(feeds / "videos" / "clm-cap12.mp4", Looker(model_set()))
    times = [cut.captured_s for cut in found]
    assert 3.9 <= times[-1] - times[0] < 4.0
    assert max(np.diff(times)) < 0.1
    assert all(cut.picture.shape == (SIDE_PX, SIDE_PX, 3) for cut in found)
    eyes = [cut.landmarks[[33, 263], :2] for cut in found]
    assert all(((eye > 0) & (eye < SIDE_PX)).all() for eye in eyes)
