"""A whole update: found fit, fetched, tried, switched to; or refused, nothing lost."""

import hashlib
import os
import re
import stat
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from ai_edge_litert import schema_py_generated as schema

from flatbuffer_surgery import Graph
from likeness import RELEASED_UTC_S, config, models_in_use, updates
from likeness.core import profile
from likeness.core.update import PACKAGED, Bundle
from likeness.edges.store import SqliteStore
from likeness.errors import ConfigError, LikenessError, ModelError, UpdateRefused
from likeness.service.timekeeping import REMEMBERED
from likeness.updates import Wanted
from likeness.vision.manifest import models_dir
from stories import story
from tiny_models import SIDE, TinyFolder
from update_bench import NOW, UpdateBench, at, later


@pytest.fixture
def bench(tmp_path: Path) -> UpdateBench:
    return UpdateBench(tmp_path)


def refused(
    bench: UpdateBench, why: str, kind: type[LikenessError] = UpdateRefused
) -> None:
    """The update is refused in one line, and everything is as it was."""
    before, kept = bench.ledger, _sets(bench)
    with pytest.raises(kind, match=why) as fault:
        bench.apply()
    assert "\n" not in str(fault.value)
    assert bench.ledger == before
    assert _sets(bench) == kept
    assert models_in_use.choose(bench.settings).digest == before.current


def _sets(bench: UpdateBench) -> set[str]:
    if not bench.sets.folder.is_dir():
        return set()
    return {path.name for path in bench.sets.folder.iterdir() if path.is_dir()}


def test_an_update_is_used_from_the_next_start_on(bench: UpdateBench) -> None:
    digest = bench.publish(3)
    assert models_in_use.choose(bench.settings).digest == PACKAGED
    done = bench.apply()
    assert done.offer.digest == digest
    assert done.timing is not None
    chosen = models_in_use.choose(bench.settings)
    assert chosen.digest == digest
    assert chosen.trial is not None
    assert chosen.facts() == {
        "digest": digest,
        "accepted": 3,
        "on_trial": True,
        "returned": 0,
        "returned_why": "",
    }
    assert bench.apply().timing is None  # nothing to do
    assert list((bench.state / "update" / "targets").iterdir()) == []


def test_the_one_after_it_leaves_a_way_back_to_the_last_that_passed(
    bench: UpdateBench,
) -> None:
    bench.publish(1)
    bench.apply()
    first = bench.ledger.current
    bench.publish(2)
    bench.apply()
    assert bench.ledger.previous == PACKAGED  # the first was still on trial
    bench.sets.change(lambda ledger: msgspec.structs.replace(ledger, trial=None))
    second = bench.ledger.current
    third = bench.publish(3)
    bench.apply()
    assert (bench.ledger.current, bench.ledger.previous) == (third, second)
    assert _sets(bench) == {second, third}
    assert first not in _sets(bench)


def test_a_fetched_bundle_is_not_used_and_not_fetched_again(bench: UpdateBench) -> None:
    digest = bench.publish(1)
    assert updates.fetch(bench.settings, at(NOW)).digest == digest
    assert bench.ledger.current == PACKAGED
    for path in (bench.repository.folder / "targets").iterdir():
        path.unlink()
    assert bench.apply().offer.digest == digest


def test_only_the_wanted_one_is_taken(bench: UpdateBench) -> None:
    digest = bench.publish(2)
    for wanted in (Wanted(3, digest), Wanted(2, "0" * 64)):
        with pytest.raises(UpdateRefused, match="not the one that is wanted"):
            bench.apply(at(NOW, wanted=wanted))
    assert bench.apply(at(NOW, wanted=Wanted(2, digest))).offer.digest == digest


# --- what it may not follow, or does not fit ----------------------------------------
def test_an_older_number_is_refused_though_it_is_signed(bench: UpdateBench) -> None:
    bench.publish(5)
    bench.apply()
    bench.publish(4)
    refused(bench, "bundle 4 is older than bundle 5, which was accepted here")


def test_the_same_number_with_other_content_is_refused(bench: UpdateBench) -> None:
    bench.publish(5)
    bench.apply()
    bench.publish(5, files=bench.files("other"))
    refused(bench, "is not the bundle 5 that was accepted")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        (
            Bundle(number=1, min_daemon="99.0", variants=("w8",)),
            "too new for this daemon",
        ),
        (
            Bundle(number=1, min_daemon="0.1.0", variants=("f32",)),
            "models.variant is 'w8'",
        ),
        (
            Bundle(number=1, min_daemon="0.1.0", variants=("w8",), machines=("pdp11",)),
            "other hardware: pdp11",
        ),
    ],
)
def test_what_does_not_fit_here_is_refused(
    bench: UpdateBench, says: Bundle, why: str
) -> None:
    bench.publish(1, says=says)
    refused(bench, why)


