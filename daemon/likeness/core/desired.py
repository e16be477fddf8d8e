"""Which desired configuration a terminal takes, and how it comes back from a bad one.

    (none) ──accept──→ ON TRIAL ──lived──→ IN FORCE
                          └── begun so often and never lived ──→ the one before it

- A version must be greater than every one that was ever taken here, also if it was
  given back since; the very same one once more changes nothing.
- It is taken whole or not at all: an unknown key, a value out of range or a digest that
  does not fit refuses all of it, and what was in force stays.
- It takes force at a start, so a crash at any step ends in the one or in the other.
- A start that is stopped in order speaks neither for it nor against it.

Leaves to others: signatures, the file, whether the values fit this terminal.
"""

import hashlib
import json
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from likeness.core import jws, messages, orders, time_floor
from likeness.errors import Untrusted

STARTS_AT_MOST = 3  # without one that lived
LIVES_AFTER_S = 60.0


class Why(StrEnum):
    """Why a configuration is not taken."""

    MALFORMED = "malformed"
    WRONG_TYPE = "wrong_type"
    WRONG_DEVICE = "wrong_device"
    EXPIRED = "expired"
    NOT_YET = "not_yet"  # signed later than a believed clock says
    STALE = "stale"  # not newer than one that was taken before
    TOO_FAR = "too_far"  # a version that would use up those to come
    WRONG_DIGEST = "wrong_digest"
    DID_NOT_LIVE = "did_not_live"


class Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stands on the disk; tokens as they were signed, empty: the file's values."""

    current: str = ""
    previous: str = ""
    newest: int = 0  # version
    on_trial: bool = False
    starts: int = 0  # of the one on trial
    returned: str = ""  # the last one that was given back


@dataclass(frozen=True, slots=True)
class Wish:
    """A desired configuration that could be read."""

    version: int
    digest: str
    overrides: orders.Overrides
    issued_s: int
    expires_s: int
    token: str = field(repr=False)

    def is_same_as(self, other: "Wish") -> bool:
        """Say whether it asks for the same, also if it was signed anew."""
        return (self.version, self.digest) == (other.version, other.digest)


@dataclass(frozen=True, slots=True)
class Refused:
    """One that is not taken; version and digest as far as they are known."""

    why: str
    version: int = 0
    digest: str | None = None


def digest_of(config: bytes) -> str:
    """Return base64url SHA-256 of a configuration in the form of RFC 8785.

    Its values are whole numbers and text, so that form is: keys in order, no blanks.

    Raises:
        Untrusted: it is not a JSON object.
    """
    text = json.dumps(
        jws.load_object(config),
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
    )
    return jws.encode(hashlib.sha256(text.encode("utf-8", "replace")).digest())


def read(signed: jws.Unverified, token: str, device: str) -> Wish | Refused:
    """Read what a good signature stands under: whole, and as its digest says."""
    if signed.typ != messages.DESIRED:
        return Refused(Why.WRONG_TYPE)
    try:
        claims = messages.from_json(signed.payload, orders.Desired)
    except Untrusted:
        return Refused(Why.MALFORMED)
    version, digest = claims.version, claims.digest
    if claims.aud != device:
        return Refused(Why.WRONG_DEVICE, version, digest)
    if claims.exp < claims.iat:
        return Refused(Why.MALFORMED, version, digest)
    try:
        if digest_of(bytes(claims.config)) != digest:
            return Refused(Why.WRONG_DIGEST, version, digest)
        overrides = messages.from_json(bytes(claims.config), orders.Overrides)
    except Untrusted as fault:
        return Refused(f"{Why.MALFORMED}: {fault}", version, digest)
    return Wish(version, digest, overrides, claims.iat, claims.exp, token)


def unread(refused: Refused, ledger: Ledger) -> Refused:
    """Return why one is refused that cannot be read; its number may be no good."""
    if refused.version > ledger.newest + orders.STEP_AT_MOST:
        return Refused(Why.TOO_FAR, refused.version, refused.digest)
    return refused


def judge(
    wish: Wish, ledger: Ledger, earliest_s: int, believed_s: int | None = None
) -> Refused | None:
    """Return why a wish is not taken. The one in force is not to be judged.

    Args:
        wish: as it was read.
        ledger: what was taken before.
        earliest_s: the least that the time can be.
        believed_s: what a believed clock says; None: there is none.
    """
    why: Why | None = None
    if wish.token == ledger.returned:
        why = Why.DID_NOT_LIVE
    elif wish.version <= ledger.newest:
        why = Why.STALE
    elif wish.version > ledger.newest + orders.STEP_AT_MOST:
        why = Why.TOO_FAR
    elif wish.expires_s < earliest_s:
        why = Why.EXPIRED
    elif time_floor.is_ahead(wish.issued_s, believed_s):
        why = Why.NOT_YET
    return None if why is None else Refused(why, wish.version, wish.digest)


# --- the ledger ---------------------------------------------------------------------
def accept(ledger: Ledger, wish: Wish) -> Ledger:
    """The next start uses it, on trial; the one that last lived stands behind it."""
    behind = ledger.previous if ledger.on_trial else ledger.current
    return Ledger(
        current=wish.token, previous=behind, newest=wish.version, on_trial=True
    )


def start(ledger: Ledger) -> Ledger:
    """Count a start; one that was counted too often is given back."""
    if not ledger.on_trial:
        return ledger
    if ledger.starts >= STARTS_AT_MOST:
        return give_back(ledger)
    return msgspec.structs.replace(ledger, starts=ledger.starts + 1)


def ended_in_order(ledger: Ledger, token: str) -> Ledger:
    """Take back the count of a start that served and was stopped; it passes nothing."""
    if not ledger.on_trial or ledger.current != token:
        return ledger
    return msgspec.structs.replace(ledger, starts=max(0, ledger.starts - 1))


def give_back(ledger: Ledger) -> Ledger:
    """Go back to the one before; the version stays used up."""
    return Ledger(
        current=ledger.previous, newest=ledger.newest, returned=ledger.current
    )


def lived(ledger: Ledger) -> Ledger:
    """The one on trial is in force from now on."""
    return Ledger(current=ledger.current, newest=ledger.newest)
