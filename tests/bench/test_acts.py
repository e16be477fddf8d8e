"""Acts of a make-believe visitor, found or not, held against what was labelled."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import visits as v
from likeness.bench.acts import MEASURED, Found, answers, figures_of, judge, measure
from likeness.bench.acts_labels import Label, read_labels
from likeness.core.profile import PROFILES
from likeness.core.seen import Observation
from likeness.core.vocabulary import Act
from likeness.vision.look import Looker

POLICY = PROFILES["standard"]


def clip() -> list[Observation]:
    """Blink from frame 45, turn left from 83, blink from 123; 30 frames/s."""

    def moves(visitor: v.Visitor) -> Iterator[Observation]:
        yield from visitor.still(1.45)
        yield from visitor.does(Act.BLINK)
        yield from visitor.still(1.0)
        yield from visitor.does(Act.TURN_LEFT)
        yield from visitor.still(1.0)
        yield from visitor.does(Act.BLINK)
        yield from visitor.still(1.0)

    seen = list(moves(v.Visitor()))
    # As recorded: nobody asked for views.
    return [
        replace(one, face=one.face and replace(one.face, embedding=None))
        for one in seen
    ]


BLINK, TURN, AGAIN = (
    Label(45, 48, 52, "blink", sure=True),
    Label(83, 88, 93, "turn_left", sure=True),
    Label(123, 126, 130, "blink", sure=True),
)


def found(*labels: Label, mirrored: bool = False) -> dict[Act, Found]:
    return judge(clip(), labels, POLICY, mirrored=mirrored)


def test_every_act_is_answered_once_and_asked_again() -> None:
    first, second = answers(clip(), Act.BLINK, POLICY)
    assert 48 < first <= 52
    assert 126 < second <= 130
    assert len(answers(clip(), Act.TURN_LEFT, POLICY)) == 1
    assert answers(clip(), Act.TURN_RIGHT, POLICY) == []
    assert answers(clip(), Act.RAISE_CHIN, POLICY) == []
    assert answers(clip()[:5], Act.BLINK, POLICY) == []  # no rest pose yet


def test_answers_are_held_against_labels() -> None:
    result = found(BLINK, TURN, AGAIN)
    assert [peak for peak, _ in result[Act.BLINK].true] == [48, 126]
    assert all(0 < late < 0.2 for _, late in result[Act.BLINK].true)
    assert result[Act.TURN_LEFT].true[0][0] == 88
    assert result[Act.TURN_RIGHT] == Found()


def test_what_is_not_labelled_is_false_and_what_is_not_answered_is_missed() -> None:
    result = found(BLINK, Label(70, 72, 75, "blink", sure=True))[Act.BLINK]
    assert (len(result.true), len(result.false), result.missed) == (1, 1, (72,))


def test_doubts_count_neither_way() -> None:
    result = found(replace(BLINK, sure=False), AGAIN)[Act.BLINK]
    assert (len(result.true), result.false, result.doubtful) == (1, (), 1)
    turned = found(replace(TURN, sure=False))[Act.BLINK]
    assert len(turned.false) == 2  # a doubtful turn excuses no blink


def test_one_label_has_one_answer() -> None:
    wide = Label(45, 48, 140, "blink", sure=True)
    result = found(wide)[Act.BLINK]
    assert (len(result.true), len(result.false)) == (1, 1)


def test_in_the_mirror_left_is_right() -> None:
    result = found(replace(TURN, act="turn_right"), mirrored=True)
    assert len(result[Act.TURN_LEFT].true) == 1
    assert found(TURN, mirrored=True)[Act.TURN_RIGHT].missed == (88,)


def test_rates_come_with_counts_and_intervals() -> None:
    one = {act: Found() for act in MEASURED}
    one[Act.BLINK] = Found(true=((10, 0.1), (40, 0.3)), false=(70,))
    other = one | {Act.BLINK: Found(missed=(5,), doubtful=2)}
    figures = figures_of({"a.mp4": one, "b.mp4": other}, POLICY.rules)
    blinks = figures["all"]["blink"]
    assert blinks["labelled"] == 3
    assert blinks["precision"]["rate"] == pytest.approx(2 / 3)
    assert blinks["recall"]["of"] == 3
    # Clopper & Pearson, 2 of 3: 0.0943 to 0.9916 (tables).
    assert blinks["recall"]["low"] == pytest.approx(0.0943, abs=1e-4)
    assert blinks["recall"]["high"] == pytest.approx(0.9916, abs=1e-4)
    assert blinks["answer_after_peak_ms"] == {"median": 200, "p95": 290}
    assert blinks["doubtful"] == 2
    assert figures["clips"]["b.mp4"]["blink"]["recall"]["rate"] == 0
    assert figures["all"]["turns"]["recall"]["rate"] is None
    assert figures["rules"]["turn_deg"] == POLICY.rules.turn_deg


@pytest.mark.feeds
@pytest.mark.slow
def test_real_people_blink_and_turn(root: Path, feeds: Path, looker: Looker) -> None:
    """A part of the labelled clips: glasses, talk, strong light, low resolution."""
    labels = read_labels(root / "tests" / "labels" / "acts.csv")
    names = ("hdtf-katiehill.mp4", "lp-d18.mp4", "clm-cap13.mp4", "hdtf-aoc.mp4")
    part = {name: labels[name] for name in names}

    all_of = measure(part, feeds / "videos", looker, POLICY, lambda: None)["all"]

    assert (all_of["blink"]["labelled"], all_of["turns"]["labelled"]) == (17, 4)
    for act in ("blink", "turns"):
        assert all_of[act]["precision"]["rate"] >= 0.95
        assert all_of[act]["recall"]["rate"] >= 0.94
