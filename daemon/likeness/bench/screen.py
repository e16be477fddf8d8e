"""Measures the visitor's screen: a real chromium, the real daemon, simulated visits.

What is timed ends at the daemon, when the page has said that it stands on the screen:
the way back is in it. The face is a public picture that a program moves; the chromium
has no window, so a display's own delay is not in it. Leaves to others: showing figures.
"""

import asyncio
import os
import platform
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from likeness import __version__, config, parts, wiring
from likeness.bench import puppet_film
from likeness.bench.browser_page import Page
from likeness.bench.chip_portrait import chip_portrait
from likeness.bench.chromium import Chromium, find
from likeness.core.percentiles import Percentiles
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys
from likeness.edges.screen_text import NoText
from likeness.errors import LikenessError, UsageError
from likeness.front import Front
from likeness.simulators.card_file import fictitious_card, simulated
from likeness.simulators.sdt import SdtSimulator
from likeness.simulators.sdt_reader import SdtCard
from likeness.vision.look import Looker
from likeness.vision.manifest import BUILT, PICTURES, models_dir

Figures = dict[str, Any]  # a JSON report: mixed values, hence Any

DEVICE = "bench-screen"
FACE = "astronaut.png"
CYCLES = 4  # of the film: longer than a visit
FPS = 30.0
SIZE_PX = (800, 480)
LOOK_EVERY_S = 0.1  # by the page itself, so that looking costs little
STEP_WITHIN_S = 40.0
WAIT = """new Promise(done => {{
  const look = () => {steps}.includes(document.documentElement.dataset.step)
    ? done(true) : setTimeout(look, {every_ms});
  look();
  setTimeout(() => done(false), 20000);
}})"""
# Issue 6: what is to be reached.
PAINTED_MS, DRAWN_MS, FRAMES_PER_S = 100, 150, 15.0


@dataclass(slots=True)
class Spent:
    """Seconds of watching, CPU and pictures, over all visits."""

    watched_s: float = 0.0
    daemon_cpu_s: float = 0.0
    page_cpu_s: float = 0.0
    looked: int = 0  # frames that vision took
    drawn: int = 0
    painted: Percentiles = field(default_factory=Percentiles)


async def measure(
    visits: int, models: Path | None, done: Callable[[], None]
) -> Figures:
    """Play visits and return the figures; `done` is called after each.

    Raises:
        UsageError: chromium is not installed.
        LikenessError: a visit or the page did not go on.
    """
    if find() is None:
        raise UsageError("bench screen needs chromium: apt-get install chromium")
    looker = Looker(parts.load_model_set(models))
    still = (models or models_dir()) / BUILT / PICTURES / FACE
    if not still.is_file():
        raise UsageError(f"{still} is missing: run 'likeness models build'")
    with tempfile.TemporaryDirectory(prefix="likeness-screen-") as name:
        folder = Path(name)
        film = await asyncio.to_thread(
            puppet_film.make, still, folder / "film.avi", looker, fps=FPS, cycles=CYCLES
        )
        cards = _cards(still, looker, folder, visits)
        with SdtSimulator() as reader:
            settings = _settings(folder, film, reader.path, models)
            return await _play(reader, cards, settings, done)


async def _play(
    reader: SdtSimulator,
    cards: list[SdtCard],
    settings: config.Config,
    done: Callable[[], None],
) -> Figures:
    async with AsyncExitStack() as stack:
        daemon = await wiring.build(settings, stack, screen=NoText())
        if daemon.page is None:
            raise LikenessError("bench screen: the daemon serves no page")
        running = asyncio.create_task(daemon.run())
        stack.push_async_callback(_end, running)
        browser = await stack.enter_async_context(Chromium())
        width, height = SIZE_PX
        page = await browser.open(
            f"http://127.0.0.1:{settings.screen.port}/", width=width, height=height
        )
        spent = Spent()
        for card in cards:
            await _at(page, "idle")
            reader.lay(card)
            await _at(page, "look", "acts")
            before = await _counted(browser, daemon.page)
            await _at(page, "verdict")
            _add(spent, before, await _counted(browser, daemon.page))
            reader.take_away()
            done()
        return await _figures(spent, daemon.page, browser, len(cards))


@dataclass(frozen=True, slots=True)
class _Count:
    at_s: float
    daemon_cpu_s: float
    page_cpu_s: float
    looked: int
    drawn: int


