"""What the clerk does next, for each way in which a visit can stand or end.

Leaves to others: the sentences (desk/languages), who decides what was referred.
"""

from enum import StrEnum

from likeness.core.vocabulary import Reason, Verdict


class NextStep(StrEnum):
    """One thing to do."""

    WAIT = "wait"  # the visit goes on
    PROCEED = "proceed"  # give the number
    DECIDE = "decide"  # compare with your own eyes, then decide at the desk
    READ_CARD = (
        "read_card"  # with a new reference; nobody is known who could be accepted
    )
    TRY_AGAIN = "try_again"  # with a new reference
    OTHER_DOCUMENT = "other_document"  # this one cannot be used
    OTHER_WAY = "other_way"  # without the terminal, as the shop does it
    DO_NOT_PROCEED = "do_not_proceed"  # give no number; follow the rules for fraud
    MEND = "mend"  # the terminal needs help; see its health
    NONE = "none"  # nothing more was wanted


DO_NOT_PROCEED = frozenset(
    {
        Reason.ATTACK_SUSPECTED,
        Reason.CARD_CLONED,
        Reason.CARD_TAMPERED,
        Reason.FACE_CHANGED,
        Reason.FLAT_FACE,
        Reason.NOT_SAME_PERSON,
        Reason.PICTURE_FROZEN,
        Reason.PICTURE_JUMPED,
        Reason.SIGNER_REVOKED,
    }
)
OTHER_DOCUMENT = frozenset(
    {
        Reason.CARD_EXPIRED,
        Reason.CARD_NOT_YET_VALID,
        Reason.CARD_REJECTED,
        Reason.ISSUER_REFUSED,
    }
)


def next_step(
    verdict: Verdict | None, reasons: tuple[Reason, ...], *, has_person: bool = True
) -> NextStep:
    """Return what the clerk does about a visit that has ended.

    `verdict` None: its result could not be made safe, so there is none; `has_person`:
    the result says, sealed, who the card's holder is.
    """
    match verdict:
        case None:
            return NextStep.MEND
        case Verdict.ACCEPTED:
            return NextStep.PROCEED
        case Verdict.REFERRED:
            return NextStep.DECIDE if has_person else NextStep.READ_CARD
        case Verdict.REFUSED:
            pass
    if not DO_NOT_PROCEED.isdisjoint(reasons):
        return NextStep.DO_NOT_PROCEED
    if not OTHER_DOCUMENT.isdisjoint(reasons):
        return NextStep.OTHER_DOCUMENT
    if Reason.CANCELLED in reasons:
        return NextStep.NONE
    if Reason.CONSENT_REFUSED in reasons:
        return NextStep.OTHER_WAY
    return NextStep.TRY_AGAIN


def after_decision(decision: str) -> NextStep:
    """Return what the clerk does once attendants have decided."""
    return NextStep.PROCEED if decision == "accept" else NextStep.DO_NOT_PROCEED
