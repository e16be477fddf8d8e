"""The table that decides whether two machines agree: it must be able to say no."""

import json
from pathlib import Path
from typing import Any

import pytest

from arm64 import compare


def visit(name: str = "one", **other: Any) -> dict[str, Any]:
    line = {
        "id": name,
        "label": "genuine",
        "species": "",
        "verdict": "accepted",
        "reasons": [],
        "match_score": 800_000,
        "match_threshold": 440_000,
        "passive_score": None,
        "passive_threshold": None,
        "acts": [{"act": "blink", "asked_ms": 10, "answered_ms": 900, "passed": True}],
    }
    return line | other


def picture(name: str = "a.png", **other: Any) -> dict[str, Any]:
    line = {"picture": name, "face": True, "embedding": [1.0, 0.0], "passive": 0.9}
    poses = dict.fromkeys(
        ("yaw_deg", "pitch_deg", "eye_left", "eye_right", "presence"), 0.5
    )
    return line | poses | other


def of_visits(one: dict[str, Any], other: dict[str, Any]) -> compare.Comparison:
    return compare.visits({one["id"]: one}, {other["id"]: other})


def test_the_same_is_good() -> None:
    assert of_visits(visit(), visit()).good


def test_a_little_apart_is_good_and_told() -> None:
    found = of_visits(visit(), visit(match_score=801_000))
    assert found.good
    assert "| match | 1 | 0.001 | 0.001 | 0.01 |" in list(found.table())


@pytest.mark.parametrize(
    "other",
    [
        {"verdict": "refused"},
        {"reasons": ["face_mismatch"]},
        {"match_score": 780_000},
        {"match_score": None},
        {"passive_score": 900_000},
        {"match_threshold": 450_000},
        {"acts": []},
        {"acts": [visit()["acts"][0] | {"passed": False}]},
        {"acts": [visit()["acts"][0] | {"answered_ms": 1100}]},
        {"acts": [visit()["acts"][0] | {"answered_ms": None}]},
    ],
)
def test_a_difference_that_matters_is_no_agreement(other: dict[str, Any]) -> None:
    assert not of_visits(visit(), visit(**other)).good


def test_nothing_in_common_is_no_agreement() -> None:
    assert not of_visits(visit("one"), visit("two")).good


@pytest.mark.parametrize(
    "other",
    [
        {"face": False},
        {"yaw_deg": 1.1},
        {"eye_left": 0.6},
        {"eye_left": float("nan")},
        {"passive": None},
        {"passive": 0.8},
    ],
)
def test_pictures_apart_are_no_agreement(other: dict[str, Any]) -> None:
    one, same = picture(), picture(**other)
    assert not compare.pictures({"a.png": one}, {"a.png": same}).good


def test_match_scores_are_each_machines_own() -> None:
    """Both turn alike, so nothing changes for who is compared on one machine."""
    ones = {n: picture(n) for n in "ab"}
    turned = {n: picture(n, embedding=[0.0, 1.0]) for n in "ab"}
    assert compare.pictures(ones, turned).good
    turned["b"]["embedding"] = [1.0, 0.0]
    assert compare.pictures(ones, turned).too_far == ["match"]


def test_half_a_line_of_a_run_under_way_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "results.jsonl"
    path.write_text(json.dumps(visit()) + '\n{"id": "tw', encoding="utf-8")
    assert list(compare.read(path, "id")) == ["one"]
