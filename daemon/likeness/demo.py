"""One genuine and one refused visit, with nothing else installed.

An embedded broker, the carrier's side and the terminal run in one process; the card
reader is simulated (`demo_cards`), the camera is a recorded clip played over and over.
Everything between is the real thing. Its results say `test`: no carrier in the field
accepts them.
"""

import asyncio
import logging
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import iotcore
from joserfc.jwk import ECKey

from likeness import config, parts, wiring
from likeness.carrier import serve as carrier
from likeness.carrier.audit import inspect as inspection
from likeness.carrier.keeping import Kept
from likeness.carrier.settings import Settings
from likeness.carrier.verify import verify
from likeness.core.messages import Result
from likeness.core.vocabulary import Environment, Verdict
from likeness.demo_cards import Card, Over, table
from likeness.edges import bench_keys, key_files
from likeness.edges.recorded import frames
from likeness.edges.screen_text import TextScreen
from likeness.errors import LikenessError, ModelError
from likeness.running import Daemon
from likeness.vision.look import Looker
from likeness.vision.manifest import BUILT, PICTURES, models_dir

DEVICE = "demo-terminal"
CLIP = "carphone.mp4"
STRANGER = "obama.jpg"
PORTRAIT_AT_S = 1.5  # of the clip: he looks ahead
VISIT_WITHIN_S = 60.0
LOOK_EVERY_S = 0.05
CARD_AWAY_S = 1.0
PAGE_WITHIN_S = 60.0
LOOKED_AT_S = 3.0  # the welcome, by whoever watches
BROKER = """\
id = 0
[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10
[v5.1]
name = "demo"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1
[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 65536
max_inflight_count = 100
"""

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where everything of one demonstration lies."""

    folder: Path
    port: int
    keys: bench_keys.BenchKeys
    clip: Path
    card: Card = "sdt"
    over: Over = "pn532"
    page_port: int = 0  # 0: no page


def run(
    models: Path | None,
    say: Say,
    card: Card = "sdt",
    over: Over = "pn532",
    *,
    screen: bool = False,
) -> bool:
    """Play both visits; return whether they came out as they must.

    Args:
        models: their folder, if not the program's own.
        say: told what happens.
        card: which family of cards.
        over: how chips are read.
        screen: serve the visitor's page too, for whoever wants to watch.
    """
    pictures = (models or models_dir()) / BUILT / PICTURES
    if not (pictures / CLIP).is_file():
        raise ModelError(f"{pictures / CLIP} is missing: run 'likeness models build'")
    with tempfile.TemporaryDirectory(prefix="likeness-demo-") as folder:
        keys = bench_keys.make(Path(folder) / "keys", DEVICE, (Environment.TEST,))
        stage = Stage(
            *(Path(folder), _free_port(), keys, pictures / CLIP, card, over),
            page_port=_free_port() if screen else 0,
        )
        holders = (_still(stage.clip), (pictures / STRANGER).read_bytes())
        return asyncio.run(_play(stage, holders, models, say))


async def _play(
    stage: Stage, holders: tuple[bytes, bytes], models: Path | None, say: Say
) -> bool:
    looker = Looker(parts.load_model_set(models))
    results: asyncio.Queue[Kept] = asyncio.Queue()
    with (
        table(stage.card, stage.over, stage.folder, holders, looker) as laid,
        _broker(stage),
    ):
        say(f"stage: MQTT v5 broker (embedded) on 127.0.0.1:{stage.port}")
        say(f"stage: {laid.what}")
        async with AsyncExitStack() as stack:
            settings = laid.configured(_settings(stage, models))
            screen = _VisitorsScreen(laid.enter_key)
            daemon = await wiring.build(settings, stack, screen=screen)

            async def idle() -> bool:
                return daemon.terminal.idle

            async def delivered() -> bool:
                return not await daemon.store.waiting()

            _in_background(stack, _carrier(stage, results.put_nowait))
            _in_background(stack, daemon.run())
            await _page_opened(daemon, stage.page_port, say)
            say("\n— first visit: the clip's person with his own card —")
            laid.lay(0)
            async with _in_time("first visit", screen):
                first = await _next_result(results, stage, say)
                await _until(idle)
            laid.take_away()
            await asyncio.sleep(CARD_AWAY_S)
            say("\n— second visit: the same face with another person's card —")
            laid.lay(1)
            async with _in_time("second visit", screen):
                second = await _next_result(results, stage, say)
                await _until(delivered)
                await _until(idle)
            say("outbox: empty, every result has the carrier's signed receipt")
    say(f"\nfirst visit: {first.verdict}; second visit: {second.verdict}")
    well = (first.verdict, second.verdict) == (Verdict.ACCEPTED, Verdict.REFUSED)
    if not well:
        say("not as it should be; a busy machine drops pictures: run it again")
    return well


def _still(clip: Path) -> bytes:
    """Return a picture of the clip's person, encoded."""
    frame = next(iter(frames(clip, start_s=PORTRAIT_AT_S)))
    return cv2.imencode(".png", frame.image)[1].tobytes()


