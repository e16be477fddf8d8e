"""A start uses the first sound set, whatever happened to the others."""

import os
import shutil
import sys
from pathlib import Path

import msgspec
import pytest

from likeness import models_in_use
from likeness.core import update
from likeness.core.update import PACKAGED, STARTS, Ledger
from likeness.errors import ModelError
from update_bench import UpdateBench


@pytest.fixture
def bench(tmp_path: Path) -> UpdateBench:
    """Bundle 2 in use, bundle 1 behind it; both have passed."""
    made = UpdateBench(tmp_path)
    for number in (1, 2):
        made.publish(number)
        made.apply()
        made.sets.change(lambda ledger: update.confirm(ledger, ledger.current))
    return made


def used(bench: UpdateBench) -> str:
    return models_in_use.choose(bench.settings).digest


def spoil(bench: UpdateBench, digest: str) -> None:
    path = bench.sets.path_of(digest) / "built" / "tiny_embed_w8.tflite"
    path.write_bytes(path.read_bytes()[:-1] + b"!")


def test_a_broken_current_a_broken_previous_and_the_packaged(
    bench: UpdateBench, caplog: pytest.LogCaptureFixture
) -> None:
    second, first = bench.ledger.current, bench.ledger.previous
    spoil(bench, second)
    assert used(bench) == first
    assert f"event=models_broken set={second[:12]}" in caplog.text
    facts = models_in_use.choose(bench.settings).facts()
    assert facts["returned"] == 2
    assert "tiny_embed_w8.tflite is refused" in str(facts["returned_why"])
    spoil(bench, first)
    assert used(bench) == PACKAGED
    assert bench.ledger.accepted == 2
    spoilt = bench.packaged.path / "built" / "tiny_embed_w8.tflite"
    spoilt.write_bytes(b"")
    with pytest.raises(ModelError, match=r"tiny_embed_w8\.tflite is refused"):
        used(bench)


@pytest.mark.parametrize("damage", ["gone", "no manifest", "a file", "bad policy"])
def test_each_kind_of_damage_leads_to_the_set_before(
    bench: UpdateBench, damage: str
) -> None:
    place, first = bench.sets.path_of(bench.ledger.current), bench.ledger.previous
    match damage:
        case "gone":
            shutil.rmtree(place)
        case "no manifest":
            (place / "manifest.toml").unlink()
        case "a file":
            shutil.rmtree(place)
            place.write_text("no folder")
        case _:
            (place / "policy.toml").write_text("policy = 1\n[standard]\ntries = 99\n")
    assert used(bench) == first


def test_starts_that_never_live_lead_back(bench: UpdateBench) -> None:
    second = bench.ledger.current
    third = bench.publish(3)
    bench.apply()
    assert [used(bench) for _ in range(STARTS)] == [third] * STARTS
    assert used(bench) == second
    assert bench.ledger.returned is not None
    assert bench.ledger.returned.number == 3


def dies_when_it_opens(folder: Path, bench: UpdateBench) -> None:
    """Start in a child that ends when the first file of this folder is opened."""
    child = os.fork()
    if child == 0:

        def audit(event: str, args: tuple[object, ...]) -> None:
            if event == "open" and str(args[0]).startswith(str(folder)):
                os._exit(9)

        sys.addaudithook(audit)
        used(bench)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9


def test_a_set_that_kills_the_daemon_while_it_loads_leads_back(
    bench: UpdateBench,
) -> None:
    second = bench.ledger.current
    third = bench.publish(3)
    bench.apply()
    for starts in range(1, STARTS + 1):
        dies_when_it_opens(bench.sets.path_of(third), bench)
        trial = bench.ledger.trial
        assert trial is not None
        assert trial.starts == starts
    assert used(bench) == second


def test_what_cannot_be_counted_is_not_started_with(bench: UpdateBench) -> None:
    second = bench.ledger.current
    bench.publish(3)
    bench.apply()
    # Nobody can lock a folder: as on a disk that became read-only, also for root.
    (bench.sets.folder / "ledger.lock").unlink()
    (bench.sets.folder / "ledger.lock").mkdir()
    assert used(bench) == second


def test_without_any_update_nothing_is_written(tmp_path: Path) -> None:
    bench = UpdateBench(tmp_path)
    assert used(bench) == PACKAGED
    assert list(bench.state.iterdir()) == []


def test_a_sound_set_is_found_and_nothing_changed(bench: UpdateBench) -> None:
    spoil(bench, bench.ledger.current)
    before = bench.ledger
    found = models_in_use.sound_set(bench.settings, bench.sets)
    assert found.digest == before.previous
    assert bench.ledger == before
    # So an update can replace the broken one.
    third = bench.publish(3)
    bench.apply()
    assert used(bench) == third


def test_the_trial_belongs_to_the_current_set_alone(bench: UpdateBench) -> None:
    bench.publish(3)
    bench.apply()
    assert models_in_use.choose(bench.settings).trial is not None
    chosen = models_in_use.choose(bench.settings)
    other = msgspec.structs.replace(chosen.ledger, current="f" * 64)
    assert Ledger().trial is None
    assert (
        models_in_use.Chosen(chosen.models, chosen.digest, other, chosen.sets).trial
        is None
    )
