"""Turns the end of a visit into the exact bytes that are signed (design 3.4).

- Integers, text, lists and maps only: a score travels × 10⁶.
- What was not measured is left out.
- Who the person is stands inside `person`, sealed for the carrier, and only when the
  visit was accepted or referred; a refused visit says nothing about who it was.
- The same input gives the same bytes.

Leaves to others: sealing, signing, keeping.
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from likeness.core import jws, messages
from likeness.core.chain import ChainHead, EpochReason, Link, record_id
from likeness.core.vocabulary import (
    ActFinding,
    Card,
    Conclusion,
    Consent,
    Environment,
    MatchFinding,
    Moment,
    Verdict,
)
from likeness.errors import ProtocolMisuse

SCALE = 1_000_000


@dataclass(frozen=True, slots=True)
class DeviceFacts:
    """What is the same in all results of one run of the daemon."""

    device: str
    software: str
    key_tier: str
    environment: Environment
    models: Mapping[str, str] = field(default_factory=dict)  # role → SHA-256, hex
    policy: str = ""  # version of the policies; the visit names its profile


def tells_who(conclusion: Conclusion) -> bool:
    """Say whether this result must carry the sealed person."""
    return conclusion.card is not None and conclusion.verdict is not Verdict.REFUSED


def person(card: Card, salt: bytes) -> bytes:
    """Return the bytes to be sealed for the carrier."""
    inside = messages.Person(
        number=card.number,
        name=card.name,
        salt=jws.encode(salt),
        addresses=list(card.addresses) or None,
    )
    return messages.to_json(inside)


def portrait_digest(portrait_sha256: str, salt: bytes) -> str:
    """Bind the portrait without making the person traceable from visit to visit.

    HMAC-SHA-256 (RFC 2104), key = the visit's salt, message = SHA-256 of the portrait
    as 32 bytes. Whoever has the salt and the portrait can compute it again.
    """
    return jws.encode(hmac.digest(salt, bytes.fromhex(portrait_sha256), hashlib.sha256))


def compose(
    conclusion: Conclusion,
    *,
    facts: DeviceFacts,
    moment: Moment,
    head: ChainHead,
    salt: bytes,
    sealed_person: str | None,
) -> bytes:
    """Return the claims of one result as JSON.

    Args:
        conclusion: what the visit came to.
        facts: the device's own.
        moment: when it was decided.
        head: the place in the chain.
        salt: at least 16 random bytes, of this visit alone.
        sealed_person: the JWE of `person`, exactly when `tells_who` says so.

    Raises:
        ProtocolMisuse: the person is missing where it belongs, or there where not.
    """
    if tells_who(conclusion) != (sealed_person is not None):
        raise ProtocolMisuse(
            f"a result that is {conclusion.verdict} must"
            f" {'' if sealed_person is None else 'not '}carry the person"
        )
    result = messages.Result(
        **_record(facts, moment, head),
        prev=head.prev,
        purpose=conclusion.purpose,
        transaction=conclusion.transaction or None,
        nonce=conclusion.nonce or None,
        nonce_source=conclusion.nonce_source,
        device_nonce=conclusion.device_nonce or None,
        verdict=conclusion.verdict,
        reasons=list(conclusion.reasons),
        match=_match(conclusion.match),
        liveness=_liveness(conclusion),
        models=dict(facts.models),
        policy="/".join(filter(None, (conclusion.profile, facts.policy))),
        consent=_consent(conclusion.consent),
        card=_card(conclusion.card, conclusion.portrait_sha256, salt),
        person=sealed_person,
    )
    return messages.to_json(result)


def begin_epoch(
    *,
    facts: DeviceFacts,
    moment: Moment,
    head: ChainHead,
    former: Link | None,
    reason: EpochReason | None = None,
) -> bytes:
    """Return the claims of row 0 of a new chain as JSON."""
    begins = messages.EpochBegins(
        **_record(facts, moment, head),
        former=_former(former),
        reason=reason,
    )
    return messages.to_json(begins)


def key_proof(*, facts: DeviceFacts, head: ChainHead, former: str) -> bytes:
    """Return what the new key signs, as JSON; `former` is the old key's thumbprint."""
    proof = messages.KeyProof(
        iss=facts.device,
        epoch=head.epoch,
        seq=head.seq,
        prev=head.prev,
        former=former,
    )
    return messages.to_json(proof)


