"""A camera that stalls, by the rules alone: no thread and no device."""

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.camera_break import BACK_WITHIN_S, MOST_BREAKS
from likeness.core.session import State
from likeness.core.vocabulary import Reason, Verdict
from played import ACTS, Visit, refused_for

LOST = (Verdict.REFERRED, Reason.CAMERA_LOST)


def looking() -> Visit:
    """Return a visit that sees a face, and is not yet sure of its rest pose."""
    visit = Visit()
    visit.consent_and_card()
    visit.watch(visit.visitor.still(0.2))
    assert visit.session.state is State.LOOK
    return visit


def wait(visit: Visit, seconds: float) -> None:
    visit.visitor.now += seconds
    visit.give(e.TimePassed())


def test_before_the_acts_the_visit_waits_and_goes_on() -> None:
    visit = looking()
    visit.give(e.PictureStalled(1))
    assert visit.shown[-1] == ("camera_restarting", "")
    assert visit.session.deadline == visit.visitor.now + BACK_WITHIN_S
    wait(visit, BACK_WITHIN_S - 0.1)
    visit.give(e.PictureBack(1))
    assert visit.shown[-1] == ("look_here", "")
    visit.until_asked()
    for act in ACTS:
        visit.watch(visit.visitor.does(act))
    assert visit.conclusion.verdict is Verdict.ACCEPTED


def test_a_camera_that_does_not_come_back_ends_the_visit_in_time() -> None:
    visit = looking()
    visit.give(e.PictureStalled(1))
    wait(visit, BACK_WITHIN_S)
    assert refused_for(visit) == LOST


def test_a_camera_that_tries_without_a_picture_gains_no_time() -> None:
    visit = looking()
    for _ in range(5):
        visit.give(e.PictureStalled(1))
        wait(visit, BACK_WITHIN_S / 5)
    assert refused_for(visit) == LOST


def test_who_stood_there_before_the_break_is_looked_at_anew() -> None:
    """Nothing begins without a picture, though pose, card and nonce are all there."""
    visit = Visit()
    visit.consent_and_card(enrol=False)
    visit.watch(visit.visitor.still(1.5))  # enough for a rest pose
    visit.give(e.PictureStalled(1))
    visit.give(e.Enrolled(1, v.embedding(1)))
    wait(visit, 5.0)
    assert visit.session.state is State.LOOK
    visit.give(e.PictureBack(1))
    visit.watch([visit.visitor.frame()])
    assert visit.session.state is State.LOOK
    visit.until_asked()  # sees that the acts begin


def test_from_the_acts_on_a_break_ends_the_visit() -> None:
    visit = Visit()
    visit.consent_and_card()
    visit.until_asked()
    visit.watch(visit.visitor.does(ACTS[0]))
    visit.give(e.PictureStalled(1))
    assert refused_for(visit) == LOST
    assert ("camera_restarting", "") not in visit.shown
    shown = list(visit.shown)
    visit.give(e.PictureBack(1))  # its task had not heard of it yet
    assert visit.shown == shown


@pytest.mark.parametrize("breaks", [MOST_BREAKS, MOST_BREAKS + 1])
def test_so_many_breaks_are_waited_for(breaks: int) -> None:
    visit = looking()
    for _ in range(breaks):
        visit.give(e.PictureStalled(1))
        wait(visit, 3.0)
        visit.give(e.PictureBack(1))
        visit.watch(visit.visitor.still(0.1))
    goes_on = visit.session.state is State.LOOK
    assert goes_on is (breaks == MOST_BREAKS)


def test_the_windows_begin_anew_with_the_picture() -> None:
    visit = looking()
    deadline = visit.session.deadline
    assert deadline is not None
    wait(visit, deadline - visit.visitor.now - 1.0)
    visit.give(e.PictureStalled(1))
    wait(visit, 5.0)  # later than the visit would have waited for a face
    visit.give(e.PictureBack(1))
    assert visit.session.state is State.LOOK


def test_words_of_a_former_visit_are_not_heard() -> None:
    visit = looking()
    shown = list(visit.shown)
    visit.give(e.PictureStalled(7))
    assert visit.shown == shown
