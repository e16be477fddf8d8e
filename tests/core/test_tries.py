"""How often one card may fail before an attendant takes over."""

from dataclasses import replace

import pytest

import visits as v
from likeness.core import visit_events as e
from likeness.core.tries import Tries
from likeness.core.vocabulary import Act, Conclusion, Reason, Verdict
from played import Visit
from results import ACCEPTED

CARD, OTHER = v.card(1), v.card(2)


def tries() -> Tries:
    return Tries(most=3, within_s=600.0, key=b"k" * 32)


def test_the_fourth_try_is_one_too_many() -> None:
    counted = tries()
    for at in range(3):
        assert not counted.used_up(CARD, at)
        counted.failed(CARD, at)
    assert counted.used_up(CARD, 3) and not counted.used_up(OTHER, 3)


def test_all_tries_may_be_known_to_be_used_up() -> None:
    counted = Tries(most=10**15, within_s=600.0, key=b"k" * 32)  # by a changed file
    counted.failed(CARD, 1.0)
    assert not counted.used_up(CARD, 1.0)
    counted.use_up(CARD, 2.0)
    assert counted.used_up(CARD, 2.0) and not counted.used_up(OTHER, 2.0)


def test_tries_are_forgotten_after_a_while_and_after_a_success() -> None:
    counted = tries()
    for _ in range(3):
        counted.failed(CARD, 10.0)
        counted.failed(OTHER, 10.0)
    assert counted.used_up(CARD, 609.9)
    counted.succeeded(OTHER)
    assert not counted.used_up(OTHER, 609.9)
    assert not counted.used_up(CARD, 610.0)


def test_a_card_without_a_number_is_nobodys() -> None:
    counted = tries()
    nobody = replace(CARD, number="")
    for _ in range(5):
        counted.failed(nobody, 1.0)
    assert not counted.used_up(nobody, 1.0)


def test_no_number_is_kept() -> None:
    counted = tries()
    counted.failed(CARD, 1.0)
    assert CARD.number not in repr(vars(counted))
    assert all(isinstance(known, bytes) for known in counted._failed)


def ended(verdict: Verdict, *reasons: Reason) -> Conclusion:
    return replace(ACCEPTED, card=CARD, verdict=verdict, reasons=reasons)


@pytest.mark.parametrize(
    ("end", "acted", "counts"),
    [
        (ended(Verdict.REFUSED, Reason.ACT_NOT_SEEN), True, True),
        (ended(Verdict.REFUSED, Reason.NO_FACE), False, False),
        (ended(Verdict.REFERRED, Reason.MATCH_IN_DOUBT), True, True),
        (ended(Verdict.REFERRED, Reason.CAMERA_LOST), True, False),
        (
            ended(Verdict.REFERRED, Reason.CAMERA_LOST, Reason.MATCH_IN_DOUBT),
            True,
            True,
        ),
        (ended(Verdict.REFERRED, Reason.TOO_DARK, Reason.ACT_NOT_SEEN), True, True),
        (
            ended(Verdict.REFERRED, Reason.TOO_SLOW_FOR_BLINK, Reason.ACT_NOT_SEEN),
            True,
            True,
        ),
        (ended(Verdict.REFERRED, Reason.ATTENDANT_ASKED), True, True),
        (ended(Verdict.REFERRED, Reason.ATTENDANT_ASKED), False, False),
        (ended(Verdict.REFERRED, Reason.ALTERNATIVE_ACT), True, False),
        (replace(ended(Verdict.REFUSED), card=None), True, False),
    ],
)
def test_a_try_is_a_visit_whose_acts_began_and_that_the_person_did_not_pass(
    end: Conclusion, *, acted: bool, counts: bool
) -> None:
    counted = tries()
    for at in range(3):
        counted.note(end, at, acted=acted)
    assert counted.used_up(CARD, 3) == counts


@pytest.mark.parametrize("fault", [Reason.CAMERA_LOST, Reason.FEED_UNREADABLE])
def test_a_device_that_is_lost_in_mid_act_is_half_a_try(fault: Reason) -> None:
    counted = tries()
    for at in range(6):
        assert not counted.used_up(CARD, at)
        visit = Visit()
        visit.consent_and_card()
        visit.until_asked()
        visit.watch(visit.visitor.does(Act.BLINK))
        visit.give(e.PictureEnded(fault))
        end = visit.conclusion
        assert end.verdict is Verdict.REFERRED
        assert end.reasons == (fault, Reason.ACT_NOT_SEEN)
        counted.note(end, at, acted=True)
    # Who pulls the cable at each act that does not suit has no end of draws else.
    assert counted.used_up(CARD, 6)


def test_only_an_accepted_visit_makes_former_tries_good() -> None:
    for last, left in (
        (ended(Verdict.ACCEPTED), False),
        (ended(Verdict.REFERRED, Reason.ALTERNATIVE_ACT), True),
        (ended(Verdict.REFERRED, Reason.ATTENDANT_ASKED), True),
    ):
        counted = tries()
        for at in range(3):
            counted.failed(CARD, at)
        counted.note(last, 3, acted=True)
        assert counted.used_up(CARD, 4) == left
