"""Says in the API's words what the register knows; a person's digest is no word of it.

Leaves to others: asking (`api`), knowing (`register`).
"""

from typing import Literal, cast

from likeness.carrier.register import disputing, registrations, words
from likeness.carrier.register.register import Found, Standing
from likeness.carrier.register.transactions import State

Stands = Literal["open", "result", "used", "ended", "expired"]


def transaction(stands: Standing, now_s: int) -> words.Transaction:
    """Say how a transaction stands."""
    opened, is_open = stands.opened, stands.opened.state is State.OPEN
    state = cast(Stands, str(opened.state))
    if is_open and stands.verdict:
        state = "result"
    elif is_open and now_s > opened.expires_s:
        state = "expired"
    usable = is_open and stands.doubt is None
    return words.Transaction(
        transaction=opened.name,
        purpose=opened.purpose,
        device=opened.device,
        state=state,
        opened_utc_s=opened.opened_s,
        expires_utc_s=opened.expires_s,
        verdict=stands.verdict,
        reasons=list(stands.reasons),
        usable=usable,
        why_not=stands.doubt or "" if is_open else "",
    )


def registration(one: registrations.Registration) -> words.Registration:
    """Say what is bound, and by which result."""
    return words.Registration(
        registration=one.id,
        number=one.number,
        kind=one.kind,
        place=one.place,
        state="active" if one.is_active else "ended",
        since_utc_s=one.since_s,
        transaction=one.proof.transaction,
        device=one.proof.device,
        epoch=one.proof.epoch,
        seq=one.proof.seq,
        result=one.proof.hash,
    )


def number_state(found: Found) -> words.NumberState:
    """Say what is known of a number."""
    return words.NumberState(
        state="free" if found.holds is None else "active",
        disputed=found.is_disputed,
        registration=None if found.holds is None else registration(found.holds),
        history=[
            words.Event(
                registration=one.registration,
                what=one.what,
                at_utc_s=one.at_s,
                by=one.by,
                about=one.about,
                result=one.result,
            )
            for one in found.history
        ],
    )


def dispute(one: disputing.Dispute) -> words.Dispute:
    """Say what is disputed."""
    return words.Dispute(
        dispute=one.id,
        registration=one.registration,
        number=one.number,
        kind=one.kind,
        device=one.device,
        about=one.about,
        opened_utc_s=one.opened_s,
        state=cast(Literal["open", "upheld", "rejected"], one.state),
        settled_utc_s=one.settled_s,
    )
