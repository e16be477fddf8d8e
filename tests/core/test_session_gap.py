"""A gap in the pictures: no verdict before it was seen again whose acts they were."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.acts import LATE_FRAME_S
from likeness.core.seen import Embedding, Observation
from likeness.core.session import State
from likeness.core.vocabulary import Act, Reason, Verdict
from played import ACTS, STANDARD, Visit

AWAY_DEG = 35.0  # too far from frontal to be compared as strictly as a straight face
# Like the visitor as people are who look alike: enough for a turned face, and for no
# straight one.
DOUBLE: Embedding = tuple(
    0.3 * a + (1 - 0.3**2) ** 0.5 * b
    for a, b in zip(v.embedding(1), v.embedding(2), strict=True)
)


class Shop(Visit):
    """A visit whose faces are embedded where the rules ask for it, as by vision."""

    def __init__(self, *, light: bool = False, acts: tuple[Act, ...] = ACTS) -> None:
        policy = replace(STANDARD, silence_is_doubt=False, light=light)
        super().__init__(policy, acts=acts)
        self.who: Embedding = v.embedding(1)

    def watch(self, frames: Iterable[Observation]) -> None:
        for seen in frames:
            wanted = self.session.attention.embed
            face = seen.face
            straight = wanted and face and abs(face.yaw_deg) <= wanted.max_yaw_deg
            known = self.who if straight else None
            face = face and replace(face, embedding=known)
            self.give(e.Observed(1, replace(seen, face=face)))

    def at(self, yaw: float, frames: int = 1) -> None:
        face = replace(v.STILL, yaw_deg=yaw)
        self.watch([self.visitor.frame(face) for _ in range(frames)])

    def until_last_act(self) -> None:
        self.consent_and_card()
        self.until_asked()
        self.watch(self.visitor.does(Act.BLINK))
        self.at(0.0, 3)
        assert self.shown[-1] == ("ask_act", "turn_left")

    def comes_back_after_a_gap(self) -> None:
        """The visitor, who blinks as the last act asks."""
        self.who = v.embedding(1)
        self.visitor.now += 1.4
        self.at(0.0, 3)
        self.watch(self.visitor.does(Act.BLINK))

    @property
    def waits(self) -> bool:
        return self.session.state is State.ACTS and self.shown[-1] == ("look_here", "")


def turned_after_a_gap(*, gap_s: float = 1.4, double: bool = False) -> Shop:
    shop = Shop()
    shop.until_last_act()
    shop.visitor.now += gap_s
    if double:
        shop.who = DOUBLE
    shop.at(AWAY_DEG, 6)
    return shop


@pytest.mark.parametrize("gap_s", [0.41, 1.4, 1.9])
def test_who_took_the_visitors_place_in_a_gap_before_the_last_act(gap_s: float) -> None:
    shop = turned_after_a_gap(gap_s=gap_s, double=True)
    assert shop.waits
    shop.at(0.0)
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFUSED, (Reason.FACE_CHANGED,))


def test_who_stayed_is_accepted_with_the_first_view_after_the_gap() -> None:
    shop = turned_after_a_gap()
    assert shop.waits
    shop.at(AWAY_DEG, 9)
    assert shop.waits
    shop.at(20.0)
    assert shop.conclusion.verdict is Verdict.ACCEPTED


def test_what_is_offered_while_it_waits_is_time_and_no_other_act() -> None:
    glance = turned_after_a_gap().session.glance
    assert (glance.asked, glance.done) == (2, 2)
    assert glance.offers_more_time
    assert not glance.offers_nod and not glance.offers_close_eyes


def test_without_a_gap_the_last_act_is_the_end() -> None:
    for pause_s in (0.0, 0.3):
        shop = turned_after_a_gap(gap_s=pause_s)
        assert shop.conclusion.verdict is Verdict.ACCEPTED
        assert ("look_here", "") not in shop.shown[2:]


def test_a_view_after_the_gap_is_enough_whenever_it_comes() -> None:
    shop = Shop()
    shop.until_last_act()
    shop.visitor.now += 1.4
    shop.at(0.0, 2)  # the first frame tells of the gap, the next one is asked who
    shop.at(AWAY_DEG, 6)
    assert shop.conclusion.verdict is Verdict.ACCEPTED


def test_a_turn_that_was_known_before_the_gap_does_not_vouch_for_who_ends_it() -> None:
    shop = Shop()
    shop.until_last_act()
    shop.at(AWAY_DEG)
    shop.visitor.now += 1.4
    shop.who = DOUBLE
    shop.at(AWAY_DEG)
    assert shop.waits
    shop.at(0.0)
    assert shop.conclusion.reasons[0] is Reason.FACE_CHANGED


def test_who_comes_back_after_a_second_gap_does_not_vouch_for_the_turn() -> None:
    shop = turned_after_a_gap(double=True)
    assert shop.waits
    shop.who = v.embedding(1)
    shop.visitor.now += 1.4
    shop.at(0.0, 2)
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.NO_FRONTAL_VIEW,))


def test_a_turn_between_two_gaps_is_nobodys_though_more_is_asked_then() -> None:
    shop = Shop(acts=(Act.BLINK, Act.TURN_LEFT, Act.BLINK))
    shop.until_last_act()
    shop.visitor.now += 1.4
    shop.who = DOUBLE
    shop.at(AWAY_DEG, 6)
    shop.comes_back_after_a_gap()
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.NO_FRONTAL_VIEW,))


def test_a_turn_before_any_straight_view_is_nobodys_after_a_gap() -> None:
    shop = Shop(acts=(Act.TURN_LEFT, Act.BLINK))
    shop.consent_and_card()
    shop.who = DOUBLE
    shop.at(26.0, 40)  # too far for a view so early
    shop.at(26.0, 2)
    shop.at(45.0, 6)
    assert ("act_seen", "turn_left") in shop.shown
    shop.comes_back_after_a_gap()
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.NO_FRONTAL_VIEW,))


def test_gaps_with_a_straight_view_between_them_are_no_doubt() -> None:
    shop = Shop(acts=(Act.BLINK, Act.TURN_LEFT, Act.BLINK))
    shop.until_last_act()
    for _ in range(2):
        shop.visitor.now += 1.4
        shop.at(0.0, 3)
    shop.at(AWAY_DEG, 6)
    shop.visitor.now += 1.4
    shop.at(0.0, 30)
    shop.watch(shop.visitor.does(Act.BLINK))
    assert shop.conclusion.verdict is Verdict.ACCEPTED


@pytest.mark.parametrize("more_time", [False, True])
def test_who_never_looks_back_is_referred(more_time: bool) -> None:
    shop = turned_after_a_gap()
    if more_time:
        shop.give(e.MoreTimeAsked(1))
    deadline = shop.session.deadline
    window_s = STANDARD.rules.window_s * (2 if more_time else 1)
    assert deadline is not None
    assert deadline == pytest.approx(
        shop.visitor.now + window_s + LATE_FRAME_S, abs=0.2
    )
    shop.visitor.now = deadline - 0.1
    shop.give(e.TimePassed())
    assert shop.waits
    shop.visitor.now = deadline
    shop.give(e.TimePassed())
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.NO_FRONTAL_VIEW,))
    assert all(act.passed for act in end.acts)


def test_frames_alone_end_the_waiting_as_well() -> None:
    shop = turned_after_a_gap()
    shop.at(AWAY_DEG, 300)
    assert shop.conclusion.reasons == (Reason.NO_FRONTAL_VIEW,)


@pytest.mark.parametrize(
    ("why", "reasons"),
    [
        (Reason.FEED_ENDED, (Reason.NO_FRONTAL_VIEW,)),
        (Reason.CAMERA_LOST, (Reason.CAMERA_LOST, Reason.NO_FRONTAL_VIEW)),
    ],
)
def test_pictures_that_end_before_it_is_seen_leave_a_doubt(
    why: Reason, reasons: tuple[Reason, ...]
) -> None:
    shop = turned_after_a_gap()
    shop.give(e.PictureEnded(why))
    end = shop.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, reasons)


def test_who_walks_away_while_it_waits_is_refused() -> None:
    shop = turned_after_a_gap()
    shop.watch(shop.visitor.frame(None) for _ in range(20))
    assert shop.conclusion.reasons[0] is Reason.FACE_LOST


def test_colours_come_only_after_it_was_seen() -> None:
    shop = Shop(light=True)
    shop.give(e.NonceGranted(1, b"c" * 32))
    shop.until_last_act()
    shop.visitor.now += 1.4
    shop.at(AWAY_DEG, 6)
    assert shop.waits
    shop.at(0.0)
    assert shop.session.state is State.LIGHT
    # What the acts have shown is judged as it was: a later gap takes nothing back.
    shop.visitor.now += 1.4
    shop.at(AWAY_DEG)
    shop.give(e.LightSkipped(1))
    assert shop.conclusion.verdict is Verdict.ACCEPTED
