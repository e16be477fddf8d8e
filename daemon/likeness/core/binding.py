"""May this result bind this number? Facts in, a named doubt out; none: it may.

A number is bound to a person by one result: verified, fresh, unused, of production, of
the right transaction, purpose and terminal. Whatever is not known is a doubt, so that
nothing is bound by what was forgotten here. Leaves to others: where the facts come from
(`carrier.register.judging`), who holds which number (`carrier.register`), words for
people.
"""

import hmac
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from likeness.core.numbering import Kind
from likeness.core.vocabulary import Environment, NonceSource, Purpose


class Doubt(StrEnum):
    """Why nothing is bound."""

    # --- of the transaction ---
    UNKNOWN_TRANSACTION = "unknown_transaction"
    TRANSACTION_ENDED = "transaction_ended"
    # --- of the result ---
    NO_RESULT = "no_result"
    NOT_PRODUCTION = "not_production"
    RESULT_REFUSED = "result_refused"
    KEY_REVOKED = "key_revoked"
    NOT_CONTIGUOUS = "not_contiguous"
    CHAIN_IN_DOUBT = "chain_in_doubt"
    OTHER_TRANSACTION = "other_transaction"
    OTHER_DEVICE = "other_device"
    OTHER_PURPOSE = "other_purpose"
    REFUSED = "refused"
    REFERRED_UNDECIDED = "referred_undecided"
    NONCE_IN_DOUBT = "nonce_in_doubt"
    OLDER_THAN_TRANSACTION = "older_than_transaction"
    CONSENT_MISSING = "consent_missing"
    NO_PERSON = "no_person"
    STALE = "stale"
    USED_BEFORE = "used_before"
    # --- of the number ---
    NUMBER_MALFORMED = "number_malformed"
    OTHER_NUMBER = "other_number"
    NUMBER_TAKEN = "number_taken"
    NUMBER_FREE = "number_free"
    OTHER_PERSON = "other_person"
    SAME_PERSON = "same_person"
    TOO_MANY_NUMBERS = "too_many_numbers"
    DISPUTED = "disputed"
    UNKNOWN_DISPUTE = "unknown_dispute"
    SETTLED_BEFORE = "settled_before"
    # --- of what is asked for ---
    NAME_TAKEN = "name_taken"
    UNKNOWN_DEVICE = "unknown_device"


