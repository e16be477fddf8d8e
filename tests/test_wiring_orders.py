"""The daemon with a desired configuration: what ends its trial, what is said of it."""

import asyncio
import io
import signal
import subprocess
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from likeness import config
from likeness.core import messages, orders, update
from likeness.core.desired import STARTS_AT_MOST, Ledger
from likeness.core.vocabulary import Environment
from likeness.core.wellness import Part
from likeness.edges import bench_keys
from likeness.edges.bundle_file import pack
from likeness.edges.clock import SystemClock
from likeness.edges.desired_file import DesiredFile
from likeness.edges.model_sets import ModelSets
from likeness.edges.screen_text import TextScreen
from likeness.errors import Restarting, StoreBroken
from likeness.pins import sha256_of
from likeness.running import Daemon
from likeness.service.wellbeing import Wellbeing
from likeness.wiring import build
from real_models import MODELS
from replays import CLIP
from signed_orders import Post, desired_claims, signed
from stories import story, until
from terminals import DEVICE, likeness, settings, to_toml


class Trial:
    """A terminal with a desired configuration that has not lived yet."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        keys = bench_keys.make(folder / "keys", DEVICE, (Environment.TEST,))
        given = settings(folder, pictures / CLIP, keys)
        believed = msgspec.structs.replace(
            given.keys, carrier_command_key=str(keys.public("command"))
        )
        self.settings: config.Config = msgspec.structs.replace(given, keys=believed)
        self.key = keys.private("command")
        state = Path(given.terminal.state_dir)
        state.mkdir()
        self.file, self.sets = DesiredFile(state), ModelSets(state)
        self.token = self.desire({"keep_days": 9})

    def desire(self, config: object) -> str:
        claims = desired_claims(DEVICE, 7, config)
        token = signed(self.key, claims, messages.DESIRED).decode()
        self.file.keep(Ledger(current=token, newest=7, on_trial=True))
        return token

    async def begun(self, stack: AsyncExitStack) -> Daemon:
        return await build(self.settings, stack, screen=TextScreen(io.StringIO()))

    def starts(self) -> int:
        ledger = self.file.read()
        assert (ledger.current, ledger.on_trial) == (self.token, True)
        return ledger.starts

    async def reported(self) -> orders.Reported:
        """Start, and return what it reports."""
        post = Post()
        async with AsyncExitStack() as stack:
            far = (await self.begun(stack)).far
            assert far is not None
            far.desiring._say = post
            far.desiring.report()
        ((_, payload, retained, _),) = post.messages
        assert retained
        return messages.from_json(payload, orders.Reported)


@pytest.fixture
def trial(tmp_path: Path, pictures: Path) -> Trial:
    return Trial(tmp_path, pictures)


class Ending:
    """A part that ends the daemon as it is told."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = faults

    async def run(self) -> None:
        raise ExceptionGroup("it ends", self._faults)


async def ended_by(trial: Trial, *faults: Exception) -> None:
    async with AsyncExitStack() as stack:
        daemon = await trial.begun(stack)
        assert daemon.far is not None
        daemon.far.commanding.run = Ending(*faults).run  # type: ignore[method-assign]
        with pytest.raises((type(faults[0]), ExceptionGroup)):
            await daemon.run()


@story
async def test_starts_that_end_in_order_do_not_give_it_back(trial: Trial) -> None:
    for _ in range(STARTS_AT_MOST):
        async with AsyncExitStack() as stack:
            task = asyncio.create_task((await trial.begun(stack)).run())
            assert trial.starts() == 1
            await asyncio.sleep(0)  # it runs; then it is stopped, as by SIGTERM
            task.cancel()
            await asyncio.wait([task])
        assert trial.starts() == 0
        await ended_by(trial, Restarting("the carrier wants it"))
        assert trial.starts() == 0


