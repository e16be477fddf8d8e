"""All that can be proved of one chip that was read, with what could not be, and why.

The way in, passive authentication, then whether the chip is the one it was: active or
chip authentication, whose keys count only if the security object vouches for them.
What a chip should be able to prove and does not is a doubt; decision 25 says why.
Leaves to others: the steps (`passive`, `active_auth`), the card (`core.chip_card`).
"""

from collections.abc import Iterator
from datetime import date

from likeness.chip import active_auth
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.passive import Fact, Finding, Passive, authenticate
from likeness.chip.record import ActiveProof, ChipProof, ChipRecord
from likeness.chip.signatures import BadSignature
from likeness.chip.trust_store import TrustStore
from likeness.core.chip_card import Examination
from likeness.core.vocabulary import Reason

CLONE = "clone"  # no fact of its own: neither way to find out was offered
ACTIVE, CHIP = Fact.ACTIVE_AUTHENTICATION, Fact.CHIP_AUTHENTICATION


def examine(
    record: ChipRecord,
    store: TrustStore | None,
    today: date,
    *,
    is_known: bool = True,
) -> Examination:
    """Judge what was read of one chip.

    Args:
        record: its files, how it was opened, what it answered.
        store: whom the operator trusts; None: there is no store.
        today: the day of reading; the earliest that it can be, if `is_known` is false.
        is_known: whether the clock can be believed.
    """
    passive = authenticate(record.files, store, today, is_known=is_known)
    findings = [Finding(record.access), *passive.findings]
    if passive.groups:
        findings += _copies(record, passive)
    concerns = (one.concern for one in findings if one.concern is not None)
    return Examination(
        checked=tuple(str(one.fact) for one in findings if not one.why),
        unchecked=tuple(f"{one.fact}:{one.why}" for one in findings if one.why),
        concerns=tuple(dict.fromkeys(concerns)),
        groups=passive.groups,
    )


def _copies(record: ChipRecord, passive: Passive) -> tuple[Finding, ...]:
    """Say what is known of the chip being no copy.

    One proof is enough; without any, each one that was to be had is a doubt.
    """
    found = (*_chip(record.chip, passive), *_active(record.active, passive))
    if not found:
        return (Finding(CLONE, "not_offered"),)
    if any(not one.why for one in found):
        return tuple(
            one if one.concern is not Reason.CLONE_IN_DOUBT else _plain(one)
            for one in found
        )
    return found


def _plain(finding: Finding) -> Finding:
    return Finding(finding.fact, finding.why)


def _chip(proof: ChipProof, passive: Passive) -> Iterator[Finding]:
    if "DG14" not in passive.groups:
        # It is signed for, so the chip has it: a copy may have good reasons to hide it.
        if "DG14" in passive.signed:
            yield Finding(CHIP, "withheld", Reason.CLONE_IN_DOUBT)
        elif proof is not ChipProof.NOT_OFFERED:
            yield Finding(CHIP, "key_not_signed")
        return
    match proof:
        case ChipProof.PROVED:
            yield Finding(CHIP)
        case ChipProof.FAILED:
            yield Finding(CHIP, "failed", Reason.CARD_CLONED)
        case ChipProof.UNSUPPORTED:
            yield Finding(CHIP, "unsupported")
        case ChipProof.NOT_OFFERED:
            pass


def _active(proof: ActiveProof | None, passive: Passive) -> Iterator[Finding]:
    if "DG15" not in passive.groups:
        if "DG15" in passive.signed:
            yield Finding(ACTIVE, "withheld", Reason.CLONE_IN_DOUBT)
        return
    if proof is None:
        yield Finding(ACTIVE, "not_asked", Reason.CLONE_IN_DOUBT)
    elif not proof.response:
        yield Finding(ACTIVE, "no_answer", Reason.CLONE_IN_DOUBT)
    else:
        yield _answered(proof, passive)


def _answered(proof: ActiveProof, passive: Passive) -> Finding:
    groups = passive.groups
    try:
        active_auth.check(proof, groups["DG15"], groups.get("DG14"))
    except BadSignature:
        return Finding(ACTIVE, "failed", Reason.CARD_CLONED)
    except (BadDer, Unsupported):
        return Finding(ACTIVE, "unsupported")
    return Finding(ACTIVE)
