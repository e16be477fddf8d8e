"""Counts of ISO/IEC 30107-3, checked by hand on a few visits of each kind."""

import json

import pytest

from likeness.bench.replay_figures import Answer, figures, pad_answer, summary
from likeness.core.intervals import clopper_pearson
from replay_lines import MISSED, attack, line

UNPLAYABLE = line(
    "broken", verdict="referred", reasons=["feed_unreadable"], frames=0, acts=[],
    match_score=None, match_threshold=None, verdict_ms=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("one", "answer"),
    [
        (line(), Answer.BONA_FIDE),
        (line(verdict="refused", reasons=["not_same_person"]), Answer.BONA_FIDE),
        (line(verdict="referred", reasons=["match_in_doubt"]), Answer.BONA_FIDE),
        (attack("a", "print", "act_not_seen"), Answer.ATTACK),
        (attack("a", "print", "not_same_person", "flat_face"), Answer.ATTACK),
        (attack("a", "print", "liveness_in_doubt"), Answer.ATTACK),
        # The recording ended before the act that was asked came.
        (attack("a", "print", "feed_ended", acts=[MISSED]), Answer.ATTACK),
        (attack("a", "print", "no_face", acts=[]), Answer.NONE),
        (line(verdict="referred", reasons=["too_dark"], acts=[]), Answer.NONE),
    ],
)
def test_what_attack_detection_made_of_a_visit(
    one: dict[str, object], answer: Answer
) -> None:
    assert pad_answer(one) is answer


def test_each_species_is_counted_by_itself() -> None:
    found = figures(
        [
            attack("a", "print", "act_not_seen"),
            attack("b", "print", "not_same_person"),  # only the match stopped it
            attack("c", "print"),
            attack("d", "print", "no_face", acts=[]),
            attack("e", "mask", "flat_face"),
            UNPLAYABLE | {"label": "attack", "species": "mask"},
        ]
    )["attacks"]
    assert [row["species"] for row in found] == ["mask", "print"]
    mask, prints = found
    assert (mask["visits"], mask["iapar"]["hits"], mask["apcer"]["hits"]) == (1, 0, 0)
    assert (prints["iapar"]["hits"], prints["iapar"]["tries"]) == (1, 4)
    # Of the three that it answered; the fourth was not even tried.
    assert (prints["apcer"]["hits"], prints["apcer"]["tries"]) == (2, 3)
    assert (prints["apnrr"]["hits"], prints["apnrr"]["tries"]) == (1, 4)
    bounds = (prints["iapar"]["low"], prints["iapar"]["high"])
    assert bounds == clopper_pearson(1, 4)


def test_genuine_visits_and_impostors() -> None:
    found = figures(
        [
            line("a"),
            line("b", verdict="refused", reasons=["act_not_seen"], acts=[MISSED]),
            line("c", verdict="referred", reasons=["match_in_doubt"]),
            line("d", verdict="referred", reasons=["too_dark"], acts=[]),
            line("i", label="impostor", verdict="refused", match_score=100_000,
                 reasons=["not_same_person"]),
            UNPLAYABLE,
        ]
    )  # fmt: skip
    assert found["visits"] == 6
    assert found["not_played"] == ["broken"]
    genuine = found["genuine"]
    hits = {key: genuine[key]["hits"] for key in ("accepted", "bpcer", "bpnrr")}
    assert hits == {"accepted": 1, "bpcer": 1, "bpnrr": 1}
    tries = {key: genuine[key]["tries"] for key in ("accepted", "bpcer", "bpnrr")}
    assert tries == {"accepted": 4, "bpcer": 3, "bpnrr": 4}
    assert found["impostors"]["accepted"]["hits"] == 0
    assert found["impostors"]["accepted"]["tries"] == 1
    (point,) = found["match"]["at"]
    assert point["threshold"] == 0.43
    assert (point["fmr"]["hits"], point["fnmr"]["hits"]) == (0, 0)
    assert found["costs"]["frames"] == 5 * 44
    assert found["costs"]["verdict_ms"]["count"] == 1  # of the accepted


def test_a_visit_without_a_match_score_never_matches() -> None:
    found = figures([line(), line("b", match_score=None, match_threshold=None)])
    assert found["match"]["at"][0]["fnmr"]["hits"] == 1
    assert found["match"]["at"][0]["fnmr"]["tries"] == 2


def test_the_passive_scores_are_those_that_were_given() -> None:
    lines = [line("a", passive_score=900_000), line("b")]
    lines += [attack("c", "print", passive_score=0)]
    found = figures(lines)["passive"]
    assert (found["positives"], found["negatives"]) == (1, 1)


def test_worst_cases_begin_with_what_was_nearest() -> None:
    worst = figures(
        [
            line("far", label="impostor", verdict="refused", match_score=10_000,
                 reasons=["act_not_seen", "not_same_person"], acts=[MISSED]),
            line("near", label="impostor", verdict="refused", match_score=429_000,
                 reasons=["match_in_doubt"]),
            line("next", label="impostor", verdict="refused", match_score=300_000,
                 reasons=["not_same_person"]),
            attack("in", "print"),
            attack("never", "print", "no_face", acts=[]),
            line("lost", verdict="refused", reasons=["no_face"], acts=[]),
            line("close", verdict="referred", reasons=["match_in_doubt"]),
            line("good"),
        ]
    )["worst"]  # fmt: skip
    assert worst == {
        "genuine_not_accepted": ["lost", "close"],
        "others_accepted": ["in"],
        "others_nearest": ["near", "next", "far", "never"],
    }


def test_verdicts_are_counted_by_label_and_species() -> None:
    rows = summary(
        [
            line(),
            line(verdict="refused", reasons=["act_not_seen", "feed_ended"]),
            line(verdict="referred", reasons=["too_dark"]),
            line(label="attack", species="print", verdict="refused", reasons=["a"]),
            line(label="attack", species="mask", verdict="accepted"),
            line(label="", verdict="refused", reasons=["a", "b"]),
            line(label="", verdict="refused", reasons=["b"]),
        ]
    )
    names = ("label", "species", "count", "accepted", "refused", "referred")
    assert [tuple(row[name] for name in names) for row in rows] == [
        ("no label", "", 2, 0, 2, 0),
        ("attack", "mask", 1, 1, 0, 0),
        ("attack", "print", 1, 0, 1, 0),
        ("genuine", "", 3, 1, 1, 1),
    ]
    assert rows[0]["reasons"] == [("b", 2), ("a", 1)]
    assert (rows[3]["low"], rows[3]["high"]) == clopper_pearson(1, 3)
    assert (rows[1]["low"], rows[1]["high"]) == (pytest.approx(0.025), 1.0)


@pytest.mark.parametrize("lines", [[], [UNPLAYABLE]])
def test_of_nothing_there_are_no_rates(lines: list[dict[str, object]]) -> None:
    found = figures(lines)
    assert found["genuine"]["bpcer"]["rate"] is None
    assert found["attacks"] == []
    json.dumps(found, allow_nan=False)
