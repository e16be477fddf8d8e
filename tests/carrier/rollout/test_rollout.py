"""Rollouts by their commands, over a real mosquitto, to terminals that judge.

Both kinds of database; the terminals are simulated ones (`rollouts`), the real ones
stand in test_terminals.
"""

import asyncio
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness import strict_toml
from likeness.carrier.ordering import Ordering
from likeness.carrier.settings import Settings
from likeness.core import orders
from processes import happens
from rollouts import REFUSES, SILENT, Stage, names, stage

pytestmark = [pytest.mark.broker]

MINUTE = orders.Overrides(telemetry_every_s=60)
COUNT = 10
SLOWLY = "[0, 600, 0]"  # it watches the second wave until somebody steps in


@pytest.fixture
def far(tmp_path: Path, place: str) -> Iterator[Stage]:
    with stage(tmp_path, place, COUNT) as made:
        yield made


@pytest.fixture
def near(tmp_path: Path) -> Iterator[Stage]:
    """For what does not depend on the kind of database."""
    with stage(tmp_path, str(tmp_path / "carrier.db"), COUNT) as made:
        yield made


def desire(far: Stage, device: str, overrides: orders.Overrides) -> None:
    """As `carrier desire` does."""
    ordering = Ordering(strict_toml.load(far.config, Settings))
    try:
        said = asyncio.run(ordering.desire(device, overrides, wait_s=10))
    finally:
        ordering.close()
    assert said.state == "applied"


def waves(far: Stage) -> list[list[str]]:
    found: dict[int, list[str]] = {}
    for device, (wave, _, _) in far.stages().items():
        found.setdefault(wave, []).append(device)
    return [found[wave] for wave in sorted(found)]


