"""The daemon's parts, put together and running; and what it will not begin with."""

import asyncio
import io
import logging
import shutil
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from joserfc.jwk import ECKey

from likeness import config
from likeness.cameras import camera_of, camera_presence
from likeness.carrier import verify as verifying
from likeness.carrier.verify import verify
from likeness.core import jws, messages
from likeness.core import visit_events as visits
from likeness.core.vocabulary import (
    Card,
    CardKind,
    Environment,
    Purpose,
    Reason,
    Verdict,
)
from likeness.edges import certificates, key_files, store_file
from likeness.edges.camera import SlotCamera
from likeness.edges.key_ring import KeyRing
from likeness.edges.recorded import LiveFeed
from likeness.edges.screen_text import TextScreen
from likeness.errors import ConfigError, ModelError, StoreBroken, UsageError
from likeness.parts import load_model_set, policy_of, resident_kib
from likeness.running import Daemon
from likeness.simulators.authority import Authority, Kind
from likeness.wiring import build
from real_models import MODELS
from replays import CLIP
from results import NAME, NUMBER
from stories import story, until
from terminals import settings

CARD = Card(kind=CardKind.RESIDENT, number=NUMBER, name=NAME)


@pytest.fixture
def good(tmp_path: Path, pictures: Path) -> config.Config:
    return settings(tmp_path, pictures / CLIP)


@asynccontextmanager
async def running(
    given: config.Config, screen: io.StringIO
) -> AsyncIterator[tuple[Daemon, "asyncio.Task[None]"]]:
    async with AsyncExitStack() as stack:
        daemon = await build(given, stack, screen=TextScreen(screen))
        task = asyncio.create_task(daemon.run())
        try:
            yield daemon, task
        finally:
            task.cancel()
            await asyncio.wait([task])


def change(given: config.Config, part: str, **values: object) -> config.Config:
    section = msgspec.structs.replace(getattr(given, part), **values)
    return msgspec.structs.replace(given, **{part: section})


def building(given: config.Config) -> Callable[[], None]:
    async def build_it() -> None:
        async with AsyncExitStack() as stack:
            await build(given, stack, screen=TextScreen(io.StringIO()))

    return lambda: asyncio.run(build_it())


# --- what it will not begin with ----------------------------------------------------
def test_the_demo_profile_is_refused_in_production(good: config.Config) -> None:
    assert policy_of(good).name == "demo"
    bad = change(good, "terminal", environment=Environment.PRODUCTION)
    with pytest.raises(
        ConfigError, match=r"terminal\.profile 'demo' is for test, bench only"
    ):
        building(bad)()


def test_an_unknown_profile_is_named_with_those_that_exist(good: config.Config) -> None:
    with pytest.raises(
        ConfigError, match=r"terminal\.profile: there is no profile 'easy'; known: stan"
    ):
        building(change(good, "terminal", profile="easy"))()
    assert policy_of(change(good, "terminal", profile="strict")).acts == 5


def test_colours_are_asked_for_by_configuration_only(good: config.Config) -> None:
    assert not policy_of(good).light
    assert policy_of(change(good, "screen", kind="page", light=True)).light


def assert_nothing_was_begun(state: Path) -> None:
    assert [path.name for path in state.iterdir()] == ["lock"]


@pytest.mark.parametrize(
    "key",
    ["device_key", "carrier_receipt_key", "carrier_visit_key", "carrier_person_key"],
)
def test_each_missing_key_is_named(
    good: config.Config, key: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"nokey: this .* cannot be read: No such"):
        building(change(good, "keys", **{key: str(tmp_path / "nokey")}))()
    assert_nothing_was_begun(tmp_path / "state")


def test_a_device_key_in_the_carriers_place_is_refused(good: config.Config) -> None:
    with pytest.raises(ConfigError, match="public"):
        building(change(good, "keys", carrier_person_key=good.keys.device_key))()


