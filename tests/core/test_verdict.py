"""The verdict, over every combination of what can be found."""

from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import visits as v
from likeness.core.presentation import TextureVote
from likeness.core.profile import PROFILES
from likeness.core.solidity import Shape
from likeness.core.verdict import DOUBTS, Findings, decide, match_finding
from likeness.core.vocabulary import (
    NOD_ACTS,
    Act,
    ActFinding,
    NonceSource,
    Reason,
    Verdict,
)

STANDARD = PROFILES["standard"]
SEEN = ActFinding(Act.BLINK, 1.0, 2.0)
UNSEEN = ActFinding(Act.BLINK, 1.0, None)


def findings(
    *,
    card: bool = True,
    asked: int = 1,
    acts: tuple[ActFinding, ...] = (SEEN,),
    score: float | None = 0.9,
    source: NonceSource = NonceSource.CARRIER,
    noted: tuple[Reason, ...] = (),
    texture: TextureVote = TextureVote.LIVE,
    shape: Shape = Shape.SOLID,
) -> Findings:
    who = v.card() if card else None
    return Findings(who, asked, acts, score, source, noted, texture, shape)


def test_all_is_well() -> None:
    assert decide(findings(), STANDARD) == (Verdict.ACCEPTED, ())


@pytest.mark.parametrize(
    ("found", "verdict", "first"),
    [
        (findings(card=False), Verdict.REFUSED, Reason.CARD_NOT_PRESENTED),
        (findings(acts=(UNSEEN,)), Verdict.REFUSED, Reason.ACT_NOT_SEEN),
        (findings(asked=2), Verdict.REFUSED, Reason.ACT_NOT_SEEN),
        (findings(asked=0, acts=()), Verdict.REFUSED, Reason.ACT_NOT_SEEN),
        (findings(score=None), Verdict.REFERRED, Reason.NO_FRONTAL_VIEW),
        (findings(score=0.1), Verdict.REFUSED, Reason.NOT_SAME_PERSON),
        (
            findings(score=STANDARD.accept_score - 0.001),
            Verdict.REFERRED,
            Reason.MATCH_IN_DOUBT,
        ),
        (
            findings(source=NonceSource.DEVICE),
            Verdict.REFERRED,
            Reason.NONCE_FROM_DEVICE,
        ),
        (
            findings(score=0.1, noted=(Reason.CARD_INCONSISTENT,)),
            Verdict.REFUSED,
            Reason.NOT_SAME_PERSON,
        ),
        (
            findings(acts=(UNSEEN,), noted=(Reason.TOO_SLOW_FOR_BLINK,)),
            Verdict.REFERRED,
            Reason.TOO_SLOW_FOR_BLINK,
        ),
        (
            findings(acts=(UNSEEN,), score=0.1, noted=(Reason.EYES_HIDDEN,)),
            Verdict.REFUSED,
            Reason.ACT_NOT_SEEN,
        ),
        (
            findings(texture=TextureVote.ATTACK),
            Verdict.REFUSED,
            Reason.ATTACK_SUSPECTED,
        ),
        (
            findings(texture=TextureVote.DOUBT),
            Verdict.REFERRED,
            Reason.LIVENESS_IN_DOUBT,
        ),
        (findings(shape=Shape.FLAT), Verdict.REFUSED, Reason.FLAT_FACE),
        (findings(shape=Shape.DOUBT), Verdict.REFERRED, Reason.LIVENESS_IN_DOUBT),
        (
            findings(asked=0, acts=(), score=None, noted=(Reason.CAMERA_LOST,)),
            Verdict.REFERRED,
            Reason.CAMERA_LOST,
        ),
    ],
)
def test_each_fault_has_its_answer(
    found: Findings, verdict: Verdict, first: Reason
) -> None:
    got, reasons = decide(found, STANDARD)
    assert (got, reasons[0]) == (verdict, first)


@pytest.mark.parametrize(
    "why", [Reason.TRIES_USED_UP, Reason.FEED_UNREADABLE, Reason.CARD_EXPIRED]
)
def test_a_visit_that_asked_nothing_had_no_order_that_the_device_could_choose(
    why: Reason,
) -> None:
    found = findings(
        asked=0, acts=(), score=None, source=NonceSource.DEVICE, noted=(why,)
    )
    assert decide(found, STANDARD)[1] == (why,)


