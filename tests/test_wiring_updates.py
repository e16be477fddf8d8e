"""The whole daemon with models that came as an update."""

import asyncio
import hashlib
import io
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from likeness import config
from likeness.core import jws, messages
from likeness.core import visit_events as visits
from likeness.core.update import PACKAGED, STARTS, Bundle, Offer, Trial
from likeness.core.vocabulary import Card, CardKind, Purpose
from likeness.core.wellness import Part
from likeness.edges.bundle_file import pack
from likeness.edges.clock import SystemClock
from likeness.edges.model_sets import ModelSets
from likeness.edges.screen_text import TextScreen
from likeness.errors import Restarting, StoreBroken, UsageError
from likeness.pins import sha256_of
from likeness.remote import Remote
from likeness.running import Daemon
from likeness.service.wellbeing import Wellbeing
from likeness.wiring import build
from real_models import MODELS
from replays import CLIP
from results import NAME, NUMBER
from stories import story, until
from terminals import likeness, settings, to_toml

CARD = Card(kind=CardKind.RESIDENT, number=NUMBER, name=NAME)


@asynccontextmanager
async def running(given: config.Config, screen: io.StringIO) -> AsyncIterator[Daemon]:
    async with AsyncExitStack() as stack:
        daemon = await build(given, stack, screen=TextScreen(screen))
        task = asyncio.create_task(daemon.run())
        try:
            yield daemon
        finally:
            task.cancel()
            await asyncio.wait([task])


def update_with_policy(given: config.Config, folder: Path) -> tuple[ModelSets, str]:
    """Put the real models in use once more, as a bundle with policy numbers."""
    policy = folder / "policy.toml"
    policy.write_text("policy = 1\n[standard]\naccept_score = 0.47\n")
    files = {"manifest.toml": MODELS / "manifest.toml", "policy.toml": policy}
    files |= {f"built/{p.name}": p for p in (MODELS / "built").glob("*_w8.tflite")}
    bundle = folder / "bundle.tar"
    pack(files, bundle)
    says = Bundle(number=7, min_daemon="0.1.0", variants=("w8",))
    offer = Offer(digest=sha256_of(bundle), length=bundle.stat().st_size, bundle=says)
    sets = ModelSets(Path(given.terminal.state_dir))
    sets.install(bundle, offer, lambda _new: None)
    return sets, hashlib.sha256(policy.read_bytes()).hexdigest()


@story
async def test_an_updated_set_serves_on_trial_and_its_policy_stands_in_results(
    tmp_path: Path, pictures: Path
) -> None:
    given, screen = settings(tmp_path, pictures / CLIP), io.StringIO()
    sets, policy = update_with_policy(given, tmp_path)
    async with running(given, screen) as daemon:
        trial = sets.ledger().trial
        assert trial is not None
        assert trial.starts == 1
        daemon.terminal.card_laid(CARD, Purpose.NEW_NUMBER, "2026-11")
        await until(lambda: "Look at the camera." in screen.getvalue())
        await until(lambda: daemon.sight.looking)
        daemon.terminal.post(visits.Cancelled())
        await until(lambda: daemon.terminal.visits_done == 1)
        token = await daemon.store.token(daemon.store.epoch, 1)
    claims = messages.from_json(
        jws.decode((token or "").split(".")[1]), messages.Result
    )
    assert claims.policy == f"demo/{policy}"
    trial = sets.ledger().trial
    assert trial is not None
    assert trial.visits + trial.blind == 1


