"""Photos of the whole flow, for README and the installers' page: daemon/photos.

    PYTHONPATH=tests python -m browser.photos

They are of simulated visits: the face is NASA's public-domain portrait of Eileen
Collins, warped to blink and turn (bench/puppet_film.py), the card is invented, and what
judges it is the demonstration's profile. Nobody stood there. Leaves to others: whether
the visits are right (test_visits.py).
"""

import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

import cv2
import numpy as np

from browser.chromium import Chromium
from browser.counter import Counter
from browser.visitor import Visitor
from likeness.bench import puppet_film
from likeness.parts import load_model_set
from likeness.vision.look import Looker

ROOT = Path(__file__).resolve().parents[2]
PICTURES = ROOT / "models" / "built" / "pictures"
FACE = "astronaut.png"
LANDSCAPE, PORTRAIT = (1024, 600), (600, 1024)
PHOTOS = (
    *("welcome", "consent", "card", "more-light", "blink", "turn", "accepted"),
    *("refused", "attendant", "numbers", "welcome-ar", "act-ar", "act-zh-Hans"),
)
MOST_BYTES = 60_000
QUALITIES = (90, 80, 70, 60)  # of WebP: the first that is small enough

Snap = Callable[[Visitor, str], Awaitable[None]]


async def take_all(folder: Path, work: Path) -> list[Path]:
    """Play the visits and write the photos; return them."""
    taken: list[Path] = []

    async def snap(visitor: Visitor, name: str) -> None:
        await visitor.page.eval("document.fonts.ready.then(() => 0)")
        path = folder / f"{PHOTOS.index(name) + 1:02}-{name}.webp"
        for quality in QUALITIES:
            await visitor.page.screenshot(path, quality=quality)
            if path.stat().st_size <= MOST_BYTES:
                break
        taken.append(path)

    looker = Looker(load_model_set(None))
    # Small enough that a looped camera holds a whole cycle (edges/recorded.py).
    film = puppet_film.make(PICTURES / FACE, work / "film.avi", looker, size=(480, 360))
    dark = too_dark(looker, work / "dark.avi")
    screen = {"consent_by": "tap", "numbers_shown_s": 20.0}
    with Counter(work, PICTURES, clip=film, screen=screen) as counter:
        async with Chromium() as browser:
            await accepted(await comes(browser, counter, LANDSCAPE), counter, snap)
            await refused(await comes(browser, counter, LANDSCAPE), counter, snap)
            counter.play(dark)
            await hinted(await comes(browser, counter, LANDSCAPE), counter, snap)
            counter.play(film)
            await numbers(await comes(browser, counter, LANDSCAPE), counter, snap)
            for language in ("ar", "zh-Hans"):
                visitor = await comes(browser, counter, PORTRAIT)
                await upright(visitor, counter, snap, language)
            await referred(await comes(browser, counter, LANDSCAPE), counter, snap)
    return taken


async def comes(browser: Chromium, counter: Counter, size: tuple[int, int]) -> Visitor:
    return await Visitor.comes(browser, counter, width=size[0], height=size[1])


async def accepted(visitor: Visitor, counter: Counter, snap: Snap) -> None:
    """From the welcome to the good end."""
    await snap(visitor, "welcome")
    await visitor.wants("new_number")
    await visitor.is_at("consent")
    await snap(visitor, "consent")
    await visitor.taps("agree")
    await visitor.is_at("card")
    await snap(visitor, "card")
    counter.lay(counter.own_card)
    missing = {"blink", "turn"}
    while (
        missing
    ):  # which acts are asked is drawn: some visits ask no blink, or no turn
        await visitor.is_at("acts", "verdict")
        kind = (await visitor.is_shown()).partition("_")[0]
        if kind in missing:
            await snap(visitor, kind)
            missing.discard(kind)
        elif await visitor.stands_at("verdict"):
            await visitor.goes()
            await visitor.begins("new_number", counter.own_card)
    await visitor.is_at("verdict", within_s=60)
    await snap(visitor, "accepted")
    await visitor.goes()
    await visitor.leaves()


def too_dark(looker: Looker, to: Path) -> Path:
    """The shop's lights are out."""
    picture = puppet_film.framed(PICTURES / FACE, looker, size=(480, 360)) * 0.09
    noise = np.random.default_rng(1)
    out = cv2.VideoWriter(str(to), cv2.VideoWriter.fourcc(*"MJPG"), 25, (480, 360))
    for _ in range(100):  # a picture that stands quite still is no camera's
        grain = noise.normal(0, 2, picture.shape)
        out.write(np.clip(picture + grain, 0, 255).astype(np.uint8))
    out.release()
    return to


async def hinted(visitor: Visitor, counter: Counter, snap: Snap) -> None:
    """Something would help the camera."""
    await visitor.begins("new_number", counter.own_card)
    await visitor.is_hinted("more_light")
    await snap(visitor, "more-light")
    await visitor.is_at("verdict", within_s=40)
    await visitor.goes()
    await visitor.leaves()


async def numbers(visitor: Visitor, counter: Counter, snap: Snap) -> None:
    """Which numbers are in my name?"""
    await visitor.begins("check_numbers", counter.holders_card)
    await visitor.page.wait_for("!!document.querySelector('.number')", 40)
    await visitor.page.click("#number-1-mark")
    await snap(visitor, "numbers")
    counter.take_away()
    await visitor.taps("done")
    await visitor.is_at("idle")
    await visitor.leaves()


async def refused(visitor: Visitor, counter: Counter, snap: Snap) -> None:
    """With somebody else's card."""
    await visitor.begins("new_number", counter.strangers_card)
    await visitor.is_at("verdict", within_s=60)
    await snap(visitor, "refused")
    await visitor.goes()
    await visitor.leaves()


async def referred(visitor: Visitor, counter: Counter, snap: Snap) -> None:
    """An attendant is called."""
    await visitor.begins("replace_sim", counter.own_card)
    await visitor.is_at("acts")
    await visitor.taps("attendant")
    await visitor.is_at("verdict", within_s=60)
    await snap(visitor, "attendant")
    await visitor.goes()
    await visitor.leaves()


async def upright(
    visitor: Visitor, counter: Counter, snap: Snap, language: str
) -> None:
    """The same on a screen that stands, in another language."""
    await visitor.speaks(language)
    if language == "ar":
        await snap(visitor, f"welcome-{language}")
    await visitor.begins("new_internet", counter.own_card)
    await visitor.is_at("acts")
    await visitor.is_asked()
    await snap(visitor, f"act-{language}")
    await visitor.is_at("verdict", within_s=60)
    await visitor.goes()
    await visitor.leaves()


if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "daemon" / "photos"
    out.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        for one in asyncio.run(take_all(out, Path(name))):
            print(one, one.stat().st_size)  # noqa: T201