# --- what does not work here --------------------------------------------------------
def test_wrong_answers_are_refused(bench: UpdateBench) -> None:
    wrong = TinyFolder(bench.folder / "wrong")
    wrong.put_built()
    wrong.write(re.sub(r"golden = \[\[[^,]+", "golden = [[9.5", wrong.text))
    bench.publish(1, files=bench.files("wrong", wrong))
    refused(bench, "computes wrong", ModelError)


def test_a_file_that_is_not_its_manifests_is_refused(bench: UpdateBench) -> None:
    files = bench.files("torn")
    torn = bench.folder / "torn"
    torn.write_bytes(files["built/tiny_embed_w8.tflite"].read_bytes()[:-1] + b"x")
    bench.publish(1, files=files | {"built/tiny_embed_w8.tflite": torn})
    refused(bench, "tiny_embed_w8.tflite is refused", ModelError)


def test_a_missing_model_and_a_bad_manifest_are_refused(bench: UpdateBench) -> None:
    files = bench.files("less")
    bench.publish(1, files={k: v for k, v in files.items() if "mesh" not in k})
    refused(bench, "tiny_mesh_w8.tflite is missing", ModelError)
    files["manifest.toml"].write_text("manifest = 2\n")
    bench.publish(2, files=files)
    refused(bench, r"manifest\.toml", ConfigError)


def slow_model(path: Path, steps: int = 1500) -> bytes:
    """A model that gives the same answers, after many steps that change nothing."""
    graph, shape = Graph.empty("slow"), [1, SIDE, SIDE, 3]
    value = last = graph.add_tensor("input", shape)
    size = graph.add_tensor("size", shape)
    operators = []
    for step in range(1, steps + 1):
        after = graph.add_tensor("positive" if step == steps else f"t{step}", shape)
        operators.append((last, after))
        last = after
    graph.subgraph.inputs = [value]
    graph.subgraph.outputs = [size, last]
    before, after = operators.pop(0)
    graph.add_operator("RELU", [before], after)
    for before, after in operators:
        graph.add_operator("ABS", [before], after, schema.AbsOptionsT())
    graph.add_operator("ABS", [value], size, schema.AbsOptionsT())
    graph.drop_unused()
    graph.add_signature()
    graph.write(path)
    return path.read_bytes()


def test_slow_models_are_refused(bench: UpdateBench) -> None:
    slow = TinyFolder(bench.folder / "slow")
    slow.put_built()
    model = slow_model(bench.folder / "slow.tflite")
    for path in (slow.path / "built").iterdir():
        path.write_bytes(model)
    digest = hashlib.sha256(model).hexdigest()
    slow.write(slow.text.replace(slow.model_sha256, digest))
    bench.publish(1, files=bench.files("slow", slow))
    refused(bench, "the new models are too slow here", ModelError)


def test_policy_numbers_come_with_a_bundle_and_stand_in_its_results(
    bench: UpdateBench,
) -> None:
    policy = bench.folder / "policy.toml"
    policy.write_text("policy = 1\n[standard]\naccept_score = 0.47\n")
    bench.publish(1, files=bench.files("policy") | {"policy.toml": policy})
    bench.apply()
    chosen = models_in_use.choose(bench.settings)
    assert chosen.policy(profile.named("standard")).accept_score == 0.47
    assert chosen.policy_digest == hashlib.sha256(policy.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    "text",
    [
        "policy = 1\n[standard]\naccept_score = 0.1\n",
        "policy = 1\n[strict]\nsilence_is_doubt = false\n",
        "policy = 1\n[standard]\nrefer_score = 0.6\n",
        "policy = 2\n",
    ],
)
def test_a_policy_that_goes_too_far_is_refused(bench: UpdateBench, text: str) -> None:
    policy = bench.folder / "policy.toml"
    policy.write_text(text)
    bench.publish(1, files=bench.files("policy") | {"policy.toml": policy})
    refused(bench, "policy", ConfigError)


