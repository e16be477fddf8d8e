"""The daemon with a desired configuration on trial: which ends speak against it."""

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
from likeness.core import messages
from likeness.core.desired import STARTS_AT_MOST, Ledger
from likeness.core.vocabulary import Environment
from likeness.core.wellness import Part
from likeness.edges import bench_keys
from likeness.edges.clock import SystemClock
from likeness.edges.desired_file import DesiredFile
from likeness.edges.screen_text import TextScreen
from likeness.errors import Restarting, StoreBroken
from likeness.service.wellbeing import Wellbeing
from likeness.wiring import Daemon, build
from replays import CLIP
from signed_orders import desired_claims, signed
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
        claims = desired_claims(DEVICE, 7, {"keep_days": 9})
        self.token = signed(keys.private("command"), claims, messages.DESIRED).decode()
        state = Path(given.terminal.state_dir)
        state.mkdir()
        self.file = DesiredFile(state)
        self.file.keep(Ledger(current=self.token, newest=7, on_trial=True))

    async def begun(self, stack: AsyncExitStack) -> Daemon:
        return await build(self.settings, stack, screen=TextScreen(io.StringIO()))

    def starts(self) -> int:
        ledger = self.file.read()
        assert (ledger.current, ledger.on_trial) == (self.token, True)
        return ledger.starts


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
