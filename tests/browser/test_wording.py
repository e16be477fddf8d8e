"""What the page says to recorded people in trouble: one hint, and the right one.

Feeds stay where they are, and no picture of them is kept.
"""

import asyncio
from collections.abc import Callable, Iterator
from itertools import chain, islice
from pathlib import Path

import pytest

from browser import wording
from browser.chromium import Chromium
from browser.counter import Counter
from browser.visitor import Visitor, at_counter
from browser.wording import Picture

pytestmark = [
    *(pytest.mark.browser, pytest.mark.broker, pytest.mark.feeds, pytest.mark.slow),
]

WELL = 50  # pictures of good light, before it changes


@pytest.fixture(scope="module")
def counter(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("counter")
    screen = {"consent_by": "tap"}
    with Counter(folder, pictures, screen=screen, profile="standard") as counter:
        yield counter


def troubled(
    clip: Path, trouble: Callable[[Picture], Picture], to: Path, start_s: float = 0.0
) -> Path:
    """A film of somebody for whom all is well, and then not."""
    well = list(islice(wording.read(clip, start_s), WELL))
    worse = map(trouble, wording.read(clip, start_s))
    return wording.write(chain(well, worse), to)


CASES = {
    "more_light": ("lp-d0.mp4", wording.dark),
    "less_light": ("lp-d7.mp4", wording.bright),
    "no_face": ("lp-d7.mp4", wording.gone),
}
# So from the start: a face that jumps ends the visit, and glare is spoken of only while
# eyes are looked at, which a drawn turn is not.
FROM_THE_START = {
    "go_back": ("lp-d5.mp4", wording.near(1.5, 0.5, 0.45)),
    "come_closer": ("lp-d5.mp4", wording.far),
    "centre": ("lp-d7.mp4", wording.aside),
    "glasses": ("lp-d9.mp4", wording.glaring),
}


@pytest.mark.parametrize(
    "hint", [*CASES, *FROM_THE_START, "one_person", "look_straight"]
)
@at_counter
async def test_the_hint_fits_the_trouble(
    browser: Chromium, counter: Counter, feeds: Path, tmp_path: Path, hint: str
) -> None:
    videos = feeds / "videos"
    film = await asyncio.to_thread(film_of, videos, hint, tmp_path / "film.avi")
    counter.play(film)
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_hinted(hint)
    await visitor.page.screenshot(tmp_path / f"{hint}.png")
    if await visitor.page.eval("!!document.querySelector('[data-offer=attendant]')"):
        await visitor.taps("attendant")
    await visitor.goes()
    await visitor.leaves()


def film_of(videos: Path, hint: str, to: Path) -> Path:
    if hint == "one_person":
        two = wording.beside(
            wording.read(videos / "lp-d5.mp4"), wording.read(videos / "lp-d7.mp4")
        )
        return wording.write(two, to)
    if hint == "look_straight":  # he does so from the start
        return wording.write(wording.read(videos / "dicaprio-fomm.mp4", 12.3), to)
    if hint in FROM_THE_START:
        clip, trouble = FROM_THE_START[hint]
        return wording.write(map(trouble, wording.read(videos / clip)), to)
    clip, trouble = CASES[hint]
    return troubled(videos / clip, trouble, to)
