"""Whether each figure is there and means what it says; never how fast we are."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from clips import write_clip
from likeness.bench import speed
from likeness.bench.speed_child import ROLES, WARM_UP, Job
from likeness.errors import LikenessError, ModelError, UsageError
from likeness.vision.runtimes import find_runtime
from real_models import MODELS

FRAMES = 12
KINDS = {
    "tracked frame",
    "tracked frame, eyes",
    "tracked frame as in a visit",
    "tracked frame, eyes, embedding",
    "detection frame",
    "comparison 640x480",
    "enrolment 640x480",
}


def short(feed: Path, models: Path = MODELS) -> speed.Plan:
    return speed.Plan(
        models,
        feed,
        frames=FRAMES,
        cold_starts=1,
        rounds=1,
        runtimes=(find_runtime(),),
        variants=("w8",),
    )


def test_each_model_and_each_kind_of_frame_is_measured(pictures: Path) -> None:
    plan, done = short(pictures / speed.CLIP), []
    ballast = np.ones((400, 1024, 1024), np.uint8)  # 400 MiB in the process that asks

    figures = speed.measure(plan, lambda: done.append(1))

    assert len(done) == plan.processes == 2
    assert figures["feed"] == {
        "name": speed.CLIP,
        "frames": FRAMES,
        "size": [176, 144],
    }
    (one,) = figures["sets"]
    assert (one["runtime"], one["variant"]) == (str(find_runtime()), "w8")
    assert set(one["models"]) == set(ROLES)
    assert set(one["frames"]) == KINDS
    for cost in [*one["models"].values(), *one["frames"].values()]:
        assert 0 < cost["median"] <= cost["p95"]
        assert cost["runs"] == FRAMES - WARM_UP
        assert cost["ratio"] > 0
    assert one["reference"]["median"] > 0
    # Only what differs manifold is compared: a busy machine turns smaller steps over.
    embedding = one["frames"]["tracked frame, eyes, embedding"]
    assert embedding["ratio"] > 1  # it holds the mesh and much more
    assert one["cold_start"]["runs"] == 2
    assert one["cold_start"]["cpu_ms"] > 0
    assert one["cold_start"]["first_verification"]["cpu_ms"] > 0
    memory = one["peak_rss_mib"]
    assert 20 < memory["first_embedding"] <= memory["all"]
    assert memory["all"] < ballast.nbytes / 1024**2  # what is measured is its own


def test_a_feed_without_a_face_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "grey.mp4", count=FRAMES)

    with pytest.raises(UsageError, match=r"grey\.mp4: no face in its first frame"):
        speed.measure(short(clip), lambda: None)


def test_a_feed_that_is_too_short_or_none_is_refused(tmp_path: Path) -> None:
    clip = write_clip(tmp_path / "short.mp4", count=3)
    (tmp_path / "none.mp4").write_bytes(b"no clip")

    with pytest.raises(UsageError, match=r"3 frames are too few; 10 are needed"):
        speed.measure(short(clip), lambda: None)
    with pytest.raises(UsageError, match=r"none\.mp4"):
        speed.measure(short(tmp_path / "none.mp4"), lambda: None)


def test_frames_of_several_sizes_are_refused(tmp_path: Path) -> None:
    for number in range(3):
        picture = np.zeros((48, 64 + number, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f"{number:03}.png"), picture)

    with pytest.raises(UsageError, match="not of one size"):
        speed.measure(short(tmp_path), lambda: None)


def test_a_model_that_cannot_be_used_is_named(pictures: Path, tmp_path: Path) -> None:
    manifest = (MODELS / "manifest.toml").read_text()
    (tmp_path / "manifest.toml").write_text(manifest)

    with pytest.raises(LikenessError, match=r"is missing in .*likeness models build"):
        speed.measure(short(pictures / speed.CLIP, tmp_path), lambda: None)


def test_without_a_runtime_it_says_what_to_install(
    pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = {"litert": ("none-1", "none_1")}
    monkeypatch.setattr("likeness.vision.runtimes.RUNTIMES", missing)

    with pytest.raises(ModelError, match="install none-1 with pip"):
        speed.measure(short(pictures / speed.CLIP), lambda: None)


def test_a_process_that_dies_is_named(tmp_path: Path) -> None:
    job = Job(
        models=str(MODELS),
        variant="w8",
        runtime=find_runtime().name,
        threads=1,
        frames=str(tmp_path / "none"),
        width=64,
        height=48,
        rounds=0,
        started_ns=0,
    )

    with pytest.raises(LikenessError, match=r"with w8: .* ended with 1: .*none"):
        speed._child(job)


def test_figures_are_written_whole_or_not_at_all(tmp_path: Path) -> None:
    out = tmp_path / "new" / "speed.json"
    speed.write({"sets": []}, out)
    assert json.loads(out.read_text()) == {"sets": []}
    assert list(out.parent.iterdir()) == [out]

    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot be written"):
        speed.write({}, tmp_path / "file" / "speed.json")