# --- time ---------------------------------------------------------------------------
def test_a_clock_that_fell_back_does_not_thaw_frozen_metadata(
    bench: UpdateBench,
) -> None:
    """A terminal without battery starts in the past; the floor holds it."""
    bench.publish(1)
    with pytest.raises(UpdateRefused, match=r"frozen: .*expired"):
        bench.apply(at(later(31)))  # synchronized: keeps the floor
    past = later(-1000, "unsynced")
    with pytest.raises(UpdateRefused, match=r"frozen: .*expired"):
        bench.apply(at(past))
    bench.apply(at(later(0.5, updates.GIVEN)))  # who stands there says so
    assert bench.ledger.accepted == 1


def test_without_any_sure_time_nothing_counts_as_fresh(bench: UpdateBench) -> None:
    bench.publish(1)
    with pytest.raises(UpdateRefused, match="clock is not set and no sure time"):
        bench.apply(at(later(0, "unsynced")))
    with pytest.raises(UpdateRefused, match="frozen"):
        bench.apply(at(later(0, "unsynced"), sure_time_s=later(31).utc_s))
    bench.apply(at(later(0, "unsynced"), sure_time_s=NOW.utc_s - 5))


@story
async def test_what_the_carrier_signed_is_the_floor_below_every_clock(
    bench: UpdateBench,
) -> None:
    """Also below one that the network set, and below what somebody says by hand."""
    bench.publish(1)
    store = SqliteStore(bench.state, lambda *_: "head.claims.signature")
    await store.open()
    await store.remember(REMEMBERED, str(later(31).utc_s))
    for quality in ("unsynced", "ntp", updates.GIVEN):
        with pytest.raises(UpdateRefused, match="frozen"):
            bench.apply(at(later(0, quality)))
    await store.close()
    assert bench.ledger.accepted == 0


def test_an_update_before_the_first_start_leaves_the_state_private(
    bench: UpdateBench, tmp_path: Path
) -> None:
    bench.publish(1)
    state = tmp_path / "var" / "state"
    terminal = msgspec.structs.replace(bench.settings.terminal, state_dir=str(state))
    settings = msgspec.structs.replace(bench.settings, terminal=terminal)
    before = os.umask(0)
    try:
        updates.apply(settings, at(later(0)))
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


def test_a_clock_before_the_release_is_no_clock(bench: UpdateBench) -> None:
    bench.publish(1)
    with pytest.raises(UpdateRefused, match="clock is not set and no sure time"):
        bench.apply(at(replace(NOW, utc_s=RELEASED_UTC_S - 1)))


# --- what is missing ----------------------------------------------------------------
def test_what_is_missing_is_named(bench: UpdateBench, tmp_path: Path) -> None:
    bench.publish(1)
    nowhere = tmp_path / "nowhere"
    for change, why, kind in (
        ({"source": ""}, r"update\.source is empty", UpdateRefused),
        ({"source": str(nowhere)}, "there is no such folder", UpdateRefused),
        ({"target": "other.tar"}, "offers no 'other.tar'", UpdateRefused),
        ({"root_file": str(nowhere)}, "root_file .* cannot be read", ConfigError),
    ):
        bad = msgspec.structs.replace(bench.settings.update, **change)
        settings = msgspec.structs.replace(bench.settings, update=bad)
        with pytest.raises(kind, match=why):
            updates.apply(settings, at(NOW))


@pytest.mark.parametrize("folder", ["update", "models"])
def test_a_disk_that_cannot_be_written_ends_the_update_in_one_line(
    bench: UpdateBench, folder: str
) -> None:
    bench.publish(1)
    (bench.state / folder).write_bytes(b"")  # no folder can be made here
    for step in (updates.fetch, updates.apply):
        with pytest.raises(UpdateRefused, match="the update cannot be written: "):
            step(bench.settings, at(NOW))


def test_the_real_models_come_as_an_update(bench: UpdateBench) -> None:
    models = models_dir()
    real = msgspec.structs.replace(bench.settings, models=config.Models())
    files: dict[str, Path] = {"manifest.toml": models / "manifest.toml"}
    files |= {f"built/{p.name}": p for p in (models / "built").glob("*_w8.tflite")}
    digest = bench.publish(1, files=files)
    done = updates.apply(real, at(NOW))
    assert done.timing is not None
    chosen = models_in_use.choose(real)
    assert chosen.digest == digest
    assert set(chosen.models.digests) == {
        "detect_near", "detect_far", "mesh", "eyelids", "embed", "passive",
    }  # fmt: skip
