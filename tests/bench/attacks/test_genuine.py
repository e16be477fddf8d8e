from dataclasses import replace

import pytest

from likeness.bench.attacks.genuine import Genuine, face_width_px, read
from likeness.bench.visit_file import PlannedVisit
from likeness.errors import FeedUnreadable
from likeness.vision.look import Looker


def test_a_visit_is_read_whole_with_its_open_and_shut_eyes(visit: Genuine) -> None:
    assert len(visit.shots) == 30
    assert visit.fps == pytest.approx(30, abs=0.1)
    assert visit.length_s == pytest.approx(1.0, abs=0.04)
    assert visit.frontal.face is not None
    # By eye he blinks at 1.40 s of the clip: half a second into the visit.
    assert visit.shut is not None
    assert visit.shut.at_s == pytest.approx(0.5, abs=0.1)
    assert 30 < face_width_px(visit.frontal) < 80


def test_what_is_seen_at_a_time_is_the_newest_shot(visit: Genuine) -> None:
    third = visit.shots[2]
    assert visit.at(third.at_s) is third
    assert visit.at(third.at_s + 0.02) is third
    assert visit.at(-1) is visit.shots[0]
    assert visit.at(99) is visit.shots[-1]


def test_a_visit_that_cannot_be_played_says_why(
    plan: PlannedVisit, looker: Looker
) -> None:
    with pytest.raises(FeedUnreadable, match="no such portrait"):
        read(replace(plan, problem="no such portrait"), looker)
