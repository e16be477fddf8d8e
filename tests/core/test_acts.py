"""Acts asked one after the other: windows, and the acts that take another's place."""

import visits as v
from likeness.core.acts import LATE_FRAME_S, Acts, Phase
from likeness.core.challenge import scripted
from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.vocabulary import Act, Alternative
from likeness.core.wishes import Wishes

RULES = ActRules()
REST = Rest(v.OPEN, v.OPEN, 0.0, 0.0)


def asked(*acts: Act, wishes: Wishes | None = None) -> Acts:
    """Ask the first act at 0.0."""
    wishes = wishes or Wishes(frozenset(Alternative))
    begun = Acts(scripted(acts), REST, RULES, 0.0, wishes)
    begun.tick(0.0)
    return begun


def test_the_last_frame_of_a_window_counts_however_late_it_comes() -> None:
    acts = asked(Act.BLINK)
    assert acts.deadline == RULES.window_s + LATE_FRAME_S
    assert acts.tick(RULES.window_s + LATE_FRAME_S - 0.01) is None
    step = acts.see(v.STILL, RULES.window_s + 0.01)
    assert step is not None and step.phase is Phase.MISSED
    assert acts.deadline is None and acts.asking is None
    assert acts.see(v.STILL, 99.0) is None and acts.tick(99.0) is None


def test_a_frame_from_before_the_prompt_is_not_looked_at() -> None:
    acts = asked(Act.BLINK)
    for face in v.MOVES[Act.BLINK]:
        assert acts.see(face, 0.0) is None
    assert acts.asking is Act.BLINK


def test_more_time_moves_the_end_of_the_running_window() -> None:
    wishes = Wishes(frozenset())
    acts = asked(Act.BLINK, wishes=wishes)
    wishes.more_time = True
    assert acts.deadline == 2 * RULES.window_s + LATE_FRAME_S
    assert acts.see(v.STILL, 2 * RULES.window_s - 0.01) is None
    assert acts.asking is Act.BLINK


def test_what_is_wanted_follows_the_wishes_and_keeps_what_was_asked() -> None:
    wishes = Wishes(frozenset(Alternative))
    acts = asked(Act.BLINK, Act.BLINK, Act.TURN_LEFT, wishes=wishes)
    assert acts.wanted == (Act.BLINK, Act.BLINK, Act.TURN_LEFT)
    assert wishes.choose(Alternative.CLOSE_EYES)
    assert acts.wanted == (Act.BLINK, Act.CLOSE_EYES, Act.TURN_LEFT)
    step = acts.ask_anew(3.0)
    assert step is not None and step.act is Act.CLOSE_EYES
    assert acts.ask_anew(4.0) is None  # it is in its other form
    assert [(one.act, one.asked_s) for one in acts.findings] == [(Act.CLOSE_EYES, 3.0)]
    assert not wishes.choose(Alternative.CLOSE_EYES)
    assert not Wishes(frozenset()).choose(Alternative.NOD)
