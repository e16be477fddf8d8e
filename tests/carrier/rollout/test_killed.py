"""`carrier rollout run` is killed in each state and started again: it changes nothing.

The terminals say of each version that they heard; who is sent what is read from the
database. Both kinds of it.
"""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness import strict_toml
from likeness.carrier.database import Database
from likeness.carrier.ordering import Ordering, Unanswered
from likeness.carrier.rollout.line import RolloutLine
from likeness.carrier.rollout.rollout import Rollouts
from likeness.carrier.rollout.turn import turn
from likeness.carrier.settings import Settings
from likeness.core import orders, rollout_plan
from likeness.core.rollout_standing import Standing
from likeness.errors import UsageError
from processes import Program, happens
from rollouts import REFUSES, SILENT, Stage, names, stage

pytestmark = [pytest.mark.broker]

COUNT = 6
MINUTE = orders.Overrides(telemetry_every_s=60)


@pytest.fixture
def far(tmp_path: Path, place: str) -> Iterator[Stage]:
    with stage(tmp_path, place, COUNT) as made:
        yield made


def make_all(far: Stage, does: str) -> None:
    for one in far.terminals.all.values():
        one.makes_of_it = does


def kill(run: Program) -> None:
    run.kill()
    time.sleep(0.3)


@pytest.mark.slow
def test_killed_in_each_state_it_ends_as_if_never(far: Stage) -> None:
    waves = '["1", "100 %"]'
    file = far.file(waves=waves, soak_s="[600, 0]", stop="report_within_s = 60")
    assert far.rollout("start", file, "--no-run") == 0
    run = far.runner("spring")
    make_all(far, SILENT)

    run.start()  # planned → sending, and nobody answers
    assert far.reaches("sending", 1)
    while not far.terminals.touched():
        time.sleep(0.02)
    kill(run)
    (canary,) = far.terminals.touched()
    assert far.phase() == ("sending", 1)

    make_all(far, "applies")
    run.start()  # the same message once more, and now it answers
    assert far.reaches("soaking", 1)
    kill(run)
    heard = far.terminals.all[canary].heard
    assert len(heard) > 1
    assert len(set(heard)) == 1, "one version, however often it was said"

    run.start()
    assert far.reaches("soaking", 1)
    assert far.terminals.touched() == {canary}
    assert far.rollout("pause", "spring") == 0
    assert run.says("paused", 10)
    assert happens(lambda: run.fell, 20)
    assert run.stop() == 1
    assert far.rollout("run", "spring") == 1, "it says so and ends"
    assert far.phase() == ("paused", 1)
    assert far.terminals.touched() == {canary}


@pytest.mark.slow
def test_killed_on_the_way_back_it_ends_as_if_never(far: Stage) -> None:
    file = far.file(waves='["1", "100 %"]', soak_s="[600, 0]")
    assert far.rollout("start", file, "--no-run") == 0
    run = far.runner("spring")
    run.start()
    assert far.reaches("soaking", 1)
    kill(run)
    (canary,) = far.terminals.touched()
    make_all(far, SILENT)
    assert far.rollout("back", "spring", "--no-run") == 0
    run.start()
    while len(set(far.terminals.all[canary].heard)) < 2:
        time.sleep(0.02)
    kill(run)
    assert far.phase() == ("going_back", 1)
    make_all(far, "applies")
    run.start()
    assert far.reaches("back", 1)
    assert {d: len(v) for d, v in far.issued().items()} == {canary: 2}
    assert far.terminals.touched() == {canary}
    run.kill()


