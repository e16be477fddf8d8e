"""What the clerk does next, for each end that a visit can have."""

import pytest

from likeness.core.next_step import NextStep, after_decision, next_step
from likeness.core.verdict import DOUBTS
from likeness.core.vocabulary import Reason, Verdict


@pytest.mark.parametrize("reason", set(Reason) - DOUBTS)
def test_each_refusal_has_something_to_do(reason: Reason) -> None:
    step = next_step(Verdict.REFUSED, (reason,))
    assert step not in (NextStep.WAIT, NextStep.PROCEED, NextStep.MEND)
    fraud = {Reason.NOT_SAME_PERSON, Reason.ATTACK_SUSPECTED, Reason.CARD_CLONED}
    if reason in fraud:
        assert step is NextStep.DO_NOT_PROCEED


def test_the_gravest_of_several_reasons_counts() -> None:
    reasons = (Reason.TOO_DARK, Reason.CARD_EXPIRED, Reason.ATTACK_SUSPECTED)
    assert next_step(Verdict.REFUSED, reasons) is NextStep.DO_NOT_PROCEED
    assert next_step(Verdict.REFUSED, reasons[:2]) is NextStep.OTHER_DOCUMENT
    assert next_step(Verdict.REFUSED, reasons[:1]) is NextStep.TRY_AGAIN


def test_only_what_was_accepted_goes_on() -> None:
    assert next_step(Verdict.ACCEPTED, ()) is NextStep.PROCEED
    assert next_step(Verdict.REFERRED, (Reason.TOO_DARK,)) is NextStep.DECIDE
    nobody = next_step(Verdict.REFERRED, (Reason.ATTENDANT_ASKED,), has_person=False)
    assert nobody is NextStep.READ_CARD
    assert next_step(None, ()) is NextStep.MEND
    assert after_decision("accept") is NextStep.PROCEED
    assert after_decision("refuse") is NextStep.DO_NOT_PROCEED
