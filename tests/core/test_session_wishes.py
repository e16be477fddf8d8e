"""What a visitor may ask for in mid-visit, and that nobody gains by it."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import visits as v
from likeness.core import report
from likeness.core import visit_events as e
from likeness.core.acts import LATE_FRAME_S
from likeness.core.chain import ChainHead
from likeness.core.challenge import draw, fits
from likeness.core.glance import Glance
from likeness.core.profile import PROFILES
from likeness.core.session import State
from likeness.core.vocabulary import (
    NOD_ACTS,
    Act,
    Alternative,
    Consent,
    Reason,
    Verdict,
)
from played import STANDARD, Visit, refused_for
from results import EPOCH, FACTS, MOMENT

AGREED = e.ConsentGiven(Consent("2026-11", "screen"), 1)
CLOSE, NOD = Alternative.CLOSE_EYES, Alternative.NOD
STEPS = ("begun", "agreed", "card", "enrolled", "asked", "one act")


def at(step: str, visit: Visit) -> Visit:
    """Bring a visit to one of STEPS."""
    place = STEPS.index(step)
    if place >= 1:
        visit.give(AGREED)
    if place >= 2:
        visit.give(e.CardPresented(v.card()))
    if place >= 3:
        visit.give(e.Enrolled(1, v.embedding(1)))
    if place >= 4:
        visit.until_asked()
    if place >= 5:
        visit.watch(visit.visitor.does(Act.BLINK))
    return visit


def ends(visit: Visit) -> int:
    return sum(isinstance(effect, e.Conclude) for effect in visit.effects)


def asking(visit: Visit) -> Act | None:
    return visit.session.glance.asking


def state_of(visit: Visit) -> State:
    return visit.session.state


def pass_time(visit: Visit) -> None:
    deadline = visit.session.deadline
    assert deadline is not None
    visit.visitor.now = deadline
    visit.give(e.TimePassed())


# --- an attendant ---------------------------------------------------------------------
@pytest.mark.parametrize("step", STEPS)
def test_who_asks_for_an_attendant_gets_one_at_once(step: str) -> None:
    visit = at(step, Visit())
    visit.give(e.AttendantAsked(1))
    assert visit.conclusion.reasons == (Reason.ATTENDANT_ASKED,)
    assert visit.conclusion.verdict is Verdict.REFERRED
    assert visit.effects[-2] == e.StopLooking()
    filmed = any(isinstance(effect, e.StartLooking) for effect in visit.effects)
    assert filmed == (STEPS.index(step) >= STEPS.index("card"))
    visit.give(e.AttendantAsked(1), e.Committed(1), e.AttendantAsked(1))
    assert ends(visit) == 1 and visit.session.state is State.RECEIPT


@pytest.mark.parametrize("step", ["begun", "agreed"])
def test_without_a_card_the_result_says_nothing_of_anybody(step: str) -> None:
    visit = at(step, Visit())
    visit.give(e.AttendantAsked(1))
    end = visit.conclusion
    assert end.card is None and not report.tells_who(end)
    report.compose(
        end,
        facts=FACTS,
        moment=MOMENT,
        head=ChainHead(EPOCH, 1, "h" * 43),
        salt=b"s" * 16,
        sealed_person=None,
    )


def test_an_attendant_learns_what_was_found_until_then() -> None:
    visit = at("card", Visit())
    visit.give(e.Enrolled(1, v.embedding(2)))  # somebody else's card
    visit.until_asked()
    visit.give(e.AttendantAsked(1))
    assert visit.conclusion.verdict is Verdict.REFERRED
    found = (Reason.ATTENDANT_ASKED, Reason.NOT_SAME_PERSON)
    assert visit.conclusion.reasons == found


@pytest.mark.parametrize(("step", "counts"), [("asked", True), ("enrolled", False)])
def test_calling_the_attendant_in_mid_act_is_a_try(step: str, *, counts: bool) -> None:
    visit = Visit()
    for number in range(1, STANDARD.tries + 1):
        visit.give(AGREED if number == 1 else e.ConsentGiven(AGREED.consent))
        visit.give(e.CardPresented(v.card()), e.Enrolled(number, v.embedding(1)))
        if step == "asked":
            for seen in visit.visitor.still(0.8):
                visit.give(e.Observed(number, seen))
            assert visit.session.state is State.ACTS
        visit.give(e.AttendantAsked(number), e.Committed(number))
        visit.next(number + 1)
    visit.give(e.ConsentGiven(AGREED.consent), e.CardPresented(v.card()))
    if counts:
        assert refused_for(visit) == (Verdict.REFERRED, Reason.TRIES_USED_UP)
    else:
        assert visit.session.state is State.LOOK


# --- more time ------------------------------------------------------------------------
@pytest.mark.parametrize("asked_after_s", [0.0, 0.5])
@pytest.mark.parametrize(
    ("step", "window_s"),
    [
        ("begun", STANDARD.consent_within_s),
        ("agreed", STANDARD.card_within_s),
        ("card", STANDARD.face_within_s),
        ("asked", STANDARD.rules.window_s),
    ],
)
def test_windows_become_twice_as_long_once(
    step: str, window_s: float, asked_after_s: float
) -> None:
    visit = at(step, Visit(acts=(Act.TURN_LEFT,)))
    before = visit.session.deadline
    assert before is not None and visit.session.glance.offers_more_time
    visit.visitor.now += asked_after_s
    for _ in range(3):
        visit.give(e.MoreTimeAsked(1))
    assert visit.session.deadline == pytest.approx(before + window_s)
    assert not visit.session.glance.offers_more_time
    visit.visitor.now = before
    visit.give(e.TimePassed())
    assert ends(visit) == 0
    pass_time(visit)
    assert ends(visit) == 1


def test_more_time_asked_early_holds_for_all_that_comes() -> None:
    visit = Visit(acts=(Act.BLINK, Act.TURN_LEFT))
    visit.give(e.MoreTimeAsked(1))
    at("asked", visit)
    window_s = 2 * STANDARD.rules.window_s
    for act in (Act.BLINK, Act.TURN_LEFT):
        visit.watch(visit.visitor.still(STANDARD.rules.window_s))
        visit.watch(visit.visitor.does(act))
    end = visit.conclusion
    assert end.verdict is Verdict.ACCEPTED
    took_s = [(one.answered_s or 0.0) - one.asked_s for one in end.acts]
    assert all(STANDARD.rules.window_s < one < window_s for one in took_s)


@pytest.mark.parametrize(
    "late", [e.MoreTimeAsked(1), e.AlternativeAsked(1, Alternative.CLOSE_EYES)]
)
def test_a_wish_that_comes_too_late_saves_nothing(late: e.Event) -> None:
    for step in ("begun", "agreed", "card", "asked"):
        visit = at(step, Visit(acts=(Act.BLINK,)))
        deadline = visit.session.deadline
        assert deadline is not None
        visit.visitor.now = deadline
        visit.give(late, e.TimePassed())
        assert visit.conclusion.verdict is not Verdict.ACCEPTED


# --- other acts -----------------------------------------------------------------------
def test_closed_eyes_count_as_a_blink_does() -> None:
    visit = Visit(acts=(Act.BLINK, Act.TURN_LEFT, Act.BLINK))
    visit.give(e.AlternativeAsked(1, CLOSE))
    at("asked", visit)
    for act in (Act.CLOSE_EYES, Act.TURN_LEFT, Act.CLOSE_EYES):
        assert asking(visit) is act
        visit.watch(visit.visitor.does(act))
        visit.watch(visit.visitor.still(0.1))
    assert visit.conclusion.verdict is Verdict.ACCEPTED


def test_a_blink_is_no_closure_where_that_was_asked_for() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.give(e.AlternativeAsked(1, CLOSE))
    at("asked", visit)
    for _ in range(8):
        visit.watch(visit.visitor.does(Act.BLINK))
        visit.watch(visit.visitor.still(1))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


@pytest.mark.parametrize("suffice", [True, False])
def test_who_nodded_is_seen_by_an_attendant(*, suffice: bool) -> None:
    visit = Visit(
        replace(STANDARD, nods_suffice=suffice),
        acts=(Act.TURN_LEFT, Act.BLINK, Act.TURN_RIGHT),
    )
    visit.give(e.AlternativeAsked(1, NOD))
    at("asked", visit)
    for act in (Act.RAISE_CHIN, Act.BLINK, Act.LOWER_CHIN):
        assert asking(visit) is act
        visit.watch(visit.visitor.does(act))
        visit.watch(visit.visitor.still(0.1))
    end = visit.conclusion
    assert all(act.passed for act in end.acts) and len(end.acts) == 3
    if suffice:
        assert end.verdict is Verdict.ACCEPTED
    else:
        assert refused_for(visit) == (Verdict.REFERRED, Reason.ALTERNATIVE_ACT)
        assert end.reasons == (Reason.ALTERNATIVE_ACT,)


def test_a_nod_that_is_not_seen_is_refused_like_any_act() -> None:
    visit = Visit(acts=(Act.TURN_LEFT,))
    visit.give(e.AlternativeAsked(1, NOD))
    at("asked", visit)
    visit.watch(visit.visitor.still(9))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


def test_the_strict_profile_asks_for_turns_whoever_wants_to_nod() -> None:
    strict = replace(PROFILES["strict"], needs_carrier_nonce=False)
    visit = Visit(strict, acts=(Act.TURN_LEFT, Act.BLINK))
    assert not visit.session.glance.offers_nod
    assert visit.session.glance.offers_close_eyes
    visit.give(e.AlternativeAsked(1, NOD), e.AlternativeAsked(1, CLOSE))
    at("asked", visit)
    assert asking(visit) is Act.TURN_LEFT
    visit.watch(visit.visitor.does(Act.TURN_LEFT))
    visit.watch(visit.visitor.still(0.1))
    assert asking(visit) is Act.CLOSE_EYES


def test_the_running_act_is_asked_anew_once_with_a_fresh_window() -> None:
    visit = at("asked", Visit(acts=(Act.BLINK, Act.BLINK)))
    visit.watch(visit.visitor.still(STANDARD.rules.window_s - 1))
    visit.give(e.AlternativeAsked(1, CLOSE))
    assert visit.shown[-1] == ("ask_act", "close_eyes")
    fresh = visit.visitor.now + STANDARD.rules.window_s + LATE_FRAME_S
    assert visit.session.deadline == pytest.approx(fresh)
    visit.watch(visit.visitor.still(2))
    shown = len(visit.shown)
    visit.give(e.AlternativeAsked(1, CLOSE))
    assert visit.session.deadline == pytest.approx(fresh)
    assert len(visit.shown) == shown
    for _ in range(2):
        visit.watch(visit.visitor.does(Act.CLOSE_EYES))
        visit.watch(visit.visitor.still(0.1))
    assert visit.conclusion.verdict is Verdict.ACCEPTED
    assert [one.act for one in visit.conclusion.acts] == [Act.CLOSE_EYES] * 2


def test_another_acts_alternative_leaves_the_running_act_alone() -> None:
    visit = at("asked", Visit(acts=(Act.BLINK, Act.TURN_LEFT)))
    deadline = visit.session.deadline
    visit.visitor.now += 1
    visit.give(e.AlternativeAsked(1, NOD))
    assert visit.session.deadline == deadline
    assert visit.session.glance.asking is Act.BLINK


def test_what_is_offered_never_tells_which_acts_are_to_come() -> None:
    offers = []
    for acts in ((Act.BLINK,) * 2, (Act.BLINK, Act.TURN_LEFT)):
        glance = at("one act", Visit(acts=acts)).session.glance
        offers.append((glance.offers_close_eyes, glance.offers_nod))
    assert offers == [(True, True)] * 2


def test_a_slow_feed_is_named_for_blinks_only() -> None:
    for wish, reasons in (
        ((), (Reason.TOO_SLOW_FOR_BLINK,)),
        ((e.AlternativeAsked(1, CLOSE),), ()),
    ):
        visit = Visit(acts=(Act.BLINK,))
        visit.visitor = v.Visitor(fps=15)
        visit.give(*wish)
        at("asked", visit)
        visit.watch(visit.visitor.does(Act.CLOSE_EYES if wish else Act.BLINK))
        assert visit.conclusion.reasons == reasons


# --- a card before the consent --------------------------------------------------------
def test_a_card_laid_before_the_consent_waits_for_it() -> None:
    visit = Visit()
    visit.give(e.CardPresented(v.card()))
    assert state_of(visit) is State.CONSENT and visit.session.glance.card_held
    assert visit.effects == [e.Show("consent")]
    visit.give(AGREED)
    assert state_of(visit) is State.LOOK and not visit.session.glance.card_held
    assert ("lay_card", "") not in visit.shown


@pytest.mark.parametrize(
    "how",
    [
        lambda visit: visit.give(e.ConsentRefused(1)),
        lambda visit: visit.give(e.AttendantAsked(1)),
        lambda visit: visit.give(e.Cancelled(1)),
        pass_time,
    ],
)
def test_without_consent_a_held_card_is_in_no_result(
    how: Callable[[Visit], None],
) -> None:
    visit = Visit()
    visit.give(e.CardPresented(v.card()))
    how(visit)
    assert visit.conclusion.card is None and visit.conclusion.consent is None
    assert not visit.session.glance.card_held
    assert not any(isinstance(one, e.StartLooking) for one in visit.effects)


def test_a_held_card_that_is_taken_must_be_laid_again() -> None:
    visit = Visit()
    visit.give(e.CardPresented(v.card()), e.CardTaken(), AGREED)
    assert visit.session.state is State.CARD
    assert visit.effects[-1] == e.SeekCard()


def test_what_was_wrong_with_a_held_card_ends_the_visit_once_agreed() -> None:
    visit = Visit()
    visit.give(e.CardFailed(Reason.CARD_TAMPERED))
    assert ends(visit) == 0
    visit.give(AGREED)
    assert refused_for(visit) == (Verdict.REFUSED, Reason.CARD_TAMPERED)
    for after in (e.CardTaken(), e.CardPresented(v.card())):
        visit = Visit()
        visit.give(e.CardFailed(Reason.CARD_TAMPERED), after, AGREED)
        assert ends(visit) == 0
    moved = Visit()  # it is read again by itself
    moved.give(e.CardFailed(Reason.CARD_NOT_READ), AGREED)
    assert moved.session.state is State.CARD


def test_who_it_is_stands_in_no_repr_of_a_held_card() -> None:
    visit = Visit()
    visit.give(e.CardPresented(v.card()))
    assert "no-1" not in repr(visit.session.glance)


# --- after the verdict ----------------------------------------------------------------
def at_the_end() -> Visit:
    visit = Visit()
    visit.give(e.ConsentRefused(1), e.Committed(1))
    return visit


def test_who_lingers_is_left_time_even_with_the_card_taken() -> None:
    visit = at_the_end()
    begun = visit.visitor.now
    visit.give(e.Lingered(1, 30.0))
    visit.visitor.now += 10
    visit.give(e.CardTaken())
    assert visit.session.deadline == begun + 30
    visit.give(e.Lingered(1, 5.0))  # less than what was promised
    assert visit.session.deadline == begun + 30
    pass_time(visit)
    assert visit.session.state is State.IDLE


def test_what_is_somebodys_own_never_stands_on_the_screen_for_ever() -> None:
    visit = at_the_end()
    begun = visit.visitor.now
    for _ in range(100):
        visit.give(e.Lingered(1, 1e9), e.Lingered(1, float("nan")))
        visit.visitor.now += 1
    assert visit.session.deadline == begun + STANDARD.linger_at_most_s


def test_who_leaves_makes_room_at_once() -> None:
    visit = at_the_end()
    visit.give(e.Lingered(1, 30.0), e.Left(1))
    assert visit.effects[-2:] == [e.Show("idle"), e.VisitOver(1)]
    assert visit.session.glance == Glance(State.IDLE)


@pytest.mark.parametrize("tap", [e.Left(0), e.Lingered(0, 30.0)])
def test_the_next_visits_end_is_not_the_former_visitors(tap: e.Event) -> None:
    visit = at_the_end()
    before = visit.session.glance
    visit.give(tap)
    assert visit.session.glance == before


def test_before_the_verdict_nobody_leaves_or_lingers() -> None:
    for step in STEPS:
        visit = at(step, Visit())
        state, deadline = visit.session.state, visit.session.deadline
        visit.give(e.Left(1), e.Lingered(1, 99.0))
        assert (visit.session.state, visit.session.deadline) == (state, deadline)


# --- whatever is tapped, in whatever order --------------------------------------------
TAPS: list[Callable[[int], e.Event]] = [
    lambda number: e.ConsentGiven(AGREED.consent, number),
    e.ConsentRefused,
    e.Cancelled,
    e.AttendantAsked,
    e.MoreTimeAsked,
    lambda number: e.AlternativeAsked(number, CLOSE),
    lambda number: e.AlternativeAsked(number, NOD),
    lambda number: e.Lingered(number, 20.0),
    e.Left,
]


@pytest.mark.parametrize("tap", TAPS)
@pytest.mark.parametrize("step", STEPS)
def test_a_tap_of_a_former_visit_does_nothing(
    step: str, tap: Callable[[int], e.Event]
) -> None:
    visit = at(step, Visit())
    before = visit.session.glance
    visit.effects.clear()
    visit.give(tap(0), tap(2))
    assert visit.effects == [] and visit.session.glance == before


DONE = st.sampled_from(
    [
        *TAPS,
        lambda _: e.CardPresented(v.card()),
        lambda _: e.CardFailed(Reason.CARD_REJECTED),
        lambda _: e.CardTaken(),
        lambda number: e.Enrolled(number, v.embedding(1)),
        lambda number: e.NonceGranted(number, b"c" * 32),
        e.Committed,
        "wait",
        "still",
        *Act,
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.lists(DONE, max_size=30), st.booleans())
def test_whatever_is_tapped_a_visit_ends_exactly_once(
    steps: list[Callable[[int], e.Event] | str], agreed: bool
) -> None:
    visit = at("enrolled" if agreed else "begun", Visit())
    for step in steps:
        match step:
            case "wait":
                visit.visitor.now += 7
                visit.give(e.TimePassed())
            case "still":
                visit.watch(visit.visitor.still(0.7))
            case str():
                visit.watch(visit.visitor.does(Act(step)))
            case _:
                visit.give(step(1))
    for _ in range(8):  # nothing happens any more but time
        visit.give(e.Committed(1))
        if visit.session.deadline is not None:
            pass_time(visit)
    assert ends(visit) == 1 and visit.session.state is State.IDLE
    assert [f for f in visit.effects if isinstance(f, e.VisitOver)] == [e.VisitOver(1)]
    end = visit.conclusion
    if end.verdict is Verdict.ACCEPTED:
        assert end.consent and end.card and all(act.passed for act in end.acts)
        assert not any(act.act in NOD_ACTS for act in end.acts)
    if end.consent is None:
        assert end.card is None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 9),
            st.sampled_from(
                [
                    e.MoreTimeAsked(1),
                    e.AlternativeAsked(1, CLOSE),
                    e.AlternativeAsked(1, NOD),
                ]
            ),
        ),
        max_size=8,
    ),
    st.sampled_from([Act.BLINK, Act.TURN_LEFT]),
)
def test_no_wish_holds_a_window_open_for_more_than_twice_its_length(
    wishes: list[tuple[float, e.Event]], act: Act
) -> None:
    for step, window_s, times in (
        ("begun", STANDARD.consent_within_s, 2),
        ("agreed", STANDARD.card_within_s, 2),
        ("card", STANDARD.face_within_s, 2),
        # An act may be asked anew, once, in its other form.
        ("asked", STANDARD.rules.window_s, 4),
    ):
        visit = at(step, Visit(acts=(act,)))
        begun, state = visit.visitor.now, visit.session.state
        for wait_s, wish in wishes:
            visit.visitor.now += wait_s
            visit.give(e.TimePassed(), wish)
            deadline = visit.session.deadline
            if visit.session.state is not state or deadline is None:
                break
            assert deadline <= begun + times * window_s + 2 * LATE_FRAME_S
            assert deadline <= visit.visitor.now + 2 * window_s + LATE_FRAME_S


@settings(max_examples=25, deadline=None)
@given(
    st.binary(min_size=32, max_size=32),
    st.lists(st.sampled_from([None, None, CLOSE, NOD]), max_size=12),
)
def test_whatever_is_wished_when_the_carrier_draws_the_same_order(
    nonce: bytes, wishes: list[Alternative | None]
) -> None:
    visit = Visit(acts=None)
    visit.consent_and_card()
    visit.give(e.NonceGranted(1, nonce))
    visit.until_asked()
    while visit.session.state is State.ACTS:
        if wishes and (instead := wishes.pop()) is not None:
            visit.give(e.AlternativeAsked(1, instead))
        if (act := asking(visit)) is not None:
            visit.watch(visit.visitor.does(act))
        visit.watch(visit.visitor.still(0.3))
    end = visit.conclusion
    assert end.verdict is not Verdict.REFUSED and len(end.acts) == STANDARD.acts
    drawn = draw(
        carrier_nonce=nonce,
        device_nonce=visit.begin.device_nonce,
        transaction="t-1",
        count=STANDARD.acts,
    )
    assert fits([one.act for one in end.acts], drawn.acts)
