"""No text is cut, no target too small, in any language, on any screen, at any step."""

from pathlib import Path

import pytest

from page import scenes
from page.showing import LANGUAGES, Stand

CHECK = (Path(__file__).parent / "layout_check.js").read_text(encoding="utf-8")
SIZES = (
    (800, 480),
    (1024, 600),
    (1280, 800),
    (1920, 1080),
    (480, 800),
    (1080, 1920),
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_fits(stand: Stand, language: str, size: tuple[int, int]) -> None:
    async def look_at_all() -> list[str]:
        found: list[str] = []
        await stand.page.resize(*size)
        for name, scene in scenes.STATES.items():
            await stand.show.until_painted(scene, language)
            found += [f"{name}: {one}" for one in await stand.page.eval(CHECK)]
        await stand.show.until_painted(scenes.IDLE, language)
        await stand.page.click("[data-offer='read']")
        found += [f"whole text: {one}" for one in await stand.page.eval(CHECK)]
        return found

    assert stand.loop.run(look_at_all()) == []
    assert stand.page.console_errors == []


def test_the_check_sees_what_does_not_fit(stand: Stand) -> None:
    async def squeeze() -> list[str]:
        await stand.show.until_painted(scenes.CONSENT, "fr")
        await stand.page.eval(
            "document.getElementById('sentence').append(' Wort'.repeat(90))"
        )
        found: list[str] = await stand.page.eval(CHECK)
        return found

    assert any("lies over" in one for one in stand.loop.run(squeeze()))
