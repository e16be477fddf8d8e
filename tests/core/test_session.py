"""Whole visits, played to the rules: what came in, what went out."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import visits as v
from likeness.core import visit_events as e
from likeness.core.seen import Attention, Face, Observation, Parallax
from likeness.core.session import State
from likeness.core.visit import ANY_POSE
from likeness.core.vocabulary import (
    Act,
    Card,
    CardDoubt,
    Consent,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from played import ACTS, STANDARD, Visit, break_it, refused_for


def test_a_genuine_visit_is_accepted() -> None:
    visit = Visit()
    visit.consent_and_card()
    visit.until_asked()
    for act in ACTS:
        visit.watch(visit.visitor.does(act))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.ACCEPTED, ())
    assert [a.act for a in end.acts] == list(ACTS) and all(a.passed for a in end.acts)
    assert end.match and end.match.score == pytest.approx(1.0)
    assert visit.shown == [
        ("consent", ""),
        ("look_here", ""),
        ("ask_act", "blink"),
        ("act_seen", "blink"),
        ("ask_act", "turn_left"),
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [("card_laid", ["consent"]), ("screen", ["consent", "lay_card"])],
)
def test_who_has_laid_a_card_is_not_asked_for_it(given: str, shown: list[str]) -> None:
    visit = Visit()
    visit.give(e.ConsentGiven(Consent("2026-11", given)))
    assert [state for state, _ in visit.shown] == shown
    assert visit.effects[-1] == e.SeekCard()


def test_after_the_commit_the_terminal_goes_back_to_idle() -> None:
    visit = Visit()
    visit.give(e.ConsentRefused())
    assert visit.conclusion.reasons == (Reason.CONSENT_REFUSED,)
    visit.give(e.Committed(1))
    visit.visitor.now += 6
    visit.give(e.TimePassed())
    assert visit.session.state is State.IDLE
    assert visit.effects[-1] == e.VisitOver(1)


def test_taking_the_card_after_the_verdict_frees_the_terminal_soon() -> None:
    visit = Visit()
    visit.give(e.ConsentRefused(), e.Committed(1))
    visit.visitor.now += 1
    visit.give(e.CardTaken())
    deadline = visit.session.deadline
    assert deadline == visit.visitor.now + STANDARD.last_look_s
    visit.visitor.now = deadline
    visit.give(e.TimePassed())
    assert visit.session.state is State.IDLE


def test_another_persons_card_is_refused() -> None:
    visit = Visit()
    visit.consent_and_card(enrol=False)
    visit.give(e.Enrolled(1, v.embedding(2)))
    visit.until_asked()
    for act in ACTS:
        visit.watch(visit.visitor.does(act))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.NOT_SAME_PERSON)


@pytest.mark.parametrize(
    ("scores", "verdict", "reasons"),
    [
        ((0.9,), Verdict.ACCEPTED, ()),
        ((0.9, 0.9, 0.9, 0.01), Verdict.ACCEPTED, ()),
        ((0.3,), Verdict.REFERRED, (Reason.LIVENESS_IN_DOUBT,)),
        ((0.01,), Verdict.REFUSED, (Reason.ATTACK_SUSPECTED,)),
    ],
)
def test_the_texture_of_the_face_votes(
    scores: tuple[float, ...], verdict: Verdict, reasons: tuple[Reason, ...]
) -> None:
    visit = Visit()
    visit.consent_and_card()
    asked = 0
    acting = (frame for act in ACTS for frame in visit.visitor.does(act))
    for frame in chain(visit.visitor.still(0.8), acting):
        if visit.session.attention.passive and frame.face:
            judged = replace(frame.face, passive=scores[asked % len(scores)])
            visit.watch([replace(frame, face=judged)])
            asked += 1
        elif frame.face:
            visit.watch([replace(frame, face=replace(frame.face, passive=None))])
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (verdict, reasons)
    assert end.passive == pytest.approx(scores[0])
    assert end.passive_threshold == STANDARD.texture.live_from
    assert asked <= 1 + end.ended_s / STANDARD.texture_every_s


@pytest.mark.parametrize(
    ("depth", "verdict", "reasons"),
    [
        (0.6, Verdict.ACCEPTED, ()),
        (0.15, Verdict.REFERRED, (Reason.LIVENESS_IN_DOUBT,)),
        (0.0, Verdict.REFUSED, (Reason.FLAT_FACE,)),
    ],
)
def test_a_turn_shows_whether_the_head_is_solid(
    depth: float, verdict: Verdict, reasons: tuple[Reason, ...]
) -> None:
    visit = Visit()
    visit.consent_and_card()
    assert visit.session.attention.parallax
    acting = (frame for act in ACTS for frame in visit.visitor.does(act))
    for frame in chain(visit.visitor.still(0.8), acting):
        face = frame.face
        assert face
        turned = Parallax(face.yaw_deg, depth, noise=0.05)
        visit.watch([replace(frame, face=replace(face, parallax=turned))])
    assert (visit.conclusion.verdict, visit.conclusion.reasons) == (verdict, reasons)


@pytest.mark.parametrize(
    "silence",
    [lambda face: replace(face, passive=None), lambda f: replace(f, parallax=None)],
)
def test_a_vote_that_was_due_and_did_not_come_is_a_doubt(
    silence: Callable[[Face], Face],
) -> None:
    for profile, verdict in (
        (STANDARD, Verdict.REFERRED),
        (replace(STANDARD, silence_is_doubt=False), Verdict.ACCEPTED),
    ):
        visit = Visit(profile)
        visit.consent_and_card()
        acting = (frame for act in ACTS for frame in visit.visitor.does(act))
        for frame in chain(visit.visitor.still(0.8), acting):
            assert frame.face
            visit.watch([replace(frame, face=silence(frame.face))])
        assert visit.conclusion.verdict is verdict
        doubts = (Reason.LIVENESS_IN_DOUBT,) * (verdict is Verdict.REFERRED)
        assert visit.conclusion.reasons == doubts


def test_depth_says_nothing_where_no_turn_was_asked() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.watch(visit.visitor.still(0.6))
    flat = replace(v.STILL, yaw_deg=14.0, parallax=Parallax(14.0, 0.0, noise=0.02))
    visit.watch(visit.visitor.frame(flat) for _ in range(10))
    visit.watch(visit.visitor.does(Act.BLINK))
    assert visit.conclusion.verdict is Verdict.ACCEPTED


def test_who_failed_three_times_goes_to_an_attendant() -> None:
    visit = Visit()
    for number in range(1, STANDARD.tries + 1):
        visit.fail(number)
        assert refused_for(visit) == (Verdict.REFUSED, Reason.FACE_LOST)
        visit.next(number + 1)
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    visit.give(e.CardPresented(v.card(2)))
    assert visit.session.state is State.LOOK  # another card has its own tries
    visit.give(e.Cancelled(), e.Committed(4))
    visit.next(5)
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    visit.give(e.CardPresented(v.card()))
    assert refused_for(visit) == (Verdict.REFERRED, Reason.TRIES_USED_UP)


def test_an_act_before_its_prompt_does_not_count() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.watch(visit.visitor.still(0.3))
    visit.watch(visit.visitor.does(Act.BLINK))
    visit.watch(visit.visitor.still(9.5))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


def test_eyes_shut_at_the_prompt_must_open_first() -> None:
    visit = Visit(acts=(Act.TURN_LEFT, Act.BLINK))
    visit.consent_and_card()
    visit.until_asked()
    shut = replace(v.STILL, eye_left=v.SHUT, eye_right=v.SHUT)
    turn = [
        replace(f, eye_left=v.SHUT, eye_right=v.SHUT) for f in v.MOVES[Act.TURN_LEFT]
    ]
    visit.watch(visit.visitor.frame(f) for f in [*turn[:7], shut, v.STILL, v.STILL])
    assert ("ask_act", "blink") in visit.shown
    visit.watch(visit.visitor.still(9))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


def test_a_wink_is_no_blink_and_closed_eyes_are_none() -> None:
    for left, right, frames in ((v.SHUT, v.OPEN, 6), (v.SHUT, v.SHUT, 60)):
        visit = Visit(acts=(Act.BLINK,))
        visit.consent_and_card()
        visit.until_asked()
        face = replace(v.STILL, eye_left=left, eye_right=right)
        visit.watch(visit.visitor.frame(face) for _ in range(frames))
        visit.watch(visit.visitor.still(9))
        assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


def test_the_other_side_is_no_answer() -> None:
    visit = Visit(acts=(Act.TURN_RIGHT,))
    visit.consent_and_card()
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.TURN_LEFT))
    visit.watch(visit.visitor.still(9))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


@pytest.mark.parametrize(
    ("how", "verdict", "reason"),
    [
        ("lost", Verdict.REFUSED, Reason.FACE_LOST),
        ("second", Verdict.REFUSED, Reason.SECOND_FACE),
        ("jumped", Verdict.REFUSED, Reason.PICTURE_JUMPED),
        ("changed", Verdict.REFUSED, Reason.FACE_CHANGED),
        ("taken", Verdict.REFUSED, Reason.CARD_REMOVED),
        ("ended", Verdict.REFUSED, Reason.FEED_ENDED),
        ("cancelled", Verdict.REFUSED, Reason.CANCELLED),
        ("camera", Verdict.REFERRED, Reason.CAMERA_LOST),
    ],
)
def test_a_break_in_mid_visit_ends_it(
    how: str, verdict: Verdict, reason: Reason
) -> None:
    visit = Visit()
    visit.consent_and_card()
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.BLINK))
    break_it(visit, how)
    assert refused_for(visit) == (verdict, reason)


@pytest.mark.parametrize("how", ["lost", "jumped", "changed", "second"])
def test_a_break_before_the_first_prompt_only_starts_anew(how: str) -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.watch(visit.visitor.still(0.2))
    break_it(visit, how)
    visit.visitor.person = 1
    visit.watch(visit.visitor.still(1.5))
    visit.watch(visit.visitor.does(Act.BLINK))
    assert visit.conclusion.verdict is Verdict.ACCEPTED


def test_without_a_portrait_an_attendant_compares_but_the_acts_are_asked() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card(enrol=False)
    visit.give(e.Enrolled(1, None, reason=Reason.NO_PORTRAIT))
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.BLINK))
    end = visit.conclusion
    assert (end.verdict, end.reasons) == (Verdict.REFERRED, (Reason.NO_PORTRAIT,))
    assert end.acts[0].passed


@pytest.mark.parametrize(
    ("card", "reason"),
    [
        (replace(v.card(), valid_to=date(2026, 11, 21)), Reason.CARD_EXPIRED),
        (replace(v.card(), valid_from=date(2026, 11, 23)), Reason.CARD_NOT_YET_VALID),
    ],
)
def test_a_card_out_of_its_time(card: Card, reason: Reason) -> None:
    visit = Visit()
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    visit.give(e.CardPresented(card))
    assert refused_for(visit) == (Verdict.REFUSED, reason)


def test_a_card_that_contradicts_itself_is_referred() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    visit.give(e.CardPresented(replace(v.card(), doubts=(CardDoubt.BIRTH,))))
    visit.give(e.Enrolled(1, v.embedding(1)))
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.BLINK))
    assert refused_for(visit) == (Verdict.REFERRED, Reason.CARD_INCONSISTENT)


@pytest.mark.parametrize(
    "reason", [Reason.CARD_TAMPERED, Reason.CARD_CLONED, Reason.SIGNER_REVOKED]
)
def test_a_card_that_is_proved_false_needs_no_face(reason: Reason) -> None:
    visit = Visit()
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    concerns = (Reason.ISSUER_NOT_VERIFIED, reason)
    visit.give(e.CardPresented(replace(v.card(), concerns=concerns)))
    assert refused_for(visit) == (Verdict.REFUSED, reason)


@pytest.mark.parametrize(
    "reason",
    [Reason.ISSUER_NOT_VERIFIED, Reason.SIGNER_EXPIRED, Reason.CLONE_IN_DOUBT],
)
def test_a_card_that_is_not_proved_is_referred(reason: Reason) -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.give(e.ConsentGiven(Consent("2026-11", "card_laid")))
    visit.give(e.CardPresented(replace(v.card(), concerns=(reason,))))
    visit.give(e.Enrolled(1, v.embedding(1)))
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.BLINK))
    assert refused_for(visit) == (Verdict.REFERRED, reason)


def test_a_slow_feed_cannot_judge_a_blink() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.visitor = v.Visitor(fps=15)
    visit.consent_and_card()
    visit.until_asked()
    visit.watch(visit.visitor.does(Act.BLINK))
    assert refused_for(visit) == (Verdict.REFERRED, Reason.TOO_SLOW_FOR_BLINK)


def test_glare_that_hides_the_eyes_is_named() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.until_asked()
    glasses = replace(v.STILL, glare_left=0.6, glare_right=0.5)
    visit.watch(visit.visitor.frame(glasses) for _ in range(300))
    assert refused_for(visit) == (Verdict.REFERRED, Reason.EYES_HIDDEN)


@pytest.mark.parametrize(
    ("face", "reason"),
    [
        (None, Reason.NO_FACE),
        (replace(v.STILL, width_px=20.0), Reason.TOO_FAR),
        (replace(v.STILL, brightness=0.02), Reason.TOO_DARK),
    ],
)
def test_no_usable_face_says_why(face: Face | None, reason: Reason) -> None:
    visit = Visit()
    visit.consent_and_card()
    visit.watch(visit.visitor.frame(face) for _ in range(30 * 21))
    assert reason in visit.conclusion.reasons
    assert visit.conclusion.verdict is not Verdict.ACCEPTED


def test_a_recording_that_ends_too_soon_says_what_was_wrong_with_its_face() -> None:
    for face, reasons in (
        (replace(v.STILL, width_px=20.0), (Reason.TOO_FAR, Reason.FEED_ENDED)),
        (None, (Reason.NO_FACE, Reason.FEED_ENDED)),
        (v.STILL, (Reason.FEED_ENDED,)),
    ):
        visit = Visit()
        visit.consent_and_card()
        visit.watch([visit.visitor.frame(face) for _ in range(9)])
        visit.give(e.PictureEnded(Reason.FEED_ENDED))
        assert visit.conclusion.reasons[: len(reasons)] == reasons
        assert visit.conclusion.verdict is Verdict.REFUSED


def test_silence_ends_each_state() -> None:
    for steps, wait_s, reason in (
        (0, 61, Reason.CONSENT_REFUSED),
        (1, 61, Reason.CARD_NOT_PRESENTED),
        (2, 21, Reason.NO_FACE),
    ):
        visit = Visit()
        if steps:
            visit.give(e.ConsentGiven(Consent("2026-11", "screen")))
        if steps == 2:
            visit.give(e.CardPresented(v.card()), e.Enrolled(1, v.embedding(1)))
        assert visit.session.deadline is not None
        visit.visitor.now += wait_s
        visit.give(e.TimePassed())
        assert refused_for(visit) == (Verdict.REFUSED, reason)


def test_the_carriers_nonce_orders_the_acts_and_without_it_the_visit_is_referred() -> (
    None
):
    for granted, source in ((True, NonceSource.CARRIER), (False, NonceSource.DEVICE)):
        visit = Visit(replace(STANDARD, needs_carrier_nonce=True), acts=None)
        visit.consent_and_card()
        ask = next(f for f in visit.effects if isinstance(f, e.AskNonce))
        assert len(ask.commitment) == 32
        if granted:
            visit.give(e.NonceGranted(1, b"c" * 32))
        visit.watch(visit.visitor.still(4.5))
        while visit.session.state is State.ACTS:
            asked = [f.detail for f in visit.effects if isinstance(f, e.Show)][-1]
            if asked in set(Act) and visit.shown[-1][0] == "ask_act":
                visit.watch(visit.visitor.does(Act(asked)))
            visit.watch(visit.visitor.still(0.1))
        end = visit.conclusion
        assert (len(end.acts), end.nonce_source) == (4, source)
        if granted:
            assert end.verdict is Verdict.ACCEPTED
        else:
            assert end.reasons == (Reason.NONCE_FROM_DEVICE,)
            assert end.verdict is Verdict.REFERRED


@pytest.mark.parametrize("granted", [True, False])
def test_a_visit_that_ends_before_the_acts_says_nothing_of_their_order(
    granted: bool,
) -> None:
    visit = Visit(replace(STANDARD, needs_carrier_nonce=True), acts=None)
    visit.consent_and_card()
    if granted:
        visit.give(e.NonceGranted(1, b"c" * 32))
    visit.give(e.PictureEnded(Reason.FEED_UNREADABLE))
    assert visit.conclusion.reasons == (Reason.FEED_UNREADABLE,)


def test_answers_of_a_former_visit_are_ignored() -> None:
    visit = Visit()
    visit.consent_and_card(enrol=False)
    visit.give(e.Enrolled(7, v.embedding(1)), e.Enrolled(1, v.embedding(2)))
    visit.until_asked()
    for act in ACTS:
        visit.watch(visit.visitor.does(act))
    assert visit.conclusion.verdict is Verdict.REFUSED


def test_what_the_rules_want_to_know_of_the_next_frame() -> None:
    visit = Visit(acts=(Act.TURN_LEFT, Act.BLINK))
    assert visit.session.attention == Attention(eyes=False, embed=None)
    visit.consent_and_card()
    assert visit.session.attention.eyes and visit.session.attention.embed is not None
    visit.until_asked()
    assert not visit.session.attention.eyes  # a turn is asked
    visit.watch(visit.visitor.does(Act.TURN_LEFT))
    assert visit.session.attention.eyes


def unembedded(seen: Observation) -> Observation:
    return replace(seen, face=seen.face and replace(seen.face, embedding=None))


def test_views_are_asked_for_now_and_then_and_aslant_if_need_be() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    views = []
    for number in range(150):
        embed = visit.session.attention.embed
        aslant = visit.visitor.frame(replace(v.STILL, yaw_deg=20.0))
        taken = embed is not None and embed.max_yaw_deg >= 20
        views += [number] * taken
        visit.give(e.Observed(1, aslant if taken else unembedded(aslant)))
    # Nobody straight for more than a second: aslant will do, but not in every frame.
    assert views[0] > 30 and 2 <= len(views) <= 5
    straight = Visit(acts=(Act.BLINK,))
    straight.consent_and_card()
    asked = 0
    for seen in straight.visitor.still(3):
        wanted = straight.session.attention.embed is not None
        asked += wanted
        straight.give(e.Observed(1, seen if wanted else unembedded(seen)))
    assert 4 <= asked <= 8  # each asking is answered by a straight face


def test_an_act_by_a_face_that_is_never_known_is_not_seen() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.watch(map(unembedded, visit.visitor.still(0.8)))
    visit.watch(map(unembedded, visit.visitor.does(Act.BLINK)))
    assert visit.session.attention.embed == ANY_POSE
    visit.watch(map(unembedded, visit.visitor.still(9)))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)
    assert Reason.NO_FRONTAL_VIEW in visit.conclusion.reasons


def test_somebody_else_cannot_do_the_acts() -> None:
    for act in ACTS:
        visit = Visit(acts=(act,))
        visit.consent_and_card()
        visit.until_asked()
        visit.visitor.person = 2
        visit.watch(visit.visitor.does(act))
        assert refused_for(visit) == (Verdict.REFUSED, Reason.FACE_CHANGED)


def test_a_card_that_fails_while_it_is_waited_for_ends_the_visit() -> None:
    visit = Visit()
    visit.give(e.CardFailed(Reason.CARD_REJECTED))
    assert visit.session.state is State.CONSENT
    visit.give(e.ConsentGiven(Consent("2026-11", "screen")))
    visit.give(e.CardFailed(Reason.CARD_REJECTED))
    assert refused_for(visit) == (Verdict.REFUSED, Reason.CARD_REJECTED)


def test_without_frames_the_clock_alone_misses_an_act() -> None:
    visit = Visit(acts=(Act.BLINK,))
    visit.consent_and_card()
    visit.until_asked()
    deadline = visit.session.deadline
    assert deadline is not None
    visit.visitor.now = deadline - 0.01
    visit.give(e.TimePassed())
    assert visit.session.state is State.ACTS
    visit.visitor.now = deadline
    visit.give(e.TimePassed())
    assert refused_for(visit) == (Verdict.REFUSED, Reason.ACT_NOT_SEEN)


# --- whatever happens, in whatever order ----------------------------------------------
STEPS = st.sampled_from(
    [
        "consent", "no_consent", "card", "card_failed", "taken", "enrol", "enrol_other",
        "no_portrait", "late_enrol", "nonce", "still", "blink", "left", "right", "lost",
        "second", "jumped", "changed", "ended", "camera", "cancelled", "committed",
        "time", "begin",
    ]
)  # fmt: skip


def do(visit: Visit, step: str) -> None:
    visitor = visit.visitor
    events: dict[str, e.Event] = {
        "consent": e.ConsentGiven(Consent("2026-11", "screen")),
        "no_consent": e.ConsentRefused(),
        "card": e.CardPresented(v.card()),
        "card_failed": e.CardFailed(Reason.CARD_NOT_READ),
        "enrol": e.Enrolled(1, v.embedding(1)),
        "enrol_other": e.Enrolled(1, v.embedding(2)),
        "no_portrait": e.Enrolled(1, None, reason=Reason.NO_PORTRAIT),
        "late_enrol": e.Enrolled(0, v.embedding(1)),
        "nonce": e.NonceGranted(1, b"c"),
        "committed": e.Committed(1),
    }
    match step:
        case "still":
            visit.watch(visitor.still(0.7))
        case "blink" | "left" | "right":
            act = {"blink": Act.BLINK, "left": Act.TURN_LEFT, "right": Act.TURN_RIGHT}
            visit.watch(visitor.does(act[step]))
        case "time":
            visitor.now += 10
            visit.give(e.TimePassed())
        case "begin":
            visit.give(e.Begin(1, Purpose.NEW_NUMBER, "t", b"d", b"s", v.TODAY, ACTS))
        case _ if step in events:
            visit.give(events[step])
        case _:
            break_it(visit, step)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=25))
def test_accepted_only_with_card_acts_and_match_of_the_same_visit(
    steps: list[str],
) -> None:
    visit = Visit()
    begun = 0
    for step in ["consent", "card", "enrol", "still", *steps]:
        do(visit, step)
        begun += step == "begin"
    ends = [f.conclusion for f in visit.effects if isinstance(f, e.Conclude)]
    assert len(ends) <= 1 + begun
    for end in ends:
        assert end.reasons or end.verdict is Verdict.ACCEPTED
        if end.verdict is Verdict.ACCEPTED:
            assert end.card and end.consent and end.match
            assert end.match.score >= end.match.threshold
            assert [a.act for a in end.acts] == list(ACTS)
            assert all(a.answered_s and a.answered_s > a.asked_s for a in end.acts)


@settings(max_examples=100, deadline=None)
@given(st.lists(STEPS, max_size=30))
def test_any_order_of_events_leaves_a_named_state(steps: list[str]) -> None:
    visit = Visit()
    for step in steps:
        do(visit, step)
        assert isinstance(visit.session.state, State)
        deadline = visit.session.deadline
        assert deadline is None or isinstance(deadline, float)
