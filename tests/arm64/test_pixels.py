"""A visit taken apart has the film's own pixels and times, to the last digit."""

from pathlib import Path

import numpy as np

from arm64.pixels import write_all
from likeness.bench.visit_file import find
from likeness.edges.recorded import frames
from replays import CLIP, own_portrait, write_visit


def test_the_pictures_are_the_film(pictures: Path, tmp_path: Path) -> None:
    clip = pictures / CLIP
    portrait = own_portrait(clip, tmp_path / "portrait.png")
    more = "start_s = 1.3\nend_s = 1.9"
    visits = tmp_path / "visits"
    write_visit(visits / "a.toml", clip, portrait=portrait, more=more, label="genuine")
    assert write_all(visits, tmp_path / "apart") == 1
    (plan,) = find([tmp_path / "apart"])
    assert not plan.problem and plan.file is not None
    assert plan.file.acts == find([visits])[0].file.acts  # type: ignore[union-attr]
    assert plan.file.expect.label == "genuine"
    film = list(frames(clip, start_s=1.3, end_s=1.9))
    apart = list(
        frames(plan.video, times=plan.times, start_s=plan.file.start_s, end_s=None)
    )
    assert len(film) == len(apart) > 10
    for one, other in zip(film, apart, strict=True):
        assert one.captured_s == other.captured_s
        assert np.array_equal(one.image, other.image)