def _settings(stage: Stage, models: Path | None) -> config.Config:
    keys = stage.keys
    return config.Config(
        terminal=config.Terminal(
            device=DEVICE,
            state_dir=str(stage.folder / "state"),
            environment=Environment.TEST,
            profile="demo",
        ),
        camera=config.Camera(source="feed", path=str(stage.clip), loop=True),
        keys=config.Keys(
            device_key=str(keys.device_key),
            carrier_receipt_key=str(keys.public("receipt")),
            carrier_visit_key=str(keys.public("visit")),
            carrier_person_key=str(keys.public("person")),
        ),
        mqtt=config.Mqtt(host="127.0.0.1", port=stage.port),
        models=config.Models(dir=str(models or "")),
        screen=config.Screen(kind="page", port=stage.page_port)
        if stage.page_port
        else config.Screen(),
    )


class _VisitorsScreen(TextScreen):
    """A visitor stands before it, who does what it asks for."""

    def __init__(self, enter_key: Callable[[], None]) -> None:
        super().__init__(sys.stdout)
        self._enter_key = enter_key
        self.last = ""

    def show(self, state: str, detail: str = "") -> None:
        """Write the state's sentence; scan what opens the chip when it says so."""
        super().show(state, detail)
        self.last = f"{state} {detail}".strip()
        if state == "access_key":
            self._enter_key()


async def _carrier(stage: Stage, on_kept: Callable[[Kept], None]) -> None:
    settings = Settings(
        keys=str(stage.keys.carrier),
        database=str(stage.folder / "carrier.sqlite"),
        environment="test",
        host="127.0.0.1",
        port=stage.port,
    )
    loop = asyncio.get_running_loop()

    def tell(kept: Kept) -> None:  # on the carrier's own thread
        loop.call_soon_threadsafe(on_kept, kept)

    await carrier.serve(settings, tell)


async def _next_result(
    results: "asyncio.Queue[Kept]", stage: Stage, say: Say
) -> Result:
    """Wait for a result at the carrier, and verify it from the public key alone."""
    key = key_files.public_jwk(
        key_files.load_public(stage.keys.terminal / "device.jwk")
    )
    while True:
        kept = await results.get()
        record = verify(kept.record.token, ECKey.import_key({**key}))
        say(f"carrier: verified and kept: {inspection.describe(record)}")
        if isinstance(record.claims, Result):
            return record.claims


async def _page_opened(daemon: Daemon, port: int, say: Say) -> None:
    """Wait until somebody opens the page: where no text stands, nobody agrees.

    Raises:
        LikenessError: nobody did.
    """
    if daemon.page is None:
        return
    server = daemon.page.server
    await server.listening.wait()
    say(f"stage: the visitor's page is at http://127.0.0.1:{port}/")
    say("       open it to watch; the visits begin then")

    async def opened() -> bool:
        return server.connected

    try:
        await asyncio.wait_for(_until(opened), PAGE_WITHIN_S)
    except TimeoutError:
        raise LikenessError(
            f"demo: nobody opened the page within {PAGE_WITHIN_S:.0f} s, and where no"
            " text is shown nobody agrees; open it sooner, or leave --screen out"
        ) from None
    await asyncio.sleep(LOOKED_AT_S)


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    """Look now and then: a demonstration watches from outside, as a visitor would."""
    while not await done():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(LOOK_EVERY_S)


@asynccontextmanager
async def _in_time(visit: str, screen: _VisitorsScreen) -> AsyncIterator[None]:
    """Raise LikenessError, with what the screen showed, if a visit does not end."""
    try:
        async with asyncio.timeout(VISIT_WITHIN_S):
            yield
    except TimeoutError as late:
        raise LikenessError(
            f"demo: the {visit} did not end within {VISIT_WITHIN_S:.0f} s; the screen"
            f" showed last: {screen.last}"
        ) from late


def _in_background(stack: AsyncExitStack, work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.create_task(work)

    async def stop() -> None:
        task.cancel()
        await asyncio.wait([task])
        if not task.cancelled():
            task.result()

    stack.push_async_callback(stop)


@contextmanager
def _broker(stage: Stage) -> Iterator[None]:
    path = stage.folder / "broker.toml"
    path.write_text(BROKER.format(port=stage.port), encoding="utf-8")
    logging.getLogger("iotcore").setLevel(logging.ERROR)
    broker = iotcore.Broker(config_path=str(path))
    broker.start()
    try:
        yield
    finally:
        broker.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
