"""Whole visits with the colours between the last act and the verdict."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import visits as v
from light_frames import PLANE, face_frames, sequence
from likeness.core import light
from likeness.core import visit_events as e
from likeness.core.light_answer import Lit
from likeness.core.profile import PROFILES, Profile
from likeness.core.seen import Attention, Observation
from likeness.core.session import Session, State
from likeness.core.vocabulary import (
    Act,
    Alternative,
    Conclusion,
    Consent,
    LightOutcome,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)

ACTS = (Act.BLINK, Act.TURN_LEFT)
SHINING = replace(PROFILES["standard"], needs_carrier_nonce=False, light=True)
NONCE, DEVICE_NONCE = b"n" * 32, b"d" * 32
OURS = light.draw(carrier_nonce=NONCE, device_nonce=DEVICE_NONCE, transaction="t-1")
ANOTHER = sequence(2)
DELAY_S = 0.12


class Visit:
    """A visitor who has answered the acts and reads the warning."""

    def __init__(self, profile: Profile = SHINING, *, nonce: bytes = NONCE) -> None:
        self.session = Session(profile, tries_key=b"test")
        self.visitor = v.Visitor()
        self.effects: list[e.Effect] = []
        self.give(
            e.Begin(
                visit=1,
                purpose=Purpose.NEW_NUMBER,
                transaction="t-1",
                device_nonce=DEVICE_NONCE,
                spare_nonce=b"s" * 32,
                today=v.TODAY,
                acts=ACTS,
            ),
            e.ConsentGiven(Consent("2026-11", "card_laid")),
            e.CardPresented(v.card()),
            e.Enrolled(1, v.embedding(1)),
        )
        if nonce:
            self.give(e.NonceGranted(1, nonce, NonceSource.CARRIER))
        self.watch(self.visitor.still(0.8))
        for act in ACTS:
            self.watch(self.visitor.does(act))

    def give(self, *events: e.Event) -> None:
        for event in events:
            self.effects += self.session.handle(event, self.visitor.now)

    def watch(self, frames: Iterable[Observation]) -> None:
        for seen in frames:
            self.give(e.Observed(1, seen))

    def begin(self) -> None:
        """Tap "go on"; the page shines at once and says so."""
        self.give(e.LightAccepted(1), e.LightBegun(1, self.visitor.now))

    def shine_on(self, lit: list[Lit]) -> None:
        """See the colours of these frames on the visitor's face, from now on."""
        for one in lit:
            seen = self.visitor.frame(replace(v.STILL, light=one.light))
            self.give(e.Observed(1, seen))

    @property
    def conclusion(self) -> Conclusion:
        (only,) = [f.conclusion for f in self.effects if isinstance(f, e.Conclude)]
        return only

    @property
    def shown(self) -> list[str]:
        return [f.state for f in self.effects if isinstance(f, e.Show)]


def answers(
    shown: light.LightSequence, *, plane: bool = False, strength: float = 0.2
) -> list[Lit]:
    """Give what a face, or a print, shows of a sequence, at the visitor's pace."""
    return face_frames(
        shown,
        shape=PLANE if plane else None,
        strength=strength,
        delay_s=DELAY_S,
        fps=v.FPS,
        length_s=5.0,
    )


def test_after_the_last_act_the_warning_comes_and_the_visit_waits() -> None:
    visit = Visit()
    assert visit.session.state is State.LIGHT
    assert visit.shown[-1] == "light_warning"
    glance = visit.session.glance
    assert glance.offers_light
    assert glance.light is None  # nothing is given to the page before the tap
    assert glance.offers_more_time
    assert not glance.offers_close_eyes
    assert not visit.session.attention.light


def test_a_face_that_answers_is_accepted_and_the_result_says_what_was_shown() -> None:
    visit = Visit()
    visit.begin()
    assert visit.session.glance.light == OURS
    assert not visit.session.glance.offers_light
    assert not visit.session.glance.offers_more_time
    visit.shine_on(answers(OURS))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())
    assert (end.light, end.light_shown) == (LightOutcome.ANSWERED, OURS.words)
    assert visit.shown[-2:] == ["light_warning", "light"]
    assert visit.session.glance.light is None