async def _counted(browser: Chromium, front: Front) -> _Count:
    processes = await browser.processes()
    return _Count(
        at_s=time.monotonic(),
        daemon_cpu_s=time.process_time(),
        page_cpu_s=sum(float(one["cpuTime"]) for one in processes),
        looked=front.camera.taken,
        drawn=front.server.times.drawn.count,
    )


def _add(spent: Spent, before: _Count, after: _Count) -> None:
    spent.watched_s += after.at_s - before.at_s
    spent.daemon_cpu_s += after.daemon_cpu_s - before.daemon_cpu_s
    spent.page_cpu_s += after.page_cpu_s - before.page_cpu_s
    spent.looked += after.looked - before.looked
    spent.drawn += after.drawn - before.drawn


async def _figures(
    spent: Spent, front: Front, browser: Chromium, visits: int
) -> Figures:
    times = front.server.times
    seconds = spent.watched_s
    return {
        "software": __version__,
        "browser": await browser.version(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "how": "headless, software rendering, simulated visits",
        "screen_px": list(SIZE_PX),
        "camera": {"fps": FPS, "px": list(puppet_film.SIZE_PX)},
        "visits": visits,
        "watched_s": round(seconds, 1),
        "prompt_to_painted": _percentiles(times.painted, PAINTED_MS),
        "captured_to_drawn": _percentiles(times.drawn, DRAWN_MS),
        "preview_fps": {"value": _rate(spent.drawn, seconds), "target": FRAMES_PER_S},
        "vision_fps": _rate(spent.looked, seconds),
        "daemon_cpu_cores": _rate(spent.daemon_cpu_s, seconds, 2),
        "page_cpu_cores": _rate(spent.page_cpu_s, seconds, 2),
        "daemon_peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def _percentiles(times: Percentiles, target_ms: int) -> Figures:
    return {
        "count": times.count,
        "p50_ms": times.ms(0.5),
        "p95_ms": times.ms(0.95),
        "target_ms": target_ms,
    }


def _rate(amount: float, seconds: float, digits: int = 1) -> float:
    return round(amount / seconds, digits) if seconds else 0.0


async def _at(page: Page, *steps: str) -> None:
    """Wait for a step by a promise of the page: asking again and again costs CPU."""
    script = WAIT.format(steps=list(steps), every_ms=LOOK_EVERY_S * 1000)
    await page.wait_for(script, STEP_WITHIN_S)


def _cards(still: Path, looker: Looker, folder: Path, count: int) -> list[SdtCard]:
    """One for each visit, so that nobody's card fails too often."""
    portrait = chip_portrait(still.read_bytes(), looker)
    if portrait is None:
        raise LikenessError(f"{still}: no face in it; build the models anew")
    pictures = folder / "cards"
    pictures.mkdir()
    (pictures / "1.jpg").write_bytes(portrait)
    return [simulated(fictitious_card(n), portrait) for n in range(count)]


def _settings(
    folder: Path, film: Path, reader: str, models: Path | None
) -> config.Config:
    keys = bench_keys.make(folder / "keys", DEVICE, (Environment.TEST,))
    return config.Config(
        terminal=config.Terminal(
            device=DEVICE,
            state_dir=str(folder / "state"),
            environment=Environment.TEST,
            profile="demo",
        ),
        reader=config.Reader(path=reader),
        portrait=config.PortraitDecoder(
            command=(
                *(sys.executable, "-m", "likeness.simulators.wlt_decoder"),
                *("--pictures", str(folder / "cards")),
            )
        ),
        camera=config.Camera(source="feed", path=str(film)),
        keys=config.Keys(
            device_key=str(keys.device_key),
            carrier_receipt_key=str(keys.public("receipt")),
            carrier_visit_key=str(keys.public("visit")),
            carrier_person_key=str(keys.public("person")),
        ),
        # Nobody listens there: the terminal works offline.
        mqtt=config.Mqtt(host="127.0.0.1", port=_free_port()),
        models=config.Models(dir=str(models or "")),
        screen=config.Screen(kind="page", port=_free_port(), languages=("en",)),
    )


async def _end(running: "asyncio.Task[None]") -> None:
    running.cancel()
    await asyncio.wait([running])
    if not running.cancelled():
        running.result()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
