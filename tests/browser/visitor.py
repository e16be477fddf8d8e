"""A visitor before the page: reads what stands there, taps, and remembers it all.

Knows the page as a visitor does: by its sentences, and by buttons that are named after
what they offer. Leaves to others: the terminal (counter.py), and judging.
"""

import asyncio
import functools
import inspect
import json
from collections.abc import Callable, Coroutine
from typing import Any

from browser.chromium import BrowserFault, Chromium, Page
from browser.counter import Counter

# Everything that was to be read, in order: [step, sentence].
REMEMBER = """addEventListener("DOMContentLoaded", () => {
  window.seen = [];
  const note = () => {
    const now = [document.documentElement.dataset.step,
                 document.querySelector("#sentence").textContent];
    const last = window.seen.at(-1);
    if (!last || last[0] !== now[0] || last[1] !== now[1]) window.seen.push(now);
  };
  new MutationObserver(note).observe(document,
    {subtree: true, childList: true, characterData: true, attributes: true,
     attributeFilter: ["data-step"]});
});"""
STEP = "document.documentElement.dataset.step"
SENTENCE = "document.querySelector('#sentence').textContent"
HEALTH = "document.querySelector('#health').textContent"
TEXT = "document.body.innerText"
CONSENT = """[...document.querySelectorAll(".consent > p:not(.version)")]
  .map(paragraph => paragraph.textContent)"""


def at_counter(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    """Run a test on the loop that the browser of its module lives on."""

    @functools.wraps(test)
    def run(loop: asyncio.Runner, **given: Any) -> None:
        loop.run(test(**given))

    own = inspect.signature(test).parameters.values()
    runner = inspect.Parameter("loop", inspect.Parameter.KEYWORD_ONLY)
    run.__signature__ = inspect.Signature([*own, runner])  # type: ignore[attr-defined]
    return run


class Visitor:
    """Stands before one page."""

    def __init__(self, page: Page, counter: Counter) -> None:
        self.page = page
        self._counter = counter

    @classmethod
    async def comes(
        cls,
        browser: Chromium,
        counter: Counter,
        *,
        width: int = 800,
        height: int = 480,
        beside: Page | None = None,
    ) -> "Visitor":
        """Open the page and wait until it welcomes or goes on."""
        page = await browser.open(
            counter.url, width=width, height=height, beside=beside, before=REMEMBER
        )
        visitor = cls(page, counter)
        await visitor.page.wait_for(f"{STEP} !== 'starting'")
        return visitor

    async def speaks(self, language: str) -> None:
        """Choose a language."""
        await self.page.click(f'button[data-language="{language}"]')
        await self.page.wait_for(f"document.documentElement.lang === '{language}'")

    async def wants(self, purpose: str) -> None:
        """Tap what they came for."""
        await self.page.click(f'button[data-purpose="{purpose}"]')

    async def taps(self, offer: str, within_s: float = 10.0) -> None:
        """Tap a button by what it offers."""
        await self.page.click(f'button[data-offer="{offer}"]', within_s)

    async def is_at(self, *steps: str, within_s: float = 20.0) -> None:
        """Wait until the page stands at one of these steps."""
        try:
            await self.page.wait_for(f"{list(steps)}.includes({STEP})", within_s)
        except BrowserFault:
            there = await self.page.eval(f"{STEP}"), await self.page.eval(TEXT)
            raise AssertionError(f"not at {steps}, but at {there}") from None

    async def stands_at(self, step: str) -> bool:
        """Say whether the page stands at this step now."""
        return bool(await self.page.eval(f"{STEP} === '{step}'"))

    async def is_shown(self) -> str:
        """Return the name of the moving drawing; empty if there is none."""
        drawn = "document.querySelector('#drawing').dataset.key ?? ''"
        return str(await self.page.eval(drawn))

    async def is_asked(self, within_s: float = 20.0) -> None:
        """Wait until an act is asked for."""
        drawn = "document.querySelector('#drawing').dataset.key ?? ''"
        acts = "['blink', 'turn_left', 'turn_right']"
        await self.page.wait_for(f"{acts}.includes({drawn})", within_s)

    async def is_hinted(self, hint: str, within_s: float = 20.0) -> None:
        """Wait until the drawing is that of a hint, and its sentence stands with it."""
        drawn = "document.querySelector('#drawing').dataset.key"
        said = json.dumps((await self.texts("hint"))[hint])
        both = f"{drawn} === '{hint}' && {SENTENCE} === {said}"
        await self.page.wait_for(both, within_s)

    async def agrees(self, purpose: str) -> None:
        """Choose a purpose and agree to the text."""
        await self.wants(purpose)
        await self.is_at("consent")
        await self.taps("agree")
        await self.is_at("card")

    async def begins(self, purpose: str, card: Any) -> None:
        """The same, and lay a card; the camera looks when this returns."""
        await self.agrees(purpose)
        self._counter.lay(card)
        await self.is_at("look", "acts")

    async def goes(self) -> None:
        """Take the card, and let the next one come."""
        self._counter.take_away()
        if await self.page.eval("!!document.querySelector('[data-offer=done]')"):
            await self.taps("done")
        await self.is_at("idle")

    async def reads(self) -> str:
        """Return the one sentence."""
        return str(await self.page.eval(SENTENCE))

    async def texts(self, group: str) -> dict[str, Any]:
        """Return a group of sentences in the language that the page speaks."""
        file = "`/languages/${document.documentElement.lang}.json`"
        every = await self.page.eval(f"fetch({file}).then(answer => answer.json())")
        return dict(every[group])

    async def health(self) -> str:
        """Return what stands at the foot of the page."""
        return str(await self.page.eval(HEALTH))

    async def is_told(self, health: str, within_s: float = 20.0) -> None:
        """Wait until this stands at the foot of the page."""
        await self.page.wait_for(f"{HEALTH} === {json.dumps(health)}", within_s)

    async def has_read(self) -> list[tuple[str, str]]:
        """Return every step and sentence since the page was loaded."""
        return [(step, said) for step, said in await self.page.eval("window.seen")]

    async def consent_text(self) -> list[str]:
        """Return the paragraphs of the consent as they stand there."""
        return list(await self.page.eval(CONSENT))

    async def leaves(self) -> None:
        """Close the page; it asked for nothing elsewhere and complained of nothing."""
        here = (self._counter.url, self._counter.url.replace("http", "ws", 1))
        elsewhere = [url for url in self.page.requests if not url.startswith(here)]
        assert elsewhere == []
        assert self.page.console_errors == []
        await self.page.close()
