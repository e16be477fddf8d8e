"""axe-core finds nothing on any state: WCAG 2.2 A and AA, and its best practices."""

import pytest

from browser import axe
from page import scenes
from page.showing import Stand

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize(("language", "size"), [("en", (800, 480)), ("ar", (480, 800))])
def test_axe_finds_nothing(stand: Stand, language: str, size: tuple[int, int]) -> None:
    async def look_at_all() -> list[str]:
        found: list[str] = []
        await stand.page.resize(*size)
        for name, scene in scenes.STATES.items():
            await stand.show.until_painted(scene, language)
            found += [f"{name}: {one}" for one in await axe.violations(stand.page)]
        await stand.show.until_painted(scenes.IDLE, language)
        await stand.page.click("[data-offer='read']")
        found += [f"whole text: {one}" for one in await axe.violations(stand.page)]
        await stand.page.click("dialog [data-offer='close']")
        await stand.show.hang_up()
        await stand.page.wait_for("document.documentElement.dataset.step === 'notice'")
        found += [f"no line: {one}" for one in await axe.violations(stand.page)]
        return found

    assert stand.loop.run(look_at_all()) == []
