"""The page's files: small, without markup from outside, style or scripts in between."""

import re
from pathlib import Path

import pytest

from page.showing import PAGE, Stand

SCRIPTS = sorted(path.name for path in PAGE.glob("*.js"))
FILES = sorted(path for path in PAGE.iterdir() if path.is_file())
MOST_LINES = 300
AS_MARKUP = r"(inner|outer)HTML|insertAdjacent|document\.write|\beval\(|Function\("
# All of it, without compression: half a second over the slowest of cards.
MOST_BYTES = 250_000


def test_no_file_is_long_and_all_are_light() -> None:
    for path in FILES:
        assert path.read_text(encoding="utf-8").count("\n") <= MOST_LINES, path.name
    assert sum(path.stat().st_size for path in PAGE.rglob("*.*")) < MOST_BYTES


def test_the_index_has_no_style_or_script_of_its_own() -> None:
    index = (PAGE / "index.html").read_text(encoding="utf-8")
    assert re.search(r"style=|<style|\son\w+=|javascript:", index) is None
    assert re.findall(r"<script[^>]*>(.*?)</script>", index) == [""]


@pytest.mark.parametrize("name", SCRIPTS)
def test_text_never_becomes_markup(name: str) -> None:
    script = (PAGE / name).read_text(encoding="utf-8")
    assert re.search(AS_MARKUP, script) is None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_nothing_names_another_place(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    found = set(re.findall(r"(?:https?|wss?)://[\w.$]+", text))
    assert found <= {"http://www.w3.org"}  # the name of SVG, never asked for


@pytest.mark.browser
def test_chromium_understands_every_script(stand: Stand) -> None:
    load = f"Promise.all({SCRIPTS}.map((one) => import(`/page/${{one}}`)))"
    count = stand.loop.run(stand.page.eval(f"{load}.then((all) => all.length)"))
    assert count == len(SCRIPTS)
    assert stand.page.console_errors == []