def key_change(
    *,
    facts: DeviceFacts,
    moment: Moment,
    head: ChainHead,
    key: Mapping[str, str],
    new_key_tier: str,
    proof: str,
    still_open: Iterable[Link],
) -> bytes:
    """Return the claims of the record after which a new key signs, as JSON.

    Args:
        facts: the device's, with the old key.
        moment: when.
        head: the place in the chain.
        key: the new public key as JWK.
        new_key_tier: where it is kept.
        proof: `key_proof`, signed by the new key.
        still_open: the last record of each other epoch that may still be delivered.
    """
    change = messages.KeyChange(
        **_record(facts, moment, head),
        prev=head.prev,
        key=messages.PublicKey(
            kty="EC", crv="P-256", x=key["x"], y=key["y"], kid=key["kid"]
        ),
        new_key_tier=new_key_tier,
        proof=proof,
        open=[
            messages.Former(epoch=one.epoch, seq=one.seq, hash=one.hash)
            for one in still_open
        ],
    )
    return messages.to_json(change)


# Any: these are members of different types, given on by name.
def _record(facts: DeviceFacts, moment: Moment, head: ChainHead) -> dict[str, Any]:
    return {
        "iss": facts.device,
        "jti": record_id(head),
        "iat": moment.utc_s,
        "epoch": head.epoch,
        "seq": head.seq,
        "boot": moment.boot,
        "mono_ms": moment.mono_ms,
        "time_quality": moment.quality,
        "software": facts.software,
        "key_tier": facts.key_tier,
        "environment": facts.environment,
    }


def _liveness(conclusion: Conclusion) -> messages.Liveness | None:
    if not conclusion.acts and conclusion.passive is None:
        return None
    first_s = conclusion.acts[0].asked_s if conclusion.acts else 0.0
    return messages.Liveness(
        acts=[_act(finding, first_s) for finding in conclusion.acts],
        passive=_scaled_or_none(conclusion.passive),
        threshold=_scaled_or_none(conclusion.passive_threshold),
        light=_light(conclusion),
    )


def _light(conclusion: Conclusion) -> messages.Light | None:
    if conclusion.light is None:
        return None
    return messages.Light(
        outcome=conclusion.light, colours=list(conclusion.light_shown) or None
    )


def _act(finding: ActFinding, first_s: float) -> messages.Act:
    answered_s = finding.answered_s
    return messages.Act(
        act=finding.act,
        asked_ms=round((finding.asked_s - first_s) * 1000),
        answered_ms=(
            None if answered_s is None else round((answered_s - first_s) * 1000)
        ),
        passed=finding.passed,
    )


def _former(link: Link | None) -> messages.Former | None:
    if link is None:
        return None
    return messages.Former(epoch=link.epoch, seq=link.seq, hash=link.hash)


def _match(found: MatchFinding | None) -> messages.Match | None:
    if found is None:
        return None
    return messages.Match(
        score=_scaled(found.score), threshold=_scaled(found.threshold)
    )


def _consent(consent: Consent | None) -> messages.Consent | None:
    if consent is None:
        return None
    return messages.Consent(
        text=consent.text,
        given=consent.given,
        language=consent.language or None,
        digest=consent.digest or None,
        at=consent.at_s or None,
    )


def _card(
    card: Card | None, portrait_sha256: str, salt: bytes
) -> messages.CardFacts | None:
    if card is None:
        return None
    return messages.CardFacts(
        kind=card.kind,
        issuer=card.issuer or None,
        checked=list(card.checked),
        unchecked=list(card.unchecked) or None,
        reader=card.reader_id or None,
        portrait_digest=(
            portrait_digest(portrait_sha256, salt) if portrait_sha256 else None
        ),
    )


def _scaled(score: float) -> int:
    return round(score * SCALE)


def _scaled_or_none(score: float | None) -> int | None:
    return None if score is None else _scaled(score)
