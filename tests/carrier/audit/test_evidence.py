"""Of any result every check is shown, with what it found."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audits import DEVICE, Far
from likeness.carrier import tables
from likeness.carrier.register import tables as register_tables
from likeness.carrier.words import fresh_nonce
from likeness.core import asks, jws, messages, report
from likeness.core.chain import ChainHead, Link
from likeness.core.challenge import commitment, draw
from likeness.core.vocabulary import (
    ActFinding,
    Conclusion,
    NonceSource,
    Purpose,
    Reason,
    Verdict,
)
from results import ACCEPTED, EPOCH, FACTS, MOMENT, NAME, NUMBER, Bench, bench, signed

DEVICE_NONCE = b"d" * 32
DOUBT = Reason.MATCH_IN_DOUBT
Checks = dict[str, tuple[str, str]]


@pytest.fixture
def near(tmp_path: Path) -> Bench:
    return bench(tmp_path)


@pytest.fixture
def far(
    near: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Iterator[Far]:
    carrier = Far(near, str(tmp_path / "carrier.db"), capsys)
    yield carrier
    carrier.close()


def visit(far: Far, transaction: str = "t-1") -> Conclusion:
    """An accepted visit by a nonce that the carrier gave, with the acts so drawn."""
    ask = messages.Ask(
        iss=DEVICE,
        jti="j",
        iat=far.now,
        ask="visit",
        commitment=jws.encode(commitment(DEVICE_NONCE)),
        transaction=transaction,
        purpose=Purpose.NEW_NUMBER,
    )
    issued = far.store.open_visit(DEVICE, ask, fresh_nonce(far.now))
    drawn = draw(
        carrier_nonce=jws.decode(issued.nonce),
        device_nonce=DEVICE_NONCE,
        transaction=transaction,
        count=4,
    )
    acts, now = [], 10.0
    for act, pause in zip(drawn.acts, drawn.pauses_s, strict=True):
        now += pause
        acts.append(ActFinding(act, asked_s=now, answered_s=now + 1.0))
        now += 1.0
    return replace(
        ACCEPTED,
        transaction=transaction,
        nonce=issued.nonce,
        nonce_source=NonceSource.CARRIER,
        device_nonce=jws.encode(DEVICE_NONCE),
        acts=tuple(acts),
        passive=0.81,
        passive_threshold=0.45,
    )


def chain(near: Bench, *conclusions: Conclusion) -> list[str]:
    """Sign a chain of these; each person is sealed as a terminal does."""
    tokens = [near.notary.begin_epoch(ChainHead(EPOCH, 0, ""), None)]
    for conclusion in conclusions:
        head = ChainHead(EPOCH, len(tokens), jws.chain_hash(tokens[-1]))
        sealed = near.record._sealer.seal(report.person(ACCEPTED.card, b"s" * 16))  # type: ignore[arg-type]
        claims = report.compose(
            conclusion,
            facts=FACTS,
            moment=MOMENT,
            head=head,
            salt=b"s" * 16,
            sealed_person=sealed if report.tells_who(conclusion) else None,
        )
        tokens.append(signed(near, claims, messages.RESULT))
    return tokens


def evidence(far: Far, seq: int = 1) -> tuple[int, Checks]:
    """Return the exit code, and of each check its state and its line."""
    code, text = far.command("report", "--json", "--result", f"{DEVICE}/{EPOCH}/{seq}")
    told: dict[str, Any] = json.loads(text)
    return code, {one["name"]: (one["state"], one["said"]) for one in told["checks"]}


def wrong(checks: Checks) -> list[str]:
    return sorted(name for name, (state, _) in checks.items() if state == "wrong")


def test_a_good_result_with_all_its_evidence(far: Far, near: Bench) -> None:
    far.take(*chain(near, visit(far), replace(ACCEPTED, transaction="t-2")))
    code, checks = evidence(far)
    assert (code, wrong(checks)) == (0, [])
    kid = near.signer.kid
    assert checks["key"] == ("ok", f"{kid}: in the device's file")
    assert checks["before"][0] == checks["after"][0] == "ok"
    assert checks["receipt"] == ("ok", "signed for up to seq 2 of its chain")
    assert checks["nonce"][0] == "ok"
    assert "given for transaction t-1" in checks["nonce"][1]
    assert checks["order"][1].endswith("as drawn again from both nonces")
    assert checks["act 4"][0] == "ok"
    assert "answered after 1000 ms" in checks["act 4"][1]
    assert checks["match"] == ("ok", "0.712346 against 0.450000")
    assert checks["passive"] == ("ok", "0.810000 against 0.450000")
    assert checks["light"] == ("not measured", "the policy does not ask for it")
    assert checks["model embed"] == ("ok", f"SHA-256 {'ab' * 32}")
    assert checks["environment"][0] == "doubtful"
    assert checks["key tier"][0] == "doubtful"
    assert checks["consent"][0] == "doubtful", "this bench shows no text"
    assert "to key" in checks["person"][1]
    assert checks["use"] == ("not measured", "no number was bound by it")


def test_nothing_says_who_it_was(
    near: Bench, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    far = Far(near, place, capsys)
    far.take(*chain(near, visit(far)))
    for words in ((), ("--json",)):
        said = far.command("report", *words, "--transaction", "t-1")[1]
        assert f"{DEVICE}/{EPOCH}/1" in said or words
        assert NAME not in said
        assert NUMBER not in said
    far.close()


def test_a_result_with_a_nonce_of_its_own_is_doubtful(far: Far, near: Bench) -> None:
    far.take(*chain(near, ACCEPTED))
    code, checks = evidence(far)
    assert code == 0
    assert checks["nonce"][0] == checks["order"][0] == "doubtful"
    assert checks["passive"] == ("not measured", "no score")
    assert checks["acts"][0] == "doubtful"


def test_a_second_result_by_one_nonce_is_wrong(far: Far, near: Bench) -> None:
    once = visit(far)
    far.take(*chain(near, once, once))
    assert evidence(far, 1)[0] == 0
    code, checks = evidence(far, 2)
    assert code == 1
    assert checks["nonce"] == ("wrong", "a nonce that another result had used")
    assert wrong(checks) == ["alarm", "nonce"]


def test_what_was_let_through_below_a_threshold_is_wrong(far: Far, near: Bench) -> None:
    good = visit(far)
    assert good.match is not None
    low = replace(good, match=replace(good.match, score=0.2), passive=0.1)
    far.take(*chain(near, low))
    assert wrong(evidence(far)[1]) == ["match", "passive"]


def test_an_act_that_came_before_its_pause_was_over(far: Far, near: Bench) -> None:
    good = visit(far)
    hurried = [*good.acts]
    answered = hurried[0].answered_s
    assert answered is not None
    hurried[1] = replace(hurried[1], asked_s=answered + 0.1)
    far.take(*chain(near, replace(good, acts=tuple(hurried))))
    state, said = evidence(far)[1]["act 2"]
    assert state == "doubtful"
    assert "100 ms after the one before; drawn were" in said


def test_an_act_that_was_not_seen_lets_nobody_through(far: Far, near: Bench) -> None:
    good = visit(far)
    blind = (*good.acts[:3], replace(good.acts[3], answered_s=None))
    far.take(*chain(near, replace(good, acts=blind)))
    assert wrong(evidence(far)[1]) == ["act 4"]


def use(far: Far, token: str, transaction: str) -> None:
    row = {"use": "bind", "registration": "r-1", "used_utc_s": far.now}
    far.write(
        register_tables.uses.insert().values(
            hash=jws.chain_hash(token), transaction_name=transaction, **row
        )
    )


def test_what_a_result_was_used_for(far: Far, near: Bench) -> None:
    tokens = chain(near, visit(far))
    far.take(*tokens)
    use(far, tokens[1], "t-1")
    state, said = evidence(far)[1]["use"]
    assert state == "ok"
    assert said.startswith("bind 20")
    assert said.endswith("transaction t-1, registration r-1")


def test_a_decision_is_shown_with_who_made_it(far: Far, near: Bench) -> None:
    referred = replace(visit(far), verdict=Verdict.REFERRED, reasons=(DOUBT,))
    tokens = chain(near, referred)
    far.take(*tokens)
    said = near.notary.ask(
        asks.DECISION,
        "jti-1",
        "t-1",
        Link(EPOCH, 1, jws.chain_hash(tokens[1])),
        ask="decision",
        decision="accept",
        reason="looked",
        attendants=["a-1"],
    )
    claims = asks.KINDS[asks.DECISION]
    parsed = jws.parse(said, types=(asks.DECISION,))
    decision = messages.from_json(parsed.payload, claims)
    assert isinstance(decision, asks.Decision)
    assert far.store.keep_statement(DEVICE, decision, said, far.now) is not None
    state, line = evidence(far)[1]["decision"]
    assert state == "ok"
    assert line.startswith("'accept' by [\"a-1\"]")
    far.write(tables.statements.update().values(decision="refuse"))
    assert evidence(far)[1]["statement"][0] == "wrong"


def test_a_changed_token_and_its_neighbour(far: Far, near: Bench) -> None:
    tokens = chain(near, *[replace(ACCEPTED, transaction=f"t-{n}") for n in range(3)])
    far.take(*tokens)
    header, payload, signature = tokens[2].split(".")
    said = jws.decode(payload).replace(b'"t-1"', b'"t-9"')
    token = f"{header}.{jws.encode(said)}.{signature}"
    table = tables.records
    far.write(table.update().where(table.c.seq == 2).values(token=token))
    assert "signature" in wrong(evidence(far, 2)[1])
    assert wrong(evidence(far, 3)[1]) == ["before"]
    assert wrong(evidence(far, 1)[1]) == []


def test_a_result_that_is_not_here_is_one_line(
    far: Far, near: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    far.take(*chain(near))
    for words in (
        ("--result", f"{DEVICE}/{EPOCH}/7"),
        ("--result", "shop-17"),
        ("--transaction", "t-none"),
    ):
        assert far.command("report", *words) == (2, "")
