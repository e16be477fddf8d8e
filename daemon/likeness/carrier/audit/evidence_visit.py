"""Checks what a result says of the visit itself: nonce, acts, scores, card, consent.

Pure rules over the signed claims and the visit that we opened; what can be computed
again is. Leaves to others: the record around it (`evidence_record`), reading tables.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from likeness.carrier import nonces
from likeness.carrier.audit.evidence_state import (
    Check,
    doubtful,
    not_measured,
    ok,
    wrong,
)
from likeness.carrier.audit.words import when
from likeness.core import jws
from likeness.core.challenge import Challenge, draw, fits
from likeness.core.messages import CardFacts, Consent, Liveness, Micro, Result
from likeness.core.vocabulary import Environment, LightOutcome, NonceSource, Verdict
from likeness.core.wishes import LONGER
from likeness.errors import Untrusted

ACTS_AT_LEAST = 4  # design, section 2
# No policy gives more than 20 s (`policy_values`), nor less than 6; a visitor may ask
# for twice as long.
WINDOW_MS = 20_000 * int(LONGER)


@dataclass(frozen=True, slots=True)
class Visit:
    """A result with what we know of its nonce."""

    result: Result
    hash: str
    issued: nonces.Issued | None

    @property
    def accepted(self) -> bool:
        """Say whether somebody was let through by it."""
        return self.result.verdict is Verdict.ACCEPTED


def checks(visit: Visit) -> Iterator[Check]:
    """Give every check of the visit, in the order of the visit."""
    result = visit.result
    yield _verdict(visit)
    yield _consent(result.consent, needed=visit.accepted)
    yield _card(result.card, needed=visit.accepted)
    yield _nonce(visit)
    yield _order(visit)
    yield from _acts(visit)
    yield _score("passive", *_passive(result.liveness), needed=False, visit=visit)
    yield _light(visit)
    score = (result.match.score, result.match.threshold) if result.match else None
    yield _score("match", *(score or (None, None)), needed=True, visit=visit)
    yield _person(visit)


def _verdict(visit: Visit) -> Check:
    result = visit.result
    reasons = ", ".join(result.reasons) or "no reason against it"
    said = f"{result.verdict} for {result.purpose}: {reasons}"
    if visit.accepted == bool(result.reasons):
        return wrong("verdict", f"{said}; the two contradict each other")
    return ok("verdict", said)


def _consent(consent: Consent | None, *, needed: bool) -> Check:
    if consent is None:
        state = wrong if needed else not_measured
        return state("consent", "none is recorded")
    at = f" at {when(consent.at)}" if consent.at else ""
    said = (
        f"text {consent.text} in {consent.language or 'no stated language'}, given by"
        f" {consent.given}{at}, SHA-256 of the text {consent.digest or 'not stated'}"
    )
    return (ok if consent.digest else doubtful)("consent", said)


def _card(card: CardFacts | None, *, needed: bool) -> Check:
    if card is None:
        return (wrong if needed else not_measured)("card", "no card was read")
    said = (
        f"{card.kind} of {card.issuer or 'no stated issuer'}; holds:"
        f" {', '.join(card.checked) or 'nothing'}; does not hold or was not checked:"
        f" {', '.join(card.unchecked or ()) or 'nothing'}; reader"
        f" {card.reader or 'not stated'}; portrait bound by"
        f" {card.portrait_digest or 'nothing'}"
    )
    is_sure = bool(card.checked) and not card.unchecked
    return (ok if is_sure else doubtful)("card", said)


def _nonce(visit: Visit) -> Check:
    result, issued = visit.result, visit.issued
    if result.nonce_source is NonceSource.DEVICE or result.nonce is None:
        said = "the terminal's own: it could choose the order of the acts"
        return doubtful("nonce", said)
    # That it is used, by this result, is as it should be.
    if issued is not None and issued.used_by == visit.hash:
        issued = replace(issued, used_by="")
    if doubt := nonces.doubt(result, issued):
        return wrong("nonce", doubt)
    if issued is None:
        raise AssertionError("nonces.doubt lets no unknown nonce pass")
    if issued.purpose != result.purpose:
        said = f"given for {issued.purpose}, used for {result.purpose}"
        return wrong("nonce", said)
    said = (
        f"ours, visit {issued.counter}, given for transaction {issued.transaction},"
        f" good until {when(issued.expires_utc_s)}; the terminal's own half fits what"
        " it had committed to before"
    )
    return ok("nonce", said)


def _drawn(result: Result) -> Challenge | None:
    """Draw order and pauses again; None: not both halves are there."""
    count = len(result.liveness.acts) if result.liveness else 0
    if not (result.nonce and result.device_nonce and count):
        return None
    try:
        return draw(
            carrier_nonce=jws.decode(result.nonce),
            device_nonce=jws.decode(result.device_nonce),
            transaction=result.transaction or "",
            count=count,
        )
    except Untrusted:
        return None


def _order(visit: Visit) -> Check:
    result, drawn = visit.result, _drawn(visit.result)
    asked = [one.act for one in result.liveness.acts] if result.liveness else []
    if not asked:
        return (wrong if visit.accepted else not_measured)("order", "no act was asked")
    said = f"asked {', '.join(asked)}"
    if drawn is None:
        return doubtful("order", f"{said}; there are no two nonces to draw it from")
    if fits(asked, drawn.acts):
        return ok("order", f"{said}: as drawn again from both nonces")
    said += f"; both nonces give {', '.join(drawn.acts)}"
    if result.environment is Environment.PRODUCTION:
        return wrong("order", said)
    return doubtful("order", f"{said}; a test may ask for acts of its own")


def _acts(visit: Visit) -> Iterator[Check]:
    liveness = visit.result.liveness
    acts = liveness.acts if liveness else []
    drawn = _drawn(visit.result)
    for n, act in enumerate(acts):
        name = f"act {n + 1}"
        if act.answered_ms is None or not act.passed:
            state = wrong if visit.accepted else doubtful
            yield state(name, f"{act.act} asked at {act.asked_ms} ms: not seen")
            continue
        took_ms = act.answered_ms - act.asked_ms
        said = f"{act.act} asked at {act.asked_ms} ms, answered after {took_ms} ms"
        if not 0 < took_ms <= WINDOW_MS:
            yield wrong(name, f"{said}: no window is so long, or begins so late")
            continue
        pause_ms = _pause_ms(acts[n - 1].answered_ms, act.asked_ms) if n else None
        least_ms = round(drawn.pauses_s[n] * 1000) if drawn else 0
        if pause_ms is not None and pause_ms + 1 < least_ms:  # 1: it was rounded twice
            said += f", {pause_ms} ms after the one before; drawn were {least_ms}"
            yield doubtful(name, said)
            continue
        yield ok(name, said)
    if visit.accepted and len(acts) < ACTS_AT_LEAST:
        said = f"{len(acts)}, at least {ACTS_AT_LEAST} are needed"
        in_field = visit.result.environment is Environment.PRODUCTION
        yield (wrong if in_field else doubtful)("acts", said)


def _pause_ms(answered_ms: int | None, asked_ms: int) -> int | None:
    return None if answered_ms is None else asked_ms - answered_ms


def _passive(liveness: Liveness | None) -> tuple[Micro | None, Micro | None]:
    return (liveness.passive, liveness.threshold) if liveness else (None, None)


def _score(
    name: str,
    score: Micro | None,
    threshold: Micro | None,
    *,
    needed: bool,
    visit: Visit,
) -> Check:
    if score is None or threshold is None:
        state = wrong if needed and visit.accepted else not_measured
        return state(name, "no score")
    said = f"{score / 1e6:.6f} against {threshold / 1e6:.6f}"
    if score >= threshold:
        return ok(name, said)
    return (wrong if visit.accepted else doubtful)(name, f"{said}: below")


def _light(visit: Visit) -> Check:
    light = visit.result.liveness.light if visit.result.liveness else None
    if light is None:
        return not_measured("light", "the policy does not ask for it")
    said = f"{light.outcome}; shown: {', '.join(light.colours or ()) or 'nothing'}"
    if light.outcome == LightOutcome.ANSWERED:
        return ok("light", said)
    unseen = (LightOutcome.SKIPPED, LightOutcome.NOT_VISIBLE)
    return (not_measured if light.outcome in unseen else doubtful)("light", said)


def _person(visit: Visit) -> Check:
    person = visit.result.person
    if person is None:
        state = wrong if visit.accepted else not_measured
        return state("person", "none: nobody was recognised, or nobody is told")
    if visit.result.verdict is Verdict.REFUSED:
        return wrong("person", "a refused visit must not say who it was")
    try:
        header = jws.load_object(jws.decode(person.split(".")[0]))
    except Untrusted:
        return wrong("person", "no sealed person, though it should be one")
    said = (
        f"sealed ({header.get('alg')}, {header.get('enc')}) to key"
        f" {str(header.get('kid'))[:64]}; who it is, is not shown"
    )
    return ok("person", said)