@given(
    st.booleans(),
    st.integers(0, 2),
    st.lists(st.sampled_from([SEEN, UNSEEN]), max_size=2).map(tuple),
    st.none() | st.floats(-1, 1),
    st.sampled_from(NonceSource),
    st.lists(st.sampled_from(Reason), max_size=2).map(tuple),
    st.sampled_from(TextureVote),
    st.sampled_from(Shape),
)
def test_accepted_needs_everything(
    card: bool,
    asked: int,
    acts: tuple[ActFinding, ...],
    score: float | None,
    source: NonceSource,
    noted: tuple[Reason, ...],
    texture: TextureVote,
    shape: Shape,
) -> None:
    found = findings(
        card=card,
        asked=asked,
        acts=acts,
        score=score,
        source=source,
        noted=noted,
        texture=texture,
        shape=shape,
    )
    verdict, reasons = decide(found, STANDARD)
    assert (verdict is Verdict.ACCEPTED) == (
        card
        and asked > 0
        and [a.passed for a in acts] == [True] * asked
        and score is not None
        and score >= STANDARD.accept_score
        and source is not NonceSource.DEVICE
        and not noted
        and texture in (TextureVote.LIVE, TextureVote.NOT_MEASURED)
        and shape in (Shape.SOLID, Shape.NOT_MEASURED)
    )
    assert (verdict is Verdict.ACCEPTED) == (not reasons)
    assert len(set(reasons)) == len(reasons)


def test_only_doubts_refer_and_a_refusal_comes_first() -> None:
    for one, two in product(Reason, Reason):
        verdict, reasons = decide(findings(noted=(one, two)), STANDARD)
        only_doubts = {one, two} <= DOUBTS
        if only_doubts:
            assert verdict is Verdict.REFERRED
        if verdict is Verdict.REFUSED:
            assert reasons[0] not in DOUBTS


def test_who_asked_for_an_attendant_is_referred_whatever_was_found() -> None:
    for other, texture, shape in product(Reason, TextureVote, Shape):
        found = findings(
            acts=(UNSEEN,),
            score=0.1,
            noted=(other, Reason.ATTENDANT_ASKED),
            texture=texture,
            shape=shape,
        )
        verdict, reasons = decide(found, STANDARD)
        assert verdict is Verdict.REFERRED
        assert reasons[0] is Reason.ATTENDANT_ASKED
        assert Reason.NOT_SAME_PERSON in reasons
        assert (Reason.FLAT_FACE in reasons) == (
            Reason.FLAT_FACE in (other, *[Reason.FLAT_FACE] * (shape is Shape.FLAT))
        )


def test_an_act_that_an_attendants_call_cut_short_was_not_missed() -> None:
    found = findings(asked=4, acts=(SEEN, UNSEEN), noted=(Reason.ATTENDANT_ASKED,))
    assert decide(found, STANDARD)[1] == (Reason.ATTENDANT_ASKED,)


@pytest.mark.parametrize("act", NOD_ACTS)
def test_a_nod_is_a_doubt_unless_the_profile_takes_it(act: Act) -> None:
    found = findings(acts=(ActFinding(act, 1.0, 2.0),))
    assert decide(found, STANDARD) == (Verdict.REFERRED, (Reason.ALTERNATIVE_ACT,))
    takes = replace(STANDARD, nods_suffice=True)
    assert decide(found, takes) == (Verdict.ACCEPTED, ())
    stranger = findings(acts=found.acts, score=0.1)
    assert decide(stranger, STANDARD)[0] is Verdict.REFUSED


def test_closed_eyes_are_no_doubt() -> None:
    found = findings(acts=(ActFinding(Act.CLOSE_EYES, 1.0, 2.0),))
    assert decide(found, STANDARD) == (Verdict.ACCEPTED, ())


def test_every_profile_refers_below_what_it_accepts() -> None:
    for profile in PROFILES.values():
        assert profile.refer_score < profile.accept_score
        assert profile.rules.window_s >= 6
        found = match_finding(0.5, profile)
        assert found is not None and found.threshold == profile.accept_score
