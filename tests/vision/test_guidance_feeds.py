"""Hints on recorded people: none while all is well, soon the right one in trouble."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

import pytest

from browser import wording
from browser.wording import FPS, HEIGHT, WIDTH
from likeness.core.guidance import Asked, Guidance, Picture
from likeness.core.scene import Hint
from likeness.vision.look import Looker
from real_models import model_set

pytestmark = [pytest.mark.feeds]

WELL, TROUBLED = 20, 20  # pictures at 25 a second
REST = Asked(rest=True)
Trouble = Callable[[wording.Picture], wording.Picture]


@pytest.fixture(scope="module")
def looker() -> Looker:
    return Looker(model_set())


def hints(looker: Looker, pictures: Iterable[wording.Picture]) -> list[Hint | None]:
    """Return the hint that stands at each picture."""
    looker.forget()
    guidance = Guidance(min_face_px=70.0, min_brightness=0.10)
    found = []
    for number, image in enumerate(pictures):
        seen = looker.look(image, captured_s=number / FPS, frame=number, eyes=True)
        luma = float(image[::24, ::24, 1].mean()) / 255
        picture = Picture(WIDTH, HEIGHT, luma)
        found.append(guidance.see(seen, seen.captured_s, picture, REST))
    return found


def well(feeds: Path, clip: str) -> Iterator[wording.Picture]:
    return wording.read(feeds / "videos" / clip)


@pytest.mark.parametrize("clip", ["lp-d7.mp4", "lp-d18.mp4", "hdtf-aoc.mp4"])
def test_people_for_whom_all_is_well_hear_nothing(
    looker: Looker, feeds: Path, clip: str
) -> None:
    assert set(hints(looker, islice(well(feeds, clip), 60))) == {None}


@pytest.mark.parametrize(
    ("hint", "clip", "trouble"),
    [
        (Hint.MORE_LIGHT, "lp-d0.mp4", wording.dark),
        (Hint.LESS_LIGHT, "lp-d7.mp4", wording.bright),
        (Hint.GO_BACK, "lp-d5.mp4", wording.near(2.2, 0.5, 0.45)),
        (Hint.COME_CLOSER, "lp-d5.mp4", wording.near(0.2)),
        (Hint.NO_FACE, "lp-d7.mp4", wording.gone),
        (Hint.GLASSES, "lp-d9.mp4", wording.glaring),
        (Hint.CENTRE, "lp-d7.mp4", wording.aside),
    ],
)
def test_trouble_is_told_soon_and_nothing_else(
    looker: Looker, feeds: Path, hint: Hint, clip: str, trouble: Trouble
) -> None:
    before = list(islice(well(feeds, clip), WELL))
    during = [trouble(one) for one in islice(well(feeds, clip), TROUBLED)]
    found = hints(looker, [*before, *during])
    assert set(found[:WELL]) == {None}
    # Who steps aside moves, and may be asked to stand still before.
    moves = {Hint.HOLD_STILL} if hint is Hint.CENTRE else set()
    assert set(found[WELL:]) - moves == {None, hint}
    # Vision may need a frame or two to notice; then a hint comes within 200 ms.
    soon = 2 + round(0.2 * FPS)
    assert any(found[WELL : WELL + soon + 1])


def test_two_people_are_asked_for_one(looker: Looker, feeds: Path) -> None:
    both = wording.beside(well(feeds, "lp-d7.mp4"), well(feeds, "lp-d18.mp4"))
    found = hints(looker, islice(both, 40))
    assert found[-1] is Hint.ONE_PERSON
    assert set(found) <= {None, Hint.ONE_PERSON, Hint.CENTRE}


def test_who_looks_away_is_asked_to_look_here(looker: Looker, feeds: Path) -> None:
    clip = feeds / "videos" / "dicaprio-fomm.mp4"  # turns by 35 degrees
    found = hints(looker, islice(wording.read(clip), 100))
    assert set(found) == {None, Hint.LOOK_STRAIGHT}
