"""The colours of the light answer: each in its time, and never what could harm."""

import asyncio
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from likeness.core import scene as words
from likeness.core.scene import LightStep
from page import scenes
from page.showing import Stand

pytestmark = pytest.mark.browser

WATCH = """(() => { window.seen = [];
  const look = (now) => {
    const shine = document.documentElement.style.getPropertyValue('--shine');
    if (shine && shine !== seen.at(-1)?.[0]) seen.push([shine, now]);
    requestAnimationFrame(look);
  };
  requestAnimationFrame(look); })()"""


def test_colours_come_in_order_and_each_in_its_time(stand: Stand) -> None:
    async def shine() -> list[Any]:
        await stand.page.eval(WATCH)
        await stand.show.until_painted(scenes.SHINING)
        said = await stand.show.hears(words.LightShown)
        assert isinstance(said, words.LightShown)
        assert said.serial == scenes.SHINING.serial
        await stand.page.wait_for(f"seen.length >= {len(scenes.COLOURS)}")
        seen: list[Any] = await stand.page.eval("seen")
        return seen

    seen = stand.loop.run(shine())
    assert [colour for colour, _ in seen] == [
        f"rgb({' '.join(map(str, step.rgb))})" for step in scenes.COLOURS
    ]
    # By frames, not by a clock of the test: no step is shorter than half of its time.
    begun = [at for _, at in seen]
    for step, (one, next_one) in zip(scenes.COLOURS, pairwise(begun), strict=False):
        assert next_one - one > step.ms / 2


def test_the_same_colours_again_do_not_begin_anew(stand: Stand) -> None:
    async def shine() -> int:
        await stand.show.until_painted(scenes.SHINING)
        await stand.show.hears(words.LightShown)
        await stand.show.until_painted(
            msgspec.structs.replace(scenes.SHINING, health="offline")
        )
        await asyncio.sleep(0.2)
        return sum(isinstance(word, words.LightShown) for word in stand.show.heard)

    assert stand.loop.run(shine()) == 0


def test_colours_that_could_harm_are_never_shown(stand: Stand) -> None:
    flashing = tuple(
        LightStep(rgb=(255, 255, 255) if place % 2 else (0, 0, 0), ms=100)
        for place in range(12)
    )

    async def shine() -> list[Any]:
        await stand.page.eval(WATCH)
        await stand.show.show(msgspec.structs.replace(scenes.SHINING, light=flashing))
        await stand.show.hears(words.SkipLight)
        seen: list[Any] = await stand.page.eval("seen")
        return seen

    assert stand.loop.run(shine()) == []


def test_the_rules_for_flashes_are_those_of_wcag(stand: Stand) -> None:
    ask = """import('/page/light.js').then(({isSafe}) => {
      const judge = (one, other, ms) => isSafe(
        Array.from({length: 20}, (_, i) => ({rgb: i % 2 ? one : other, ms})));
      return [
        judge([0, 173, 0], [255, 79, 255], 250),
        judge([0, 0, 0], [255, 255, 255], 250),
        judge([0, 0, 0], [255, 255, 255], 190),
        judge([60, 0, 0], [80, 80, 80], 150),
      ];
    })"""
    # Alike in luminance; two flashes a second; more than two and a half; saturated red.
    assert stand.loop.run(stand.page.eval(ask)) == [True, True, False, False]