def test_killed_after_each_step_each_gets_the_wish_once(far: Stage) -> None:
    """As a process that dies between keeping a step and publishing what follows."""
    file = far.file(waves='["1", "100 %"]')
    assert far.rollout("start", file, "--no-run") == 0
    settings = strict_toml.load(far.config, Settings)

    async def one_life(rollouts: Rollouts) -> Standing:
        line = RolloutLine(settings)
        async with line.up():
            for device, token in rollouts.unanswered("spring").items():
                line.publish(device, token)
            await line.news(0.5)
            # Here it dies: what this step wants to say is never said.
            return rollouts.step("spring", line, int(time.time())).standing

    lives = 0
    while far.phase()[0] != "done":
        rollouts = Rollouts(settings)
        asyncio.run(one_life(rollouts))
        rollouts.close()
        lives += 1
        assert lives < 60
    assert lives > 6
    assert set(far.terminals.runs().values()) == {MINUTE}
    assert {d: len(v) for d, v in far.issued().items()} == dict.fromkeys(
        names(COUNT), 1
    )
    assert {len(set(one.heard)) for one in far.terminals.all.values()} == {1}


def test_what_was_signed_before_a_stop_does_not_go_out_after_it(far: Stage) -> None:
    """One refuses, so it stops; the others have not answered, and hear nothing more."""
    file = far.file(waves='["100 %"]', stop='failed = "0"\nreport_within_s = 60')
    assert far.rollout("start", file, "--no-run") == 0
    make_all(far, SILENT)
    far.terminals.all["shop-1"].makes_of_it = REFUSES
    with far.carried_on():
        assert far.reaches("stopped")
        assert happens(lambda: len(far.terminals.touched()) == COUNT, 10)
    heard = {device: len(one.heard) for device, one in far.terminals.all.items()}
    assert "sent" in {stage for _, stage, _ in far.stages().values()}
    assert far.rollout("run", "spring") == 1
    assert {d: len(one.heard) for d, one in far.terminals.all.items()} == heard


def test_who_has_a_newer_wish_does_not_hear_ours_again(far: Stage) -> None:
    """The broker keeps one: who is away would come back to ours, and never hear his."""
    file = far.file(waves='["100 %"]', stop="report_within_s = 60")
    assert far.rollout("start", file, "--no-run") == 0
    make_all(far, SILENT)
    with far.carried_on():
        assert happens(lambda: len(far.terminals.touched()) == COUNT, 10)
    first, *others = rollout_plan.in_order("spring", names(COUNT))
    ordering = Ordering(strict_toml.load(far.config, Settings))
    with pytest.raises(Unanswered):  # it is silent
        asyncio.run(ordering.desire(first, orders.Overrides(keep_days=5), wait_s=0.5))
    ordering.close()
    heard = {device: one.heard for device, one in far.terminals.all.items()}
    assert len(set(heard[first])) == 2
    newer = heard[first][-1]
    with far.carried_on():
        assert happens(lambda: all(len(heard[device]) > 1 for device in others), 10)
    assert heard[first][-1] == newer


def test_two_cannot_run_at_once(far: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    assert far.rollout("start", far.file(soak_s="600"), "--no-run") == 0
    run = far.runner("spring")
    run.start()
    assert far.reaches("soaking", 1)
    assert far.rollout("run", "spring") == 2
    assert "another 'carrier rollout run' is at work" in capsys.readouterr().err
    kill(run)
    database = Database(far.place, pool=2)
    with turn(database), pytest.raises(UsageError), turn(Database(far.place, pool=2)):
        pass
    with turn(database):  # given back
        pass
    database.close()


def test_it_goes_on_after_the_broker_was_away(far: Stage) -> None:
    """What is retained is lost with this broker; what has no answer is said again."""
    file = far.file(waves='["100 %"]', soak_s="0", stop="report_within_s = 60")
    assert far.rollout("start", file, "--no-run") == 0
    make_all(far, SILENT)
    run = far.runner("spring")
    run.start()
    while len(far.terminals.touched()) < COUNT:
        time.sleep(0.02)
    far.broker.kill()
    time.sleep(0.5)
    assert far.phase() == ("sending", 1)
    make_all(far, "applies")
    far.broker.start()
    assert far.reaches("done")
    run.stop()
    assert {len(set(one.heard)) for one in far.terminals.all.values()} == {1}
