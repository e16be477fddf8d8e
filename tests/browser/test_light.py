"""The screen's colours in a real visit: warned, shown as the result says, or skipped.

The camera plays a recording, on which no colours fall: it must harm nobody.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from browser.axe import violations
from browser.chromium import Chromium
from browser.counter import Counter
from browser.visitor import Visitor, at_counter
from likeness.core import light
from likeness.core.messages import Light, Result

pytestmark = [pytest.mark.browser, pytest.mark.broker]

# What fills the page, each colour once and how long, by the page's own frames.
WATCH = """(() => { window.shown = [];
  const look = (now) => {
    const shine = document.documentElement.style.getPropertyValue('--shine');
    const last = window.shown.at(-1);
    if (shine && shine === last?.[0]) last[2] = now;
    else if (shine) window.shown.push([shine, now, now]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look); })()"""
SHINES = "document.documentElement.classList.contains('shining')"
NAMES = {
    f"rgb({' '.join(map(str, rgb))})": str(name)
    for name, rgb in light.ON_SCREEN.items()
}


@pytest.fixture(scope="module")
def counter(
    tmp_path_factory: pytest.TempPathFactory, pictures: Path
) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("counter")
    screen = {"consent_by": "tap", "light": True}
    with Counter(folder, pictures, screen=screen) as counter:
        yield counter


async def warned(browser: Chromium, counter: Counter) -> Visitor:
    """Return a visitor who has done the acts and reads the warning."""
    visitor = await Visitor.comes(browser, counter)
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_at("light", within_s=40)
    return visitor


async def ended(visitor: Visitor, counter: Counter, known: int) -> tuple[Result, Light]:
    """The verdict may be over before a page that was loaded anew could show it."""
    result = await counter.next_result(known)
    await visitor.is_at("verdict", "idle")
    assert not await visitor.page.eval(SHINES)
    counter.take_away()
    await visitor.is_at("idle")
    await visitor.leaves()
    assert result.liveness is not None
    assert result.liveness.light is not None
    return result, result.liveness.light


@at_counter
async def test_whoever_skips_is_accepted_and_sees_no_colour(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await warned(browser, counter)
    await visitor.page.eval(WATCH)
    assert await violations(visitor.page) == []
    assert not await visitor.page.eval(SHINES)
    await visitor.taps("skip_light")
    result, said = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("accepted", [])
    assert (said.outcome, said.colours) == ("skipped", None)


@at_counter
async def test_what_the_page_shows_is_what_the_result_states(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await warned(browser, counter)
    await visitor.page.eval(WATCH)
    await visitor.taps("light")
    await visitor.page.wait_for(SHINES)
    await visitor.page.wait_for("window.shown.length === 10", 20)
    shown = await visitor.page.eval("window.shown")
    result, said = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("accepted", [])
    assert said.outcome == "not_visible"  # on a recording falls no light
    assert said.colours is not None
    names = [NAMES.get(colour, "rest") for colour, _, _ in shown]
    assert names == ["rest", *(one.split()[0] for one in said.colours), "rest"]


@at_counter
async def test_a_skip_in_their_middle_ends_them_at_once(
    browser: Chromium, counter: Counter
) -> None:
    known = len(counter.results())
    visitor = await warned(browser, counter)
    await visitor.taps("light")
    await visitor.page.wait_for(SHINES)
    await visitor.taps("skip_light")
    result, said = await ended(visitor, counter, known)
    assert (result.verdict, said.outcome) == ("accepted", "skipped")


@pytest.mark.parametrize("shining", [False, True])
@at_counter
async def test_a_page_that_is_loaded_anew_shows_no_colours_again(
    browser: Chromium, counter: Counter, *, shining: bool
) -> None:
    known = len(counter.results())
    visitor = await warned(browser, counter)
    if shining:
        await visitor.taps("light")
        await visitor.page.wait_for(SHINES)
    await visitor.page.reload()
    result, said = await ended(visitor, counter, known)
    assert (result.verdict, result.reasons) == ("accepted", [])
    assert said.outcome in ("skipped", "not_visible")