def test_a_dry_run_says_all_and_does_nothing(
    far: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    desire(far, "shop-3", orders.Overrides(keep_days=14))
    issued = far.issued()
    assert far.rollout("check", far.file(), "--all") == 0
    said = capsys.readouterr().out
    assert f"spring: {COUNT} terminals" in said
    assert re.search(r"wave 1: 1 terminal, then 0 s of watching: shop-\d+\n", said)
    assert "wave 2: 2 terminals" in said
    assert "wave 3: 7 terminals" in said
    assert f"changes at {COUNT}: telemetry_every_s: 30 → 60" in said
    assert "changes at 1: keep_days: 14 → its file's own" in said
    assert re.search(r"shop-3: wave \d, now version \d{10}: telemetry_every_s", said)
    assert said.endswith("nothing was signed or sent\n")
    assert far.issued() == issued
    assert far.phase() == ("", 0)
    assert far.terminals.touched() == {"shop-3"}


def test_it_comes_to_all_and_back_to_what_each_had(far: Stage) -> None:
    former = orders.Overrides(keep_days=14)
    for device in ("shop-3", "shop-7"):
        desire(far, device, former)
    assert far.rollout("start", far.file()) == 0
    assert far.phase() == ("done", 3)
    assert set(far.terminals.runs().values()) == {MINUTE}
    (canary,), some, rest = waves(far)
    assert (len(some), len(rest)) == (2, 7)
    first = {d: one.heard[-1] for d, one in far.terminals.all.items()}
    assert first[canary] < min(first[device] for device in rest)

    assert far.rollout("back", "spring") == 0
    assert far.phase() == ("back", 3)
    runs = far.terminals.runs()
    for device in names(COUNT):
        had = former if device in ("shop-3", "shop-7") else orders.Overrides()
        assert runs[device] == had
        *_, wish, back = far.issued()[device]
        assert back > wish, "a new version"
    assert {stage for _, stage, _ in far.stages().values()} == {"returned"}


@pytest.mark.parametrize("does", [REFUSES, SILENT])
def test_a_wave_whose_terminals_fail_is_the_last(
    near: Stage, does: str, capsys: pytest.CaptureFixture[str]
) -> None:
    file = near.file(stop='failed = "1"\nreport_within_s = 2')
    assert near.rollout("start", file, "--no-run") == 0
    _, some, rest = waves(near)
    for device in some:
        near.terminals.all[device].makes_of_it = does
    assert near.rollout("run", "spring") == 1
    assert near.phase() == ("stopped", 2)
    assert near.terminals.touched().isdisjoint(rest)
    said = capsys.readouterr().out
    kind = "refused" if does == REFUSES else "silent"
    assert f"stopped: wave 2: 2 of 2 failed (2 {kind}), at most 1 may" in said
    # Nothing leads on from here, whoever starts it again.
    assert near.rollout("run", "spring") == 1
    assert near.rollout("resume", "spring") == 2
    assert near.rollout("pause", "spring") == 2
    assert "is stopped (wave 2" in capsys.readouterr().err
    assert near.terminals.touched().isdisjoint(rest)

    assert near.rollout("back", "spring") == 0
    touched = {device for device, versions in near.issued().items() if versions}
    assert touched.isdisjoint(rest)
    assert {len(near.issued()[device]) for device in touched} == {2}


def test_one_that_gives_it_back_while_it_is_watched_stops_it(near: Stage) -> None:
    assert near.rollout("start", near.file(soak_s=SLOWLY), "--no-run") == 0
    with near.carried_on() as said:
        assert near.reaches("soaking", 2)
        (canary,), *_ = waves(near)
        near.terminals.gives_back(canary)
        assert near.reaches("stopped", 2)
    assert f"the first: {canary}: did_not_live" in said[-1]
    assert near.stages()[canary] == (1, "failed", "refused")


def test_a_terminal_that_is_lost_or_holds_results_stops_it(near: Stage) -> None:
    stop = 'report_within_s = 30\nlost_after_s = 1\nfailed = "1"\noutbox_oldest_s = 600'
    file = near.file(soak_s=SLOWLY, stop=stop)
    assert near.rollout("start", file, "--no-run") == 0
    with near.carried_on():
        assert near.reaches("soaking", 2)
        _, (one, other), _ = waves(near)
        for _ in range(3):  # not retained: whoever comes late hears the next one
            near.terminals.say(one, "telemetry", {"outbox_oldest_s": 601.5})
            time.sleep(0.8)
        assert near.phase() == ("soaking", 2), "one may"
        near.terminals.say(other, "status", {"status": "lost", "boot": "b"})
        assert near.reaches("stopped", 2)
    stages = near.stages()
    assert stages[one] == (2, "failed", "holds_results")
    assert stages[other] == (2, "failed", "lost")


def test_visitors_that_are_refused_more_often_stop_it(far: Stage) -> None:
    far.visits(names(COUNT), refused=20, of=400, ago_s=3600)
    refusals = "results = 40\nlevel = 0.01\nrise = 0.05"
    file = far.file(soak_s=SLOWLY, refusals=refusals)
    assert far.rollout("start", file, "--no-run") == 0
    with far.carried_on() as said:
        assert far.reaches("soaking", 1)
        (canary,), some, rest = waves(far)
        far.visits([canary], refused=2, of=40)  # as before
        assert far.reaches("soaking", 2), "that wave was well"
        far.visits(some, refused=20, of=40)
        assert far.reaches("stopped", 2)
    why = "wave 2: 20 of 40 visitors refused (50.0%), before it was 5.0% of 400"
    assert why in said[-1]
    assert far.terminals.touched().isdisjoint(rest)


def test_refusals_elsewhere_and_before_the_change_count_for_nothing(far: Stage) -> None:
    far.visits(names(COUNT), refused=20, of=400, ago_s=3600)
    refusals = "results = 40\nlevel = 0.01\nrise = 0.05"
    file = far.file(soak_s=SLOWLY, refusals=refusals)
    assert far.rollout("start", file, "--no-run") == 0
    with far.carried_on():
        assert far.reaches("soaking", 1)
        (canary,), _, rest = waves(far)
        far.visits(rest, refused=100, of=100)
        far.visits([canary], refused=100, of=100, ago_s=600)
        time.sleep(2.5)
        assert far.phase() == ("soaking", 1)


def test_without_results_of_before_refusals_cannot_be_compared(
    near: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    file = near.file(refusals="results = 40")
    assert near.rollout("start", file) == 2
    assert "the fleet has 0 results of the last" in capsys.readouterr().err
    assert near.phase() == ("", 0)


def test_pause_resume_and_back_while_it_runs(far: Stage) -> None:
    assert far.rollout("start", far.file(soak_s=SLOWLY), "--no-run") == 0
    with far.carried_on() as said:
        assert far.reaches("soaking", 2)
        *_, rest = waves(far)
        assert far.rollout("pause", "spring") == 0
        assert happens(lambda: said[-1] == "spring: paused (wave 2 soaking)", 10)
    assert far.rollout("run", "spring") == 1, "it says so and ends"
    assert far.rollout("resume", "spring", "--no-run") == 0
    assert far.phase() == ("soaking", 2)
    with far.carried_on() as said:
        assert happens(lambda: said == ["spring: wave 2 soaking"], 10)
        # By another process than the one that runs: that one carries it out.
        assert far.rollout("back", "spring", "--no-run") == 0
        assert far.reaches("back")
    assert far.terminals.touched().isdisjoint(rest)
    assert set(far.terminals.runs().values()) == {None, orders.Overrides()}


def test_a_newer_wish_is_not_taken_back(near: Stage) -> None:
    assert near.rollout("start", near.file()) == 0
    newer = orders.Overrides(keep_days=5)
    desire(near, "shop-4", newer)
    assert near.rollout("back", "spring") == 0
    runs = near.terminals.runs()
    assert runs.pop("shop-4") == newer
    assert set(runs.values()) == {orders.Overrides()}
    assert near.stages()["shop-4"][1:] == ("left", "barred")


def test_one_rollout_holds_its_terminals_until_it_ends(
    far: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert far.rollout("start", far.file(), "--no-run") == 0
    other = far.file("other", desired="keep_days = 20")
    assert far.rollout("start", other) == 2
    assert "rollout 'spring' holds it (and 9 more" in capsys.readouterr().err
    assert far.rollout("check", other) == 1
    assert "PROBLEM: shop-" in capsys.readouterr().out
    far.label("shop-11", region="east")
    elsewhere = far.file("elsewhere", where='["region=east"]')
    assert far.rollout("start", elsewhere, "--no-run") == 0
    assert far.rollout("run", "spring") == 0
    assert far.rollout("start", other) == 0
    assert far.terminals.runs()["shop-1"] == orders.Overrides(keep_days=20)


def test_after_a_stop_the_next_one_goes_forward(near: Stage) -> None:
    for one in near.terminals.all.values():
        one.makes_of_it = REFUSES
    assert near.rollout("start", near.file()) == 1
    for one in near.terminals.all.values():
        one.makes_of_it = "applies"
    assert near.rollout("start", near.file("mended")) == 0
    # What the first one leads back to is older than what stands there now.
    assert near.rollout("back", "spring") == 0
    assert set(near.terminals.runs().values()) == {MINUTE}


def test_a_bundle_comes_back_as_a_newer_one_only(
    near: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = f'bundle = {{ number = 3, digest = "{"ab" * 32}" }}\nkeep_days = 5'
    assert near.rollout("start", near.file(desired=bundle)) == 0
    capsys.readouterr()
    assert near.rollout("back", "spring") == 2
    assert "none takes an older one: publish" in capsys.readouterr().err
    assert near.rollout("back", "spring", "--bundle", f"3:{'cd' * 32}") == 2
    assert "bundle 3 is not newer than 3" in capsys.readouterr().err
    assert near.rollout("back", "spring", "--bundle", "4:xy") == 2
    assert "write NUMBER:SHA256" in capsys.readouterr().err
    assert near.phase() == ("done", 3)
    assert near.rollout("back", "spring", "--bundle", f"4:{'cd' * 32}") == 0
    former = orders.Overrides(bundle=orders.Bundle(number=4, digest="cd" * 32))
    assert set(near.terminals.runs().values()) == {former}


def test_on_the_way_back_the_models_are_not_changed(near: Stage) -> None:
    """Else some terminals would get these, and some those."""
    bundle = f'bundle = {{ number = 3, digest = "{"ab" * 32}" }}'
    assert near.rollout("start", near.file(desired=bundle)) == 0
    former = ("--bundle", f"4:{'cd' * 32}")
    assert near.rollout("back", "spring", "--no-run", *former) == 0
    assert near.rollout("back", "spring", "--bundle", f"5:{'ef' * 32}") == 2
    assert near.rollout("back", "spring", "--keep-bundle") == 2
    assert near.rollout("run", "spring") == 0
    back = orders.Overrides(bundle=orders.Bundle(number=4, digest="cd" * 32))
    assert set(near.terminals.runs().values()) == {back}


def test_models_may_stay_when_the_rest_goes_back(near: Stage) -> None:
    sent = orders.Bundle(number=3, digest="ab" * 32)
    bundle = f'bundle = {{ number = 3, digest = "{"ab" * 32}" }}\nkeep_days = 5'
    assert near.rollout("start", near.file(desired=bundle)) == 0
    assert near.rollout("back", "spring", "--keep-bundle") == 0
    assert set(near.terminals.runs().values()) == {orders.Overrides(bundle=sent)}


def test_hundreds_go_out_a_hundred_at_a_time(tmp_path: Path) -> None:
    with stage(tmp_path, str(tmp_path / "carrier.db"), 350) as far:
        assert far.rollout("start", far.file(waves='["1 %", "100 %"]')) == 0
        assert len(far.terminals.touched()) == 350
        assert {len(one.heard) for one in far.terminals.all.values()} == {1}
        sent = sorted(one.heard[0] for one in far.terminals.all.values())
        moments = {second: sent.count(second) for second in sent}
        assert max(moments.values()) <= 100
        assert {stage for _, stage, _ in far.stages().values()} == {"applied"}