SKEW_S = 60  # between the clocks of who takes in and who binds
# What a result for this purpose may bind.
BINDS = {Purpose.NEW_NUMBER: Kind.MOBILE, Purpose.NEW_INTERNET: Kind.INTERNET}
# What a result for this purpose may say about a number that is bound.
CONFIRMS = frozenset({Purpose.REPLACE_SIM, Purpose.REVERIFY_OWNER})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A transaction that was opened."""

    name: str
    purpose: Purpose
    device: str  # empty: any terminal of ours
    opened_s: int
    expires_s: int  # its result must be kept here by then


@dataclass(frozen=True, slots=True)
class Nonce:
    """What the carrier gave for a visit, and who has used it."""

    transaction: str
    purpose: str
    given_s: int
    used_here: bool  # by this very result


@dataclass(frozen=True, slots=True)
class Seen:
    """All that is known of one result, from what is kept alone."""

    device: str
    transaction: str
    purpose: str
    environment: str  # "" where the claims cannot be read
    verdict: str
    is_refused: bool  # by this carrier: not taken
    key_is_good: bool  # now: the signature was checked again
    device_is_productive: bool  # now
    is_contiguous: bool
    chain_alarm: bool
    nonce_alarm: bool
    nonce_source: str
    nonce: Nonce | None
    decided: str  # by attendants: "accept", "refuse"; empty: nothing
    has_consent: bool
    has_person: bool
    kept_s: int
    used_by: str  # the transaction that has used it; empty: none


@dataclass(frozen=True, slots=True)
class Rules:
    """What the carrier has set."""

    fresh_s: int
    at_most: dict[Kind, int]
    decided: bool  # what attendants have accepted counts as accepted
    country: str = ""  # its calling code: both forms of a number are the same one


@dataclass(frozen=True, slots=True)
class Holding:
    """A number as it is bound now; `person` is a keyed digest."""

    kind: Kind
    number: str = field(repr=False)
    person: str = field(repr=False)
    is_disputed: bool = False


def doubt_result(
    wanted: Wanted,
    seen: Seen | None,
    rules: Rules,
    now_s: int,
    purposes: Collection[Purpose],
) -> Doubt | None:
    """Say why a result may not be used for a transaction; None: it may.

    Args:
        wanted: the transaction.
        seen: its result; None: there is none.
        rules: the carrier's.
        now_s: the carrier's own clock, as for all times here.
        purposes: what it is to be used for now.
    """
    if wanted.purpose not in purposes:
        return Doubt.OTHER_PURPOSE
    if seen is None:
        return Doubt.NO_RESULT
    used = seen.used_by and seen.used_by != wanted.name
    tests = (
        (seen.environment != Environment.PRODUCTION, Doubt.NOT_PRODUCTION),
        (seen.is_refused, Doubt.RESULT_REFUSED),
        (not seen.key_is_good, Doubt.KEY_REVOKED),
        (not seen.device_is_productive, Doubt.NOT_PRODUCTION),
        (not seen.is_contiguous, Doubt.NOT_CONTIGUOUS),
        (seen.chain_alarm, Doubt.CHAIN_IN_DOUBT),
        (seen.transaction != wanted.name, Doubt.OTHER_TRANSACTION),
        (seen.device != (wanted.device or seen.device), Doubt.OTHER_DEVICE),
        (seen.purpose != wanted.purpose, Doubt.OTHER_PURPOSE),
        (bool(used), Doubt.USED_BEFORE),
    )
    for holds, doubt in tests:
        if holds:
            return doubt
    return (
        _doubt_verdict(seen, rules)
        or _doubt_nonce(wanted, seen)
        or _doubt_person(wanted, seen, rules, now_s)
    )


def _doubt_verdict(seen: Seen, rules: Rules) -> Doubt | None:
    if seen.verdict == "accepted":
        return None
    if seen.verdict != "referred" or seen.decided == "refuse":
        return Doubt.REFUSED
    is_accepted = rules.decided and seen.decided == "accept"
    return None if is_accepted else Doubt.REFERRED_UNDECIDED


def _doubt_nonce(wanted: Wanted, seen: Seen) -> Doubt | None:
    """Only our own nonce, given for this and used by this, proves when it was made."""
    given = seen.nonce
    if given is not None and given.transaction != wanted.name:
        return Doubt.OTHER_TRANSACTION
    if given is not None and given.purpose != wanted.purpose:
        return Doubt.OTHER_PURPOSE
    ours = given is not None and given.used_here and not seen.nonce_alarm
    if not ours or seen.nonce_source == NonceSource.DEVICE:
        return Doubt.NONCE_IN_DOUBT
    if given is None or given.given_s < wanted.opened_s:
        return Doubt.OLDER_THAN_TRANSACTION
    return None


def _doubt_person(wanted: Wanted, seen: Seen, rules: Rules, now_s: int) -> Doubt | None:
    if not seen.has_consent:
        return Doubt.CONSENT_MISSING
    if not seen.has_person:
        return Doubt.NO_PERSON
    # How old it is by a clock that was set back nobody knows.
    is_fresh = -SKEW_S <= now_s - seen.kept_s <= rules.fresh_s
    in_time = seen.kept_s <= wanted.expires_s
    return None if is_fresh and in_time else Doubt.STALE


def doubt_binding(
    purpose: Purpose,
    kind: Kind,
    person: str,
    holding: Holding | None,
    count: int,
    rules: Rules,
) -> Doubt | None:
    """Say why this person's result may not touch this number; None: it may.

    Args:
        purpose: of the result.
        kind: of the number.
        person: the digest of who stands in the result.
        holding: how the number is bound now; None: it is free.
        count: how many numbers of this kind the person holds.
        rules: the carrier's.
    """
    if purpose in CONFIRMS:
        if holding is None:
            return Doubt.NUMBER_FREE
        if not hmac.compare_digest(holding.person, person):
            return Doubt.OTHER_PERSON
        stopped = holding.is_disputed and purpose is Purpose.REPLACE_SIM
        return Doubt.DISPUTED if stopped else None
    if BINDS.get(purpose) is not kind:
        return Doubt.OTHER_PURPOSE
    if holding is not None:
        return Doubt.NUMBER_TAKEN
    return Doubt.TOO_MANY_NUMBERS if count >= rules.at_most[kind] else None


def doubt_transfer(
    kind: Kind,
    holder: str,
    successor: str,
    holding: Holding | None,
    count: int,
    rules: Rules,
) -> Doubt | None:
    """Say why a number may not go from its holder to another person; None: it may."""
    if holding is None:
        return Doubt.NUMBER_FREE
    if not hmac.compare_digest(holding.person, holder):
        return Doubt.OTHER_PERSON
    if hmac.compare_digest(holder, successor):
        return Doubt.SAME_PERSON
    if holding.is_disputed:
        return Doubt.DISPUTED
    return Doubt.TOO_MANY_NUMBERS if count >= rules.at_most[kind] else None
