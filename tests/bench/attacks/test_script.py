from itertools import pairwise

import pytest

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.script import (
    REST_S,
    TRIES,
    TURN_S,
    Cue,
    Script,
    draw_script,
    eased,
)
from likeness.core.vocabulary import Act


def test_a_blink_and_a_turn_are_asked_and_each_is_tried_twice() -> None:
    orders = set()
    for number in range(30):
        script = draw_script(Draws("script", number))
        orders.add(script.acts)
        assert Act.BLINK in script.acts
        assert {Act.TURN_LEFT, Act.TURN_RIGHT} & set(script.acts)
        assert [cue.act for cue in script.cues[::TRIES]] == list(script.acts)
        assert script.cues[0].at_s >= REST_S
        last = script.cues[-1].at_s + sum(TURN_S)
        assert script.length_s > last
    assert len(orders) == 4


def test_tries_do_not_run_into_each_other() -> None:
    script = draw_script(Draws("apart"))
    starts = [cue.at_s for cue in script.cues]
    gaps = [two - one for one, two in pairwise(starts)]
    assert min(gaps) > sum(TURN_S)


def test_turns_have_a_side_and_blinks_have_none() -> None:
    cues = (Cue(Act.TURN_LEFT, 1), Cue(Act.TURN_RIGHT, 3), Cue(Act.BLINK, 5))
    script = Script((), cues, 7)
    assert script.turned(1.5) == 1
    assert script.turned(3.5) == -1
    assert script.turned(5.1) == 0
    assert script.shut(5.1) == 1
    assert script.shut(1.5) == 0


def test_movement_begins_and_ends_without_a_jump() -> None:
    spans = (0.4, 0.3, 0.4)
    values = [eased(step / 1000, spans) for step in range(-100, 1300)]
    steps = [abs(two - one) for one, two in pairwise(values)]
    assert max(values) == 1
    assert min(values) == 0
    assert max(steps) < 0.01
    assert eased(1.1, spans) == pytest.approx(0, abs=1e-9)