@pytest.mark.parametrize(
    "faults",
    [
        (StoreBroken("the disk"),),
        (Restarting("the carrier wants it"), RuntimeError("a mistake of ours")),
    ],
)
@story
async def test_a_start_that_ends_by_a_fault_counts(
    trial: Trial, faults: tuple[Exception, ...]
) -> None:
    await ended_by(trial, *faults)
    assert trial.starts() == 1


@story
async def test_a_stop_while_a_part_hangs_counts(trial: Trial) -> None:
    async with AsyncExitStack() as stack:
        daemon = await trial.begun(stack)
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
    assert trial.starts() == 1


@pytest.mark.parametrize(("how", "starts"), [(signal.SIGTERM, 0), (signal.SIGKILL, 1)])
def test_a_process_that_is_stopped_and_one_that_is_killed(
    trial: Trial, tmp_path: Path, how: signal.Signals, starts: int
) -> None:
    """SIGKILL stands for a power cut as well: what is left is the same."""
    file = tmp_path / "likeness.toml"
    file.write_text(to_toml(trial.settings))
    with subprocess.Popen(
        likeness("run", "--config", file), stderr=subprocess.PIPE, text=True
    ) as daemon:
        assert daemon.stderr is not None
        assert any("event=ready" in line for line in daemon.stderr)
        daemon.send_signal(how)
        daemon.communicate(timeout=30)
    assert trial.starts() == starts


# --- a bundle that is desired has a trial of its own ----------------------------------
def with_bundle(trial: Trial, folder: Path) -> str:
    """Desire the real models once more, as a bundle that was switched to."""
    files = {"manifest.toml": MODELS / "manifest.toml"}
    files |= {f"built/{p.name}": p for p in (MODELS / "built").glob("*_w8.tflite")}
    pack(files, folder / "bundle.tar")
    digest = sha256_of(folder / "bundle.tar")
    offer = update.Offer(
        digest=digest,
        length=(folder / "bundle.tar").stat().st_size,
        bundle=update.Bundle(number=3, min_daemon="0.1.0", variants=("w8",)),
    )
    trial.sets.install(folder / "bundle.tar", offer, lambda _new: None)
    trial.desire({"keep_days": 9, "bundle": {"number": 3, "digest": digest}})
    return digest


@story
async def test_a_bundle_that_failed_its_trial_is_not_called_applied(
    trial: Trial, tmp_path: Path
) -> None:
    digest = with_bundle(trial, tmp_path)
    said = await trial.reported()
    assert (said.version, said.state, said.reason) == (7, "applied", "")
    assert said.running["model_set"]["digest"] == digest
    assert said.running["model_set"]["on_trial"] is True
    why = "it saw no face in 10 visits"
    trial.sets.change(lambda ledger: update.go_back(ledger, digest, why))
    said = await trial.reported()
    assert (said.version, said.state) == (7, "refused")
    not_in_use = f"bundle 3 ({digest[:12]}) is not in use: "
    assert said.reason == f"{not_in_use}it was given back: {why}"
    assert said.running["model_set"]["digest"] == "packaged"
    assert (said.running["version"], said.running["keep_days"]) == (7, 9)


@story
async def test_a_bundle_that_breaks_later_is_said_by_that_very_start(
    trial: Trial, tmp_path: Path
) -> None:
    digest = with_bundle(trial, tmp_path)
    (trial.sets.path_of(digest) / "built" / "sface_w8.tflite").write_bytes(b"")
    said = await trial.reported()
    assert said.state == "refused"
    assert "it was given back: " in said.reason
    assert "sface_w8.tflite" in said.reason


@story
async def test_a_bundle_that_somebody_else_has_replaced_is_not_called_applied(
    trial: Trial, tmp_path: Path
) -> None:
    with_bundle(trial, tmp_path)
    trial.sets.change(lambda _ledger: update.Ledger(accepted=4))
    said = await trial.reported()
    assert said.state == "refused"
    assert "another set was switched to" in said.reason
