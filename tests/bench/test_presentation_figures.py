"""Error rates by species, counted by hand; what was not judged counts apart."""

import json

import pytest

from likeness.bench.presentation import Scored
from likeness.bench.presentation_figures import by_species, equal_error, figures, scores
from likeness.bench.presentation_list import Label, Presentation
from likeness.core.intervals import clopper_pearson
from likeness.core.profile import TextureRules

RULES = TextureRules(live_from=0.5, attack_below=0.1)


def given(
    label: Label, species: str, *values: float | None
) -> list[tuple[Presentation, Scored]]:
    return [
        (
            Presentation(f"{label}-{species}-{number}", label, species),
            Scored(value, "" if value is not None else "no face found"),
        )
        for number, value in enumerate(values)
    ]


GIVEN = [
    *given("attack", "print", 0.05, 0.3, 0.5, None),
    *given("attack", "screen", 0.02),
    *given("live", "", 0.9, 0.5, 0.49, 0.09, None),
]


def test_each_species_is_counted_at_both_thresholds() -> None:
    live, prints, screen = figures(GIVEN, RULES)["groups"]
    assert [(r["label"], r["species"]) for r in (live, prints, screen)] == [
        ("live", ""), ("attack", "print"), ("attack", "screen"),
    ]  # fmt: skip
    hits = {name: rate["hits"] for name, rate in prints["error"].items()}
    assert hits == {"live_from": 1, "attack_below": 2}  # 0.5 is live; 0.3 not certain
    assert prints["error"]["live_from"]["tries"] == 3
    assert prints["no_answer"]["hits"] == 1
    assert prints["total"]["live_from"]["hits"] == 2
    assert prints["total"]["live_from"]["tries"] == prints["files"] == 4
    hits = {name: rate["hits"] for name, rate in live["error"].items()}
    assert hits == {"live_from": 2, "attack_below": 1}
    assert live["error"]["live_from"]["low"] == clopper_pearson(2, 4)[0]
    assert screen["error"]["live_from"]["hits"] == 0


def test_the_working_point_takes_the_worst_species() -> None:
    point = figures(GIVEN, RULES)["at"]["live_from"]
    assert point["worst_species"] == "print"
    assert point["worst_apcer"]["rate"] == pytest.approx(1 / 3)
    assert point["bpcer"]["rate"] == 0.5
    assert point["acer"] == pytest.approx((1 / 3 + 0.5) / 2)


def test_live_files_of_several_kinds_are_one_bpcer() -> None:
    kinds = [*given("live", "webcam", 0.1), *given("live", "phone", 0.9)]
    found = figures(kinds, RULES)
    assert found["at"]["live_from"]["bpcer"]["tries"] == 2
    assert found["at"]["live_from"]["acer"] is None  # no attack, no mean
    assert [row["species"] for row in found["groups"]] == ["phone", "webcam"]


def test_the_equal_error_is_where_both_are_nearest() -> None:
    apart = scores([*given("attack", "x", 0.1, 0.2), *given("live", "", 0.8, 0.9)])
    assert equal_error(apart) == {"threshold": 0.8, "rate": 0.0}
    mixed = scores(
        [
            *given("attack", "x", 0.1, 0.2, 0.3, 0.6),
            *given("live", "", 0.4, 0.7, 0.8, 1),
        ]
    )
    found = equal_error(mixed)
    assert found is not None
    assert found["rate"] == 0.25
    assert equal_error(scores(given("live", "", 0.4))) is None


def test_each_species_stands_against_all_live_files() -> None:
    parts = by_species(GIVEN)
    assert list(parts) == ["print", "screen"]
    assert [one.genuine.size for one in parts.values()] == [4, 4]
    assert [one.impostor.size for one in parts.values()] == [3, 1]


def test_the_worst_files_and_those_without_a_score_are_named() -> None:
    found = figures(GIVEN, RULES)
    assert found["worst"]["live_lowest"][0] == {
        "file": "live--3", "species": "", "score": 0.09,
    }  # fmt: skip
    assert found["worst"]["attacks_highest"][0]["file"] == "attack-print-2"
    assert [one["file"] for one in found["not_judged"]] == ["attack-print-3", "live--4"]
    assert found["not_judged"][0]["why"] == "no face found"


def test_without_any_score_there_is_no_rate() -> None:
    found = figures(given("live", "", None), RULES)
    assert found["at"]["live_from"]["bpcer"]["rate"] is None
    assert found["groups"][0]["total"]["live_from"]["rate"] == 1.0
    json.dumps(found, allow_nan=False)
