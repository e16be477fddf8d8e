"""A visit's line at the desk: as it goes on, as it ends, and read from its result."""

import json
from dataclasses import replace

import msgspec
import pytest

from likeness.core import jws, messages, report
from likeness.core.chain import ChainHead, Stored
from likeness.core.desk_lines import ended, going_on, of_result
from likeness.core.desk_words import ResultPlace, VisitLine, VisitState
from likeness.core.glance import Glance, State
from likeness.core.next_step import NextStep
from likeness.core.vocabulary import Conclusion, Purpose, Reason, Verdict
from results import ACCEPTED, FACTS, MOMENT, NAME, NUMBER, REFUSED

HEAD = ChainHead("0123456789abcdef" * 2, 7, jws.encode(b"p" * 32))
PLACE = ResultPlace(epoch=HEAD.epoch, seq=HEAD.seq)
LINE = VisitLine(
    transaction="t-1",
    purpose=Purpose.NEW_NUMBER,
    state=VisitState.OPENING,
    begun_at=MOMENT.utc_s,
    next_step=NextStep.WAIT,
)


def stored(payload: bytes, typ: str = messages.RESULT) -> Stored:
    token = jws.compact(
        payload, alg="ES256", kid="key", typ=typ, sign=lambda _data: bytes(64)
    )
    return Stored(epoch=HEAD.epoch, seq=HEAD.seq, token=token)


def result_of(end: Conclusion) -> Stored:
    """Return what the terminal keeps of this end; the signature is nobody's."""
    return stored(
        report.compose(
            end,
            facts=FACTS,
            moment=MOMENT,
            head=HEAD,
            salt=bytes(16),
            sealed_person="a.b.c.d.e" if report.tells_who(end) else None,
        )
    )


def test_a_line_follows_its_visit() -> None:
    for state in State:
        line = going_on(LINE, Glance(state, 1, asked=4, done=2))
        assert (line.asked, line.done) == (4, 2)
        if state in (State.IDLE, State.RECEIPT):  # those are not the clerk's
            assert line.state is VisitState.OPENING
        else:
            assert line.state.name == state.name


def test_an_end_that_is_safe_has_verdict_place_and_next_step() -> None:
    end = replace(ACCEPTED, verdict=Verdict.REFERRED, reasons=(Reason.TOO_DARK,))
    line = ended(LINE, end, result_of(end))
    assert (line.state, line.verdict) == (VisitState.ENDED, Verdict.REFERRED)
    assert line.reasons == (Reason.TOO_DARK,)
    assert (line.result, line.next_step) == (PLACE, NextStep.DECIDE)


def test_what_could_not_be_made_safe_is_no_verdict() -> None:
    line = ended(LINE, ACCEPTED, None)
    assert (line.state, line.verdict) == (VisitState.ENDED, None)
    assert (line.result, line.next_step) == (None, NextStep.MEND)
    assert not line.has_person


@pytest.mark.parametrize(
    "end",
    [
        ACCEPTED,
        REFUSED,
        replace(ACCEPTED, verdict=Verdict.REFERRED, reasons=(Reason.MATCH_IN_DOUBT,)),
        replace(
            ACCEPTED,
            verdict=Verdict.REFERRED,
            reasons=(Reason.ATTENDANT_ASKED,),
            card=None,
            match=None,
        ),
    ],
)
def test_after_a_restart_the_signed_result_gives_the_same_line(end: Conclusion) -> None:
    kept = result_of(end)
    before = ended(going_on(LINE, Glance(State.ACTS, 1, asked=2, done=2)), end, kept)
    assert of_result(kept) == before
    assert before.has_person == report.tells_who(end)


def test_a_line_tells_nothing_of_whom() -> None:
    line = of_result(result_of(ACCEPTED))
    said = msgspec.json.encode(line).decode()
    assert "t-1" in said
    for secret in (NAME, NUMBER, "a.b.c.d.e", "portrait", "score"):
        assert secret not in said


def test_of_other_records_there_is_no_line() -> None:
    kept = result_of(ACCEPTED)
    claims = json.loads(jws.parse(kept.token, types=(messages.RESULT,)).payload)
    assert of_result(stored(json.dumps(claims | {"transaction": ""}).encode())) is None
    assert of_result(stored(json.dumps(claims | {"reasons": ["new"]}).encode())) is None
    assert of_result(stored(json.dumps(claims).encode(), messages.EPOCH)) is None
    assert of_result(stored(b"{}")) is None
    assert of_result(replace(kept, token="no token")) is None  # noqa: S106
