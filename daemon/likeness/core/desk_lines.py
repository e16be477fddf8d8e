"""A visit's line at the desk: from its signed result, and as it goes on.

Leaves to others: keeping lines (service/desk.py), what is done next (next_step.py).
"""

from msgspec.structs import replace

from likeness.core import jws, messages, report
from likeness.core.chain import Stored
from likeness.core.desk_words import ResultPlace, VisitLine, VisitState
from likeness.core.glance import Glance, State
from likeness.core.next_step import next_step
from likeness.core.vocabulary import Conclusion, Reason
from likeness.errors import Untrusted

# The receipt is the visitor's moment: for the clerk the visit has ended.
STATES = {
    State.CONSENT: VisitState.CONSENT,
    State.CARD: VisitState.CARD,
    State.LOOK: VisitState.LOOK,
    State.ACTS: VisitState.ACTS,
    State.LIGHT: VisitState.LIGHT,
    State.VERDICT: VisitState.VERDICT,
}


def going_on(line: VisitLine, glance: Glance) -> VisitLine:
    """Return the line of a visit that goes on, as it stands now."""
    return replace(
        line,
        state=STATES.get(glance.state, line.state),
        asked=glance.asked,
        done=glance.done,
    )


def ended(line: VisitLine, end: Conclusion, stored: Stored | None) -> VisitLine:
    """Return the line of a visit that came to its end; `stored` None: without result.

    What could not be made safe is no verdict.
    """
    verdict = end.verdict if stored else None
    has_person = stored is not None and report.tells_who(end)
    return replace(
        line,
        state=VisitState.ENDED,
        verdict=verdict,
        reasons=end.reasons,
        next_step=next_step(verdict, end.reasons, has_person=has_person),
        result=stored and ResultPlace(epoch=stored.epoch, seq=stored.seq),
        has_person=has_person,
    )


def of_result(stored: Stored) -> VisitLine | None:
    """Read a visit from its signed result; None: another record, or not of a visit."""
    try:
        parsed = jws.parse(stored.token, types=(messages.RESULT,))
        claims = messages.from_json(parsed.payload, messages.Result)
        reasons = tuple(map(Reason, claims.reasons))
    except (Untrusted, ValueError):
        return None
    if not claims.transaction:
        return None
    acts = claims.liveness.acts if claims.liveness else []
    has_person = claims.person is not None
    return VisitLine(
        transaction=claims.transaction,
        purpose=claims.purpose,
        state=VisitState.ENDED,
        begun_at=claims.iat,
        next_step=next_step(claims.verdict, reasons, has_person=has_person),
        verdict=claims.verdict,
        reasons=reasons,
        asked=len(acts),
        done=sum(act.passed for act in acts),
        result=ResultPlace(epoch=stored.epoch, seq=stored.seq),
        has_person=has_person,
    )