def test_models_must_be_those_of_the_manifest(
    good: config.Config, tmp_path: Path
) -> None:
    with pytest.raises(ConfigError, match=r"manifest\.toml: cannot be read"):
        load_model_set(tmp_path / "nowhere")
    copy = tmp_path / "models"
    shutil.copytree(MODELS / "built", copy / "built")
    shutil.copy(MODELS / "manifest.toml", copy)
    bad = copy / "built/sface_w8.tflite"
    data = bytearray(bad.read_bytes())
    data[len(data) // 2] ^= 1
    bad.write_bytes(data)
    with pytest.raises(ModelError, match=r"sface_w8\.tflite is refused: its sha256 is"):
        building(change(good, "models", dir=str(copy)))()
    assert_nothing_was_begun(tmp_path / "state")
    bad.unlink()
    with pytest.raises(ModelError, match=r"sface_w8\.tflite is missing"):
        building(change(good, "models", dir=str(copy)))()


def test_a_state_dir_that_cannot_be_used(good: config.Config, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("a file is no folder")
    bad = change(good, "terminal", state_dir=str(tmp_path / "file/state"))
    with pytest.raises(ConfigError, match=r"terminal\.state_dir cannot be used"):
        building(bad)()


def test_a_certificate_that_cannot_be_used(good: config.Config, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"mqtt\.ca_file.* cannot be read: No such"):
        building(change(good, "mqtt", ca_file=str(tmp_path / "none.pem")))()


def test_one_key_for_results_and_tls_is_refused_in_production(
    good: config.Config, tmp_path: Path
) -> None:
    """A copy under another name would pass the configuration's own check."""
    key = key_files.load_private(Path(good.keys.device_key))
    authority = Authority(tmp_path / "authority")
    cert = tmp_path / "tls.pem"
    asked = certificates.request(key, good.terminal.device)
    cert.write_bytes(authority.issue(asked, Kind.DEVICE))
    field = change(
        good, "terminal", environment=Environment.PRODUCTION, profile="standard"
    )
    with pytest.raises(ConfigError, match=r"its key is keys\.device_key as well"):
        building(change(field, "mqtt", cert_file=str(cert)))()


@story
async def test_a_prepared_key_takes_over_at_the_next_start(
    tmp_path: Path, good: config.Config
) -> None:
    ring = KeyRing(Path(good.terminal.state_dir), good.keys.device_key)
    screen = TextScreen(io.StringIO())
    async with AsyncExitStack() as stack:
        await build(good, stack, screen=screen)
    new = ring.prepare().kid
    for _ in range(2):
        async with AsyncExitStack() as stack:
            daemon = await build(good, stack, screen=screen)
            kinds = [
                jws.parse(token, types=verifying.RECORDS).typ
                for row in await daemon.store.waiting()
                if (token := await daemon.store.token(row.link.epoch, row.link.seq))
            ]
        assert kinds == [messages.EPOCH, messages.KEY]
        assert ring.current().kid == new


@story
async def test_one_daemon_for_one_state_and_free_again_after_it(
    tmp_path: Path, pictures: Path
) -> None:
    good = settings(tmp_path, pictures / CLIP)
    screen = TextScreen(io.StringIO())
    async with AsyncExitStack() as stack:
        await build(good, stack, screen=screen)
        with pytest.raises(UsageError, match="another likeness daemon works here"):
            async with AsyncExitStack() as second:
                await build(good, second, screen=screen)
    async with AsyncExitStack() as stack:
        await build(good, stack, screen=screen)


def test_each_camera_is_the_one_configured(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = camera_of(
        config.Camera(source="feed", path=str(pictures / CLIP)), Environment.TEST
    )
    assert isinstance(feed, LiveFeed)
    usb = camera_of(config.Camera(source="usb", path="/dev/v4l/by-id/none"))
    assert isinstance(usb, SlotCamera)
    assert not isinstance(usb, LiveFeed)
    monkeypatch.setitem(sys.modules, "picamera2", None)  # as where it is not installed
    with pytest.raises(ConfigError, match="'picamera2' needs picamera2"):
        camera_of(config.Camera(source="picamera2"))


def test_no_recording_is_a_camera_in_production(pictures: Path) -> None:
    """Whatever was checked before: `config_checks` refuses the file already."""
    with pytest.raises(ConfigError, match="'feed' is for test and bench"):
        camera_of(config.Camera(source="feed", path=str(pictures / CLIP)))


@pytest.mark.parametrize("source", ["usb", "feed"])
def test_a_camera_that_is_missing_is_told_at_the_start(
    good: config.Config,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    source: str,
) -> None:
    path = tmp_path / "camera"

    async def told() -> tuple[int, object]:
        caplog.clear()
        given = change(good, "camera", source=source, path=str(path))
        async with AsyncExitStack() as stack:
            daemon = await build(given, stack, screen=TextScreen(io.StringIO()))
            lines = [one for one in caplog.messages if "event=camera_missing" in one]
            assert all(f"path='{path}' what_to_do='see its cab" in one for one in lines)
            return len(lines), daemon.delivery.snapshot()["camera"]

    assert asyncio.run(told()) == (1, "missing")
    path.touch()
    assert asyncio.run(told()) == (0, "found")


def test_a_camera_without_a_path_is_not_called_missing() -> None:
    assert camera_presence(config.Camera(source="picamera2")) == "unknown"


# --- it runs ------------------------------------------------------------------------
@story
async def test_without_broker_and_reader_it_serves_and_the_result_waits(
    tmp_path: Path, pictures: Path
) -> None:
    given, screen = settings(tmp_path, pictures / CLIP), io.StringIO()
    async with running(given, screen) as (daemon, task):
        terminal = daemon.terminal
        await until(lambda: "card reader does not answer" in screen.getvalue())
        terminal.card_laid(CARD, Purpose.NEW_NUMBER, "2026-11")
        await until(lambda: "Look at the camera." in screen.getvalue())
        terminal.post(visits.Cancelled())
        await until(lambda: terminal.visits_done == 1)
        waiting = await daemon.store.waiting()
        token = await daemon.store.token(daemon.store.epoch, 1)
        assert not task.done()
    assert [one.link.seq for one in waiting] == [0, 1]
    key = key_files.load_private(Path(given.keys.device_key)).public_key()
    claims = verify(token or "", ECKey.import_key({**key_files.public_jwk(key)})).claims
    assert isinstance(claims, messages.Result)
    assert claims.verdict is Verdict.REFUSED
    assert "cancelled" in claims.reasons
    assert claims.environment is Environment.TEST
    assert claims.iss == given.terminal.device
    assert claims.policy == "demo"
    assert set(claims.models) == {
        "detect_near", "detect_far", "mesh", "eyelids", "embed", "passive",
    }  # fmt: skip
    assert "This did not succeed." in screen.getvalue()


@story
async def test_who_it_was_stands_nowhere_in_clear(
    tmp_path: Path, pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """At the most talkative log level, with a visit that carries the person."""
    caplog.set_level(logging.DEBUG)
    given, screen = settings(tmp_path, pictures / CLIP), io.StringIO()
    async with running(given, screen) as (daemon, _):
        daemon.terminal.card_laid(CARD, Purpose.NEW_NUMBER, "2026-11")
        await until(lambda: "Look at the camera." in screen.getvalue())
        await until(lambda: "event=no_portrait" in caplog.text)
        daemon.terminal.post(visits.PictureEnded(Reason.CAMERA_LOST))
        await until(lambda: daemon.terminal.visits_done == 1)
        said = repr(daemon.terminal.last)
    assert "verdict=referred" in caplog.text
    assert "CardPresented" in caplog.text  # events were logged
    files = [path for path in (tmp_path / "state").rglob("*") if path.is_file()]
    disk = b"".join(path.read_bytes() for path in files)
    (transcript,) = (path for path in files if path.parent.name == "faults")
    assert b"referred" in transcript.read_bytes()
    assert b"referred" not in disk.replace(transcript.read_bytes(), b"")  # base64url
    (row,) = [
        token
        for (token,) in sqlite3.connect(tmp_path / "state" / store_file.NAME).execute(
            "SELECT token FROM record WHERE seq = 1"
        )
    ]
    clear = messages.from_json(_payload(row), messages.Result)
    assert clear.person is not None
    everything = "\n".join((said, caplog.text, screen.getvalue(), repr(clear)))
    for marked in (NAME, NUMBER, "MARKED"):
        assert marked not in everything
        assert marked.encode() not in disk


def _payload(token: str) -> bytes:
    return jws.decode(token.split(".")[1])


@story
async def test_a_store_that_breaks_ends_the_daemon_with_its_one_line(
    tmp_path: Path, pictures: Path
) -> None:
    given, screen = settings(tmp_path, pictures / CLIP), io.StringIO()
    async with running(given, screen) as (daemon, task):
        await until(lambda: "Welcome" in screen.getvalue())
        with sqlite3.connect(tmp_path / "state" / store_file.NAME) as db:
            db.execute("DROP TABLE record")
        db.close()
        daemon.terminal.card_laid(CARD, Purpose.NEW_NUMBER, "2026-11")
        await until(lambda: "Look at the camera." in screen.getvalue())
        daemon.terminal.post(visits.Cancelled())
        await until(task.done)
        with pytest.raises(StoreBroken, match="restart to set it aside"):
            task.result()


@story
async def test_a_mistake_of_ours_is_not_dressed_up_as_a_fault(
    tmp_path: Path, pictures: Path
) -> None:
    given, screen = settings(tmp_path, pictures / CLIP), io.StringIO()
    async with running(given, screen) as (daemon, task):
        await until(lambda: "Welcome" in screen.getvalue())
        daemon.terminal.post("no event at all")  # type: ignore[arg-type]
        daemon.terminal.begin(purpose=Purpose.NEW_NUMBER)
        daemon.terminal.post("no event at all")  # type: ignore[arg-type]
        await until(task.done)
        with pytest.raises(ExceptionGroup) as bug:
            task.result()
        assert bug.value.subgroup(AssertionError) is not None


def test_resident_memory_is_what_the_kernel_says() -> None:
    status = Path("/proc/self/status").read_text(encoding="ascii")
    kernel = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    assert abs(resident_kib() - int(kernel.split()[1])) < 8192
