from dataclasses import replace

import numpy as np
import pytest

from likeness.bench.attacks import paper
from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.bench.attacks.paper import Press, draw_press, print_of
from likeness.vision.detect import Floats, Picture


@pytest.fixture
def press() -> Press:
    return draw_press(Draws("press"), px_per_mm=1.0)


def inside(sheet_texture: Floats | Picture) -> Floats:
    margin = round(paper.MARGIN_MM) + 3
    return np.asarray(sheet_texture[margin:-margin, margin:-margin], np.float32)


def test_ink_is_never_black_and_paper_never_white(visit: Genuine, press: Press) -> None:
    printed = inside(print_of(visit.frontal, press, hands=False).texture)
    assert printed[:, :, :3].min() >= press.black - 1e-6
    assert printed[:, :, :3].max() <= max(press.white) + 1e-6
    assert (printed[:, :, 3] > 0.99).all()


def test_a_vivid_print_has_more_colour_than_a_dull_one(
    visit: Genuine, press: Press
) -> None:
    def colour(dullness: float) -> float:
        one = replace(press, dullness=dullness)
        part = inside(print_of(visit.frontal, one, hands=False).texture)[:, :, :3]
        return float((part.max(axis=2) - part.min(axis=2)).mean())

    assert colour(-0.3) > colour(0.0) > colour(0.3)


def test_the_face_lies_in_the_middle_in_the_size_that_was_drawn(
    visit: Genuine, press: Press
) -> None:
    to_sheet = paper.layout(visit.frontal, press)
    points = visit.frontal.landmarks[:, :2] @ to_sheet[:, :2].T + to_sheet[:, 2]
    width, height = paper.size_px(press)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    assert middle == pytest.approx([width / 2, height / 2], abs=0.5)
    edge_to_edge = np.hypot(*(points[454] - points[234])) / press.px_per_mm
    assert edge_to_edge == pytest.approx(press.face_mm, rel=0.01)


def test_a_hole_shows_what_is_behind(visit: Genuine, press: Press) -> None:
    holes = np.zeros(visit.frontal.picture.shape[:2], np.float32)
    x, y = visit.frontal.landmarks[1, :2].astype(int)  # the nose
    holes[y - 2 : y + 3, x - 2 : x + 3] = 1
    sheet = print_of(visit.frontal, press, holes=holes, hands=False)
    to_sheet = paper.layout(visit.frontal, press)
    u, v = (to_sheet[:, :2] @ [x, y] + to_sheet[:, 2]).astype(int)
    assert sheet.texture[v, u].max() < 0.01
    assert sheet.texture[v, u + 40, 3] > 0.99


def test_hands_reach_over_the_papers_edge(visit: Genuine, press: Press) -> None:
    bare = print_of(visit.frontal, press, hands=False).texture
    held = print_of(visit.frontal, press).texture
    margin = round(press.px_per_mm * paper.MARGIN_MM)
    assert bare[:, : margin - 3].max() == 0
    assert held[:, : margin - 3, 3].max() > 0.9
    changed = np.abs(inside(held) - inside(bare)).max(axis=2) > 0.01
    assert 0.005 < changed.mean() < 0.15