def test_an_answer_makes_nothing_good_that_the_acts_left_open() -> None:
    visit = Visit(replace(SHINING, accept_score=1.1, refer_score=0.5))
    visit.begin()
    visit.shine_on(answers(OURS))
    end = visit.conclusion
    assert end.light is LightOutcome.ANSWERED
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.MATCH_IN_DOUBT,))


@pytest.mark.parametrize(
    ("lit", "outcome"),
    [
        (answers(OURS, plane=True), LightOutcome.FLAT),
        (answers(ANOTHER, strength=0.3), LightOutcome.ANOTHER),
    ],
)
def test_what_is_no_faces_answer_is_a_doubt_and_no_refusal(
    lit: list[Lit], outcome: LightOutcome
) -> None:
    visit = Visit()
    visit.begin()
    visit.shine_on(lit)
    end = visit.conclusion
    assert end.light is outcome
    assert end.verdict is Verdict.REFERRED
    assert end.reasons == (Reason.LIGHT_NOT_ANSWERED,)


def test_where_the_shop_is_too_bright_nothing_is_held_against_anybody() -> None:
    visit = Visit()
    visit.begin()
    visit.shine_on(answers(OURS, strength=0.001))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())
    assert (end.light, end.light_shown) == (LightOutcome.NOT_VISIBLE, OURS.words)


def skip(visit: Visit) -> None:
    visit.give(e.LightSkipped(1))


def do_nothing(visit: Visit) -> None:
    visit.visitor.now += SHINING.light_within_s + 0.01
    visit.give(e.TimePassed())


def accept_without_a_page(visit: Visit) -> None:
    visit.give(e.LightAccepted(1))
    assert visit.session.deadline is not None
    visit.visitor.now = visit.session.deadline
    visit.give(e.TimePassed())


def skip_in_the_middle(visit: Visit) -> None:
    visit.begin()
    visit.shine_on(answers(ANOTHER, strength=0.3)[:100])
    visit.give(e.LightSkipped(1))


def take_the_card(visit: Visit) -> None:
    visit.give(e.CardTaken())


def lose_the_camera(visit: Visit) -> None:
    visit.give(e.PictureEnded(Reason.CAMERA_LOST))


def another_looks_in_while_the_warning_stands(visit: Visit) -> None:
    for _ in range(20):
        visit.give(e.Observed(1, visit.visitor.frame(faces=2)))


SKIPS = [
    skip,
    do_nothing,
    accept_without_a_page,
    skip_in_the_middle,
    take_the_card,
    lose_the_camera,
    another_looks_in_while_the_warning_stands,
]


@pytest.mark.parametrize("how", SKIPS)
def test_whoever_wants_no_colours_is_accepted_as_without_them(
    how: Callable[[Visit], None],
) -> None:
    visit = Visit()
    how(visit)
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())
    assert end.light is LightOutcome.SKIPPED


def test_whoever_hides_from_the_colours_has_done_nothing_wrong() -> None:
    visit = Visit()
    visit.begin()
    for _ in range(20):
        visit.give(e.Observed(1, visit.visitor.frame(None)))
    end = visit.conclusion
    assert (end.verdict, end.light) == (Verdict.ACCEPTED, LightOutcome.NOT_VISIBLE)


def test_another_face_under_the_colours_ends_the_visit_as_in_the_acts() -> None:
    visit = Visit()
    visit.begin()
    visit.visitor.person = 2
    visit.shine_on(answers(OURS))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFUSED, (Reason.FACE_CHANGED,))


def test_the_other_ways_out_stay_open_under_the_colours() -> None:
    for event, reason in (
        (e.Cancelled(1), Reason.CANCELLED),
        (e.ConsentRefused(1), Reason.CONSENT_REFUSED),
        (e.AttendantAsked(1), Reason.ATTENDANT_ASKED),
    ):
        visit = Visit()
        visit.begin()
        visit.give(event)
        assert visit.conclusion.reasons == (reason,)


def test_what_the_acts_have_shown_is_judged_as_it_was() -> None:
    """Neither texture nor pace nor views under the colours count."""
    visit, dull = Visit(), replace(v.STILL, passive=0.01)
    visit.begin()
    visit.visitor._step_s = 1 / 12  # a page that takes the processor
    for one in answers(OURS, strength=0.001)[::3]:
        seen = visit.visitor.frame(replace(dull, light=one.light))
        visit.give(e.Observed(1, seen))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())


