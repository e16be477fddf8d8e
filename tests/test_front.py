"""The page in the daemon that `wiring` builds."""

import io
import subprocess
import sys
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from broker import free_port
from likeness import config, front
from likeness.core.vocabulary import Purpose
from likeness.edges.clock import SystemClock
from likeness.edges.screen_text import TextScreen
from likeness.wiring import build
from replays import CLIP
from stories import story
from terminals import settings


def with_page(folder: Path, **screen: object) -> config.Config:
    page = config.Screen(kind="page", port=free_port(), **screen)  # type: ignore[arg-type]
    return msgspec.structs.replace(settings(folder, Path(CLIP)), screen=page)


def test_without_a_page_nothing_that_serves_http_is_loaded() -> None:
    look = "import sys, likeness.serving; print('aiohttp' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", look], capture_output=True, text=True, check=True
    )
    assert said.stdout.strip() == "False"


@story
async def test_the_daemon_has_its_page_and_says_so(tmp_path: Path) -> None:
    given = with_page(tmp_path, languages=("fr", "en"))
    shown = io.StringIO()
    async with AsyncExitStack() as stack:
        daemon = await build(given, stack, screen=TextScreen(shown))
        assert daemon.page is not None
        assert daemon.page.stage.language == "fr"
        daemon.page.show("idle")
        assert shown.getvalue()  # whoever is told beside hears it too
        told = daemon.delivery.snapshot()
        assert told["screen"] == "none" and told["screen_frames"] == 0


@story
async def test_a_text_screen_has_no_page(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        given = settings(tmp_path, Path(CLIP))
        daemon = await build(given, stack, screen=TextScreen(io.StringIO()))
        assert daemon.page is None
        assert "screen" not in daemon.delivery.snapshot()


def test_nobody_is_offered_a_question_that_nobody_can_answer(tmp_path: Path) -> None:
    given = with_page(tmp_path)
    assert Purpose.CHECK_NUMBERS not in front.purposes_of(given)
    keys = msgspec.structs.replace(given.keys, carrier_answer_key="/answer.jwk")
    asking = msgspec.structs.replace(given, keys=keys)
    assert front.purposes_of(asking) == tuple(Purpose)


def test_health_is_asked_for_once_a_second() -> None:
    asked: list[int] = []

    class Clock(SystemClock):
        seconds = 5.0

        def now(self) -> float:
            return self.seconds

    clock = Clock()

    def ask() -> str:
        asked.append(1)
        return str(len(asked))

    answer = front._now_and_then(ask, clock)
    assert [answer() for _ in range(3)] == ["1"] * 3
    clock.seconds += 1.5
    assert answer() == "2"
