from pathlib import Path

import pytest

from likeness.core import health_window
from likeness.core.health_window import (
    Confirm,
    GoBack,
    HealthRules,
    HealthWindow,
    Keep,
    State,
    TimePassed,
    VisitOver,
)
from likeness.core.update import Trial
from playbook import play, transcripts

FOLDER = Path(__file__).parent / "transcripts"
RULES = HealthRules(up_s=600, visits=2, blind=3)


@pytest.mark.parametrize(
    "path", transcripts(FOLDER, "health_window"), ids=lambda path: path.stem
)
def test_transcript(path: Path) -> None:
    text = path.read_text()
    window = HealthWindow(Trial(starts=1), RULES, 0.0)
    assert play(text, window, vars(health_window)) == text


def test_a_trial_may_take_several_runs() -> None:
    """A shop that closes each evening: visits and life are counted on."""
    first = HealthWindow(Trial(starts=1), RULES, 0.0)
    (lived,) = first.handle(TimePassed(), 600.0)
    assert lived == Keep(Trial(starts=0, lived=True))
    second = HealthWindow(Trial(starts=1, lived=True), RULES, 5000.0)
    (one,) = second.handle(VisitOver(face_seen=True), 5001.0)
    assert one == Keep(Trial(starts=1, lived=True, visits=1))
    third = HealthWindow(one.trial, RULES, 9000.0)
    assert third.handle(VisitOver(face_seen=True), 9001.0) == [Confirm()]
    assert third.state is State.PASSED
    assert third.deadline is None


def test_without_visits_time_alone_confirms_nothing() -> None:
    window = HealthWindow(Trial(), RULES, 0.0)
    window.handle(TimePassed(), 600.0)
    assert window.state is State.OPEN
    assert window.deadline is None
    assert window.handle(TimePassed(), 10_000.0) == []


def test_blind_visits_of_former_runs_count() -> None:
    window = HealthWindow(Trial(blind=2), RULES, 0.0)
    (back,) = window.handle(VisitOver(face_seen=False), 1.0)
    assert back == GoBack("it saw no face in 3 visits")
    assert window.state is State.FAILED


def test_people_who_walk_away_do_no_harm_to_a_set_that_saw_one() -> None:
    window = HealthWindow(Trial(visits=1), RULES, 0.0)
    for _ in range(20):
        window.handle(VisitOver(face_seen=False), 1.0)
    assert window.state is State.OPEN
