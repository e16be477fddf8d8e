import json
from pathlib import Path

import numpy as np
import pytest

from likeness.bench.attacks import species
from likeness.bench.attacks.workshop import Done, Order, make
from likeness.bench.visit_file import PlannedVisit, find
from likeness.core.vocabulary import Act
from likeness.edges.recorded import frames
from likeness.vision.look import Looker

STILL, FROZEN = "injected_still", "frozen_feed"


def order(plan: PlannedVisit, seed: int = 1, *names: str) -> Order:
    return Order([plan], species.named(names or (STILL, FROZEN)), 2, seed)


@pytest.fixture(scope="module")
def made(
    plan: PlannedVisit, looker: Looker, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    out = tmp_path_factory.mktemp("attacks")
    done = list(make(order(plan), out, looker))
    assert [one.id for one in done] == [
        f"{name}/carphone-{number}" for name in (STILL, FROZEN) for number in (0, 1)
    ]
    assert not any(one.problem or one.skipped for one in done)
    return out


def test_each_attack_is_a_visit_that_replay_can_play(
    made: Path, plan: PlannedVisit
) -> None:
    for one in find([made]):
        assert one.file is not None
        assert not one.problem
        assert one.file.expect.label == "attack"
        assert one.id.startswith(one.file.expect.species)
        assert one.file.acts is not None
        assert one.file.profile == "demo"
        assert one.file.card.degrade
        assert one.portrait is not None
        assert plan.portrait is not None
        assert one.portrait.samefile(plan.portrait)
        facts = json.loads((one.video.parent / "attack.json").read_text())
        played = list(frames(one.video))
        assert len(played) == facts["frames"]
        steps = np.diff([frame.captured_s for frame in played])
        assert steps == pytest.approx(1 / facts["fps"], abs=0.002)


def test_it_is_called_simulated_and_tells_what_was_drawn(made: Path) -> None:
    index = json.loads((made / "index.json").read_text())
    assert index["simulated"] is True
    assert len(index["attacks"]) == 4
    facts = json.loads((made / FROZEN / "carphone-0" / "attack.json").read_text())
    assert facts["simulated"] is True
    assert facts["of_visit"] == "carphone"
    assert facts["recording_does"] == facts["asked"] == [Act.BLINK]
    low, high = facts["drawn"]["frozen_s"]["from"]
    assert low <= facts["drawn"]["frozen_s"]["drawn"] < high


def test_what_is_whole_is_skipped_and_what_is_not_is_made_again(
    made: Path, plan: PlannedVisit, looker: Looker
) -> None:
    again = list(make(order(plan), made, looker))
    assert all(one.skipped for one in again)
    (made / STILL / "carphone-1" / "visit.toml").unlink()
    (made / FROZEN / "carphone-0" / "attack.json").write_text("{")
    mended = list(make(order(plan), made, looker))
    assert [one.skipped for one in mended] == [True, False, False, True]
    assert len(find([made])) == 4


def test_what_another_seed_made_is_not_taken_for_whole(
    plan: PlannedVisit, looker: Looker, tmp_path: Path
) -> None:
    for seed in (1, 2):
        done = list(make(order(plan, seed, FROZEN), tmp_path, looker))
        assert not any(one.skipped for one in done)


def test_the_same_seed_makes_the_same_bytes_and_another_others(
    plan: PlannedVisit, looker: Looker, made: Path, tmp_path: Path
) -> None:
    def feed(root: Path) -> bytes:
        (path,) = (root / FROZEN / "carphone-0").glob("feed.*")
        return path.read_bytes()

    list(make(order(plan, 1, FROZEN), tmp_path / "same", looker))
    list(make(order(plan, 2, FROZEN), tmp_path / "other", looker))
    assert feed(tmp_path / "same") == feed(made)
    assert feed(tmp_path / "other") != feed(made)


def test_what_cannot_be_made_is_told_and_the_rest_is_made(
    plan: PlannedVisit, looker: Looker, tmp_path: Path
) -> None:
    done = list(make(order(plan, 1, "swap_mid_visit", FROZEN), tmp_path, looker))
    assert [bool(one.problem) for one in done] == [True, True, False, False]
    assert done[0] == Done(
        "swap_mid_visit/carphone-0",
        problem="swap_mid_visit needs a visit of somebody else",
    )
    assert not list(tmp_path.glob("swap_mid_visit/*/visit.toml"))
