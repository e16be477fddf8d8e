"""The development visits: of their people and acts, none half there."""

from pathlib import Path

from arm64.development import TRIES, Clip, performed, write_all
from likeness.bench.acts_labels import Label
from likeness.bench.visit_file import find
from likeness.core.vocabulary import Act

CLIP = Clip(Path("a.mp4"), "a", 25.0, (Path("a.jpg"),))


def blink(first: int, *, sure: bool = True, act: str = "blink") -> Label:
    return Label(first, first + 3, first + 6, act, sure)


def test_pairs_are_of_sure_acts_that_are_near_and_used_once() -> None:
    one, two, three, far = (blink(n) for n in (50, 100, 150, 900))
    doubt, squint = blink(70, sure=False), blink(920, act="squint")
    acts = [far, three, doubt, squint, one, two]
    assert performed(CLIP, acts) == [(one, two)]
    assert performed(CLIP, [*acts, blink(990)]) == [(one, two)]
    many = [blink(50 * n) for n in range(20)]
    assert len(performed(CLIP, many)) == TRIES


def test_the_visits_of_the_feeds_can_be_played(feeds: Path, tmp_path: Path) -> None:
    count = write_all(feeds, tmp_path)
    planned = find([tmp_path])
    assert len(planned) == count > 60
    assert not [plan.problem for plan in planned if plan.problem]
    for plan in planned:
        assert plan.file is not None and plan.portrait is not None
        assert plan.file.acts is not None and len(plan.file.acts) == 2
        assert set(plan.file.acts) <= set(Act)
        assert plan.file.expect.label == plan.id.split("/")[0]