@story
async def test_a_refused_second_daemon_is_no_start_of_the_trial(
    tmp_path: Path, pictures: Path
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    sets, _ = update_with_policy(given, tmp_path)
    async with running(given, io.StringIO()):
        before = sets.ledger()
        for _ in range(STARTS + 1):
            with pytest.raises(UsageError, match="another likeness daemon works here"):
                async with running(given, io.StringIO()):
                    pass
        assert sets.ledger() == before


class Ending:
    """A part that ends the daemon as it is told."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = faults

    async def run(self) -> None:
        raise ExceptionGroup("it ends", self._faults)

    def ended_in_order(self) -> None:
        pass


async def ended_by(given: config.Config, *faults: Exception) -> None:
    async with AsyncExitStack() as stack:
        daemon = await build(given, stack, screen=TextScreen(io.StringIO()))
        far = cast("Remote", Ending(*faults))
        with pytest.raises((type(faults[0]), ExceptionGroup)):
            await replace(daemon, far=far).run()


@story
async def test_starts_that_end_in_order_do_not_ban_healthy_models(
    tmp_path: Path, pictures: Path
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    sets, _ = update_with_policy(given, tmp_path)
    for _ in range(STARTS):
        async with running(given, io.StringIO()):
            assert sets.ledger().trial == Trial(starts=1)
            await asyncio.sleep(0)  # it runs; then it is stopped, as by SIGTERM
        assert sets.ledger().trial == Trial()  # no start counts, and none confirms
        await ended_by(given, Restarting("the carrier wants it"))
        assert sets.ledger().trial == Trial()


@pytest.mark.parametrize(
    ("how", "starts"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1), (signal.SIGABRT, 1)]
)
def test_a_process_that_is_stopped_and_one_that_is_killed(
    tmp_path: Path, pictures: Path, how: signal.Signals, starts: int
) -> None:
    """SIGABRT is what systemd's watchdog sends."""
    given, file = settings(tmp_path, pictures / CLIP), tmp_path / "likeness.toml"
    file.write_text(to_toml(given))
    sets, _ = update_with_policy(given, tmp_path)
    with subprocess.Popen(
        likeness("run", "--config", file), stderr=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stderr is not None
        assert any("event=ready" in line for line in daemon.stderr)
        daemon.send_signal(how)
        daemon.communicate(timeout=30)
    assert sets.ledger().trial == Trial(starts=starts)


@pytest.mark.parametrize(
    "faults",
    [
        (StoreBroken("the disk"),),
        (RuntimeError("a mistake of ours"),),
        (Restarting("the carrier wants it"), RuntimeError("a mistake of ours")),
    ],
)
@story
async def test_a_start_that_ends_by_a_fault_counts(
    tmp_path: Path, pictures: Path, faults: tuple[Exception, ...]
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    sets, _ = update_with_policy(given, tmp_path)
    await ended_by(given, *faults)
    assert sets.ledger().trial == Trial(starts=1)


@story
async def test_a_stop_while_a_part_hangs_counts(tmp_path: Path, pictures: Path) -> None:
    """Whoever stops it by hand has only been quicker than the watchdog."""
    given = settings(tmp_path, pictures / CLIP)
    sets, _ = update_with_policy(given, tmp_path)
    async with AsyncExitStack() as stack:
        daemon = await build(given, stack, screen=TextScreen(io.StringIO()))
        well = Wellbeing(
            clock=SystemClock(),
            owes={Part.VISION: lambda: -1e6},
            probe=daemon.store.probe,
            notify=lambda _word: None,
        )
        task = asyncio.create_task(replace(daemon, well=well).run())
        await until(lambda: bool(well.hung))
        task.cancel()
        await asyncio.wait([task])
    assert sets.ledger().trial == Trial(starts=1)


@story
async def test_a_broken_update_is_given_back_at_the_start(
    tmp_path: Path, pictures: Path, caplog: pytest.LogCaptureFixture
) -> None:
    given = settings(tmp_path, pictures / CLIP)
    sets, _ = update_with_policy(given, tmp_path)
    broken = sets.path_of(sets.ledger().current) / "built" / "sface_w8.tflite"
    broken.write_bytes(b"")
    async with running(given, io.StringIO()):
        pass
    assert "event=models_broken" in caplog.text
    assert sets.ledger().current == PACKAGED
