"""Being asked for a film, in chromium: words of its own, and a stop that counts."""

import json
import os
from pathlib import Path

import pytest

from broker import free_port
from browser.chromium import Chromium
from browser.visitor import SENTENCE, Visitor, at_counter
from films import Filming, Studio
from likeness.recording import words

pytestmark = [pytest.mark.browser, pytest.mark.broker]

ACTS = ("--acts", "turn_left,turn_right,turn_left,turn_right")
FOOT = "document.querySelector('[data-offer=decline]').textContent.trim()"


class Place:
    """Where the page is, for a visitor."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}/"


@at_counter
async def test_the_page_asks_in_words_of_its_own_and_stop_leaves_nothing(
    browser: Chromium, tmp_path: Path, pictures: Path
) -> None:
    port = free_port()
    screen = f'[screen]\nkind = "page"\nport = {port}\n'
    with (
        Studio(tmp_path, pictures, screen=screen) as studio,
        Filming(studio, *ACTS, answer=None) as filming,
    ):
        assert filming.says("the page is at")
        place = Place(port)
        visitor = await Visitor.comes(browser, place)  # type: ignore[arg-type]
        await visitor.is_at("consent")
        await visitor.speaks("es")
        spanish = json.loads((words.SHIPPED / "es.json").read_text(encoding="utf-8"))
        text = "\n".join(await visitor.consent_text())
        assert text.startswith("Example Telecom le pide filmar su cara")
        assert spanish["purposes"]["fault"] in text
        assert await visitor.reads() == spanish["say"]["consent"]
        if folder := os.environ.get("LIKENESS_PHOTOS"):
            await visitor.page.screenshot(Path(folder) / "film-consent.png")
        await visitor.taps("agree")
        await visitor.is_asked()
        assert await visitor.page.eval(FOOT) == "Parar"
        if folder:
            await visitor.page.screenshot(Path(folder) / "film-acts.png")
        await visitor.taps("decline")
        await visitor.is_at("verdict")
        said = json.dumps(spanish["say"]["verdict_refused"])
        await visitor.page.wait_for(f"{SENTENCE} === {said}")
        if folder:
            await visitor.page.screenshot(Path(folder) / "film-stopped.png")
        assert visitor.page.console_errors == []
        await visitor.page.close()
        assert filming.ends() == 1
        assert "nothing was kept: consent_refused" in filming.said()
        assert studio.films == []