def test_vision_is_asked_for_colours_and_who_it_is_and_for_nothing_else() -> None:
    visit = Visit()
    visit.give(e.LightAccepted(1))
    asked = visit.session.attention
    assert asked == Attention(eyes=False, embed=asked.embed, light=True)
    views = []
    for one in answers(OURS)[:60]:
        views.append(visit.session.attention.embed)
        seen = visit.visitor.frame(replace(v.STILL, light=one.light))
        kept = seen.face and replace(
            seen.face, embedding=seen.face.embedding if views[-1] else None
        )
        visit.give(e.Observed(1, replace(seen, face=kept)))
    assert 1 <= sum(view is not None for view in views) <= 3


def test_words_of_another_visit_or_time_change_nothing() -> None:
    visit = Visit()
    visit.give(e.LightAccepted(2), e.LightSkipped(2), e.LightBegun(2, 0.0))
    assert visit.session.glance.offers_light
    visit.give(e.AlternativeAsked(1, Alternative.NOD))
    assert visit.shown[-1] == "light_warning"
    skip(visit)
    before = len(visit.effects)
    visit.begin()
    skip(visit)
    assert len(visit.effects) == before


@pytest.mark.parametrize(
    "visit",
    [
        Visit(replace(SHINING, light=False)),
        Visit(nonce=b""),  # nothing to draw the colours from
    ],
)
def test_where_it_is_not_asked_for_nothing_is_said_about_it(visit: Visit) -> None:
    end = visit.conclusion
    assert end.verdict is Verdict.ACCEPTED
    assert (end.light, end.light_shown) == (None, ())
    assert "light_warning" not in visit.shown


def test_a_doubt_of_the_colours_is_a_try() -> None:
    visit = Visit(replace(SHINING, tries=1))
    visit.begin()
    visit.shine_on(answers(OURS, plane=True))
    assert visit.conclusion.reasons == (Reason.LIGHT_NOT_ANSWERED,)
    visit.give(e.Committed(1), e.Left(1))
    visit.effects.clear()
    visit.give(
        e.Begin(
            visit=2,
            purpose=Purpose.NEW_NUMBER,
            transaction="t-2",
            device_nonce=DEVICE_NONCE,
            spare_nonce=b"s" * 32,
            today=v.TODAY,
            acts=ACTS,
        ),
        e.ConsentGiven(Consent("2026-11", "card_laid")),
        e.CardPresented(v.card()),
    )
    assert visit.conclusion.reasons == (Reason.TRIES_USED_UP,)


HARMLESS = st.sampled_from(
    ["accept", "skip", "begin", "begin late", "stay", "go", "card", "time", "more"]
)


@settings(max_examples=50, deadline=None)
@given(st.lists(HARMLESS, max_size=12))
def test_nothing_that_a_visitor_does_about_the_colours_harms(story: list[str]) -> None:
    visit = Visit()
    for step in story:
        now = visit.visitor.now
        match step:
            case "accept":
                visit.give(e.LightAccepted(1))
            case "skip":
                visit.give(e.LightSkipped(1))
            case "begin":
                visit.give(e.LightBegun(1, now))
            case "begin late":
                visit.give(e.LightBegun(1, now - 3))
            case "stay":
                visit.watch(visit.visitor.still(1.0))
            case "go":
                visit.watch(visit.visitor.frame(None) for _ in range(20))
            case "card":
                visit.give(e.CardTaken())
            case "more":
                visit.give(e.MoreTimeAsked(1))
            case _:
                visit.visitor.now += 3
                visit.give(e.TimePassed())
    for _ in range(3):  # the warning, the page's word, the colours
        if visit.session.state is State.LIGHT:
            assert visit.session.deadline is not None
            visit.visitor.now = max(visit.visitor.now, visit.session.deadline)
            visit.give(e.TimePassed())
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())
    assert end.light in (LightOutcome.SKIPPED, LightOutcome.NOT_VISIBLE)


def test_no_light_policy_ships_switched_on() -> None:
    assert not any(profile.light for profile in PROFILES.values())
