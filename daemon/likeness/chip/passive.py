"""Passive authentication (ICAO 9303-11 clause 5.1): is it what the issuer signed?

Each step is a fact of its own, held or not with the reason:

- group_hashes: each group that was read is as the security object says;
- sod_signature: the security object is as its signer signed it;
- signer_valid: the signer's certificate is within its time, and was when it signed;
- issuer_chain: an issuer of the operator's store vouches for the signer;
- revocation: a current list of that issuer does not name the signer.

Leaves to others: whether the chip is the one it was (`examination`), what a concern
leads to (`core.verdict`), the signed message itself (`signed_data`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from asn1crypto import algos, core

from likeness.chip import signatures
from likeness.chip.certificate import Certificate
from likeness.chip.der import BadDer, Unsupported, reading
from likeness.chip.signatures import BadSignature
from likeness.chip.signed_data import SignedMessage, read_signed
from likeness.chip.trust_store import TrustStore
from likeness.core import data_groups
from likeness.core.data_groups import BadGroup
from likeness.core.vocabulary import Reason, Today

SECURITY_OBJECT = "2.23.136.1.1.1"
GROUPS_MOST = 16
MUST_BE_SIGNED = ("DG1", "DG2")  # ICAO 9303-10 table 2: no chip is without them
SIGNS = "digital_signature"
DAY_UNKNOWN = "day_unknown"


class Fact(StrEnum):
    """What can be known of a chip."""

    GROUP_HASHES = "group_hashes"
    SOD_SIGNATURE = "sod_signature"
    SIGNER_VALID = "signer_valid"
    ISSUER_CHAIN = "issuer_chain"
    REVOCATION = "revocation"
    ACTIVE_AUTHENTICATION = "active_authentication"
    CHIP_AUTHENTICATION = "chip_authentication"


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact: held where `why` is empty, else why not and what it means."""

    fact: str
    why: str = ""
    concern: Reason | None = None


@dataclass(frozen=True, slots=True)
class Passive:
    """All findings, and the files that the security object vouches for."""

    findings: tuple[Finding, ...]
    groups: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    signed: frozenset[str] = frozenset()  # groups it names, whether read or not


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """The hashes of the groups, as they were signed; not yet checked."""

    message: SignedMessage
    digest: str
    hashes: Mapping[str, bytes] = field(repr=False)  # who guesses a name can check it


class _GroupHash(core.Sequence):  # type: ignore[misc] # the library has no types
    _fields = [("number", core.Integer), ("value", core.OctetString)]  # noqa: RUF012


class _GroupHashes(core.SequenceOf):  # type: ignore[misc] # the library has no types
    _child_spec = _GroupHash


class _Version(core.Sequence):  # type: ignore[misc] # the library has no types
    _fields = [  # noqa: RUF012
        ("lds", core.PrintableString),
        ("unicode", core.PrintableString),
    ]


class _Object(core.Sequence):  # type: ignore[misc] # the library has no types
    _fields = [  # noqa: RUF012
        ("version", core.Integer),
        ("digest", algos.DigestAlgorithm),
        ("hashes", _GroupHashes),
        ("stated", _Version, {"optional": True}),  # since version 1
    ]


def authenticate(
    files: Mapping[str, bytes],
    store: TrustStore | None,
    today: date,
    *,
    is_known: bool = True,
) -> Passive:
    """Check what was read of one chip.

    Args:
        files: whole, by short name.
        store: whom the operator trusts; None: there is no store.
        today: the day of reading; the earliest that it can be, if `is_known` is false:
            then something may have ended for sure, and nothing is within its time.
        is_known: whether the clock can be believed.
    """
    day = Today(today, is_known)
    if "SOD" not in files:
        absent = Finding(Fact.SOD_SIGNATURE, "absent", Reason.CARD_UNSUPPORTED)
        return Passive((absent,))
    try:
        found = read_object(data_groups.content("SOD", files["SOD"]))
    except Unsupported:
        unknown = Finding(Fact.SOD_SIGNATURE, "unsupported", Reason.CARD_UNSUPPORTED)
        return Passive((unknown,))
    except (BadDer, BadGroup):
        broken = Finding(Fact.SOD_SIGNATURE, "unreadable", Reason.CARD_TAMPERED)
        return Passive((broken,))
    hashes, groups = _hashes(found, files)
    signer = found.message.certificate()
    signature = _signature(found.message, signer)
    findings = [*hashes, signature]
    if signature.why or signer is None:
        return Passive(tuple(findings), signed=frozenset(found.hashes))
    findings.append(_validity(found.message, signer, day))
    findings += _issuer(signer, store, day)
    believed = {"SOD": files["SOD"], **groups}
    return Passive(tuple(findings), believed, frozenset(found.hashes))


def read_object(der: bytes) -> SecurityObject:
    """Read the security object, version 0 or 1 (ICAO 9303-10 clause 4.6.2.3).

    Raises:
        BadDer: it is broken.
        Unsupported: its version or hash is none that is known.
    """
    message = read_signed(der)
    if message.kind != SECURITY_OBJECT:
        raise BadDer("a signed message that is no security object")
    with reading("a security object"):
        read = _Object.load(message.content, strict=True)
        version = int(read["version"].native)
        digest = str(read["digest"]["algorithm"].native)
        hashes = {
            f"DG{one['number'].native}": one["value"].native for one in read["hashes"]
        }
        if len(hashes) != len(read["hashes"]) or len(hashes) > GROUPS_MOST:
            raise ValueError("a group that stands there twice")
    if version not in (0, 1):
        raise Unsupported("a security object of an unknown version")
    signatures.digest(digest, b"")
    return SecurityObject(message, digest, hashes)


def _hashes(
    found: SecurityObject, files: Mapping[str, bytes]
) -> tuple[list[Finding], dict[str, bytes]]:
    """Compare each group; return those that are as they were signed."""
    good: dict[str, bytes] = {}
    wrong: list[Finding] = []
    for name in data_groups.GROUPS:
        stated = found.hashes.get(name)
        if stated is None:
            if name in MUST_BE_SIGNED:
                wrong.append(_untrue(name, "not_signed", Reason.CARD_TAMPERED))
            elif name in files:
                wrong.append(_untrue(name, "not_signed"))
        elif name in files:
            if signatures.digest(found.digest, files[name]) == stated:
                good[name] = files[name]
            else:
                wrong.append(_untrue(name, "differs", Reason.CARD_TAMPERED))
        elif name in MUST_BE_SIGNED:
            wrong.append(_untrue(name, "not_read"))
    # A group that is not signed or not there speaks for nothing, and against nothing.
    holds = not any(finding.concern for finding in wrong)
    return [Finding(Fact.GROUP_HASHES)] * holds + wrong, good


def _untrue(name: str, why: str, concern: Reason | None = None) -> Finding:
    return Finding(Fact.GROUP_HASHES, f"{name}_{why}", concern)


def _signature(message: SignedMessage, signer: Certificate | None) -> Finding:
    if signer is None:
        why, concern = "no_certificate", Reason.CARD_UNSUPPORTED
        return Finding(Fact.SOD_SIGNATURE, why, concern)
    try:
        message.check_digest()
        message.check_signature(signer)
    except Unsupported:
        why, concern = "unsupported", Reason.CARD_UNSUPPORTED
        return Finding(Fact.SOD_SIGNATURE, why, concern)
    except (BadDer, BadSignature):
        return Finding(Fact.SOD_SIGNATURE, "wrong", Reason.CARD_TAMPERED)
    return Finding(Fact.SOD_SIGNATURE)


def _validity(message: SignedMessage, signer: Certificate, today: Today) -> Finding:
    if today.day > signer.end.date():
        return Finding(Fact.SIGNER_VALID, "expired", Reason.SIGNER_EXPIRED)
    if today.is_known and today.day < signer.begin.date():
        return Finding(Fact.SIGNER_VALID, "not_yet_valid", Reason.ISSUER_NOT_VERIFIED)
    # The certificate outlives the time in which its key may sign (ICAO 9303-12, 5).
    begin, end = signer.key_period
    begin, end = max(begin or signer.begin, signer.begin), end or signer.end
    if message.signed_at is not None and not begin <= message.signed_at <= end:
        why = "signed_out_of_its_time"
        return Finding(Fact.SIGNER_VALID, why, Reason.ISSUER_NOT_VERIFIED)
    return Finding(Fact.SIGNER_VALID, "" if today.is_known else DAY_UNKNOWN)


def _issuer(
    signer: Certificate, store: TrustStore | None, today: Today
) -> Iterator[Finding]:
    """Yield what the store says of a signer: who vouches for it, who revoked it."""
    concern = Reason.ISSUER_NOT_VERIFIED
    if store is None:
        yield Finding(Fact.ISSUER_CHAIN, "no_store", concern)
        yield Finding(Fact.REVOCATION, "no_store")
        return
    candidates = store.candidates(signer.signed, signer.issuer_key_id)
    # More than one where a key was certified again: one that is in its time will do.
    issuers = [one for one in candidates if one.vouches_for(signer.signed)]
    if not issuers:
        yield Finding(Fact.ISSUER_CHAIN, "unknown_issuer", concern)
        yield Finding(Fact.REVOCATION, "unknown_issuer")
        return
    may = signer.usage is None or SIGNS in signer.usage
    if signer.is_authority or not may or signer.purposes:
        # The issuer vouches for it, but not to sign security objects (ICAO 9303-12).
        yield Finding(Fact.ISSUER_CHAIN, "signer_for_something_else", concern)
    elif not any(_in_time(issuer, today) for issuer in issuers):
        yield Finding(Fact.ISSUER_CHAIN, "issuer_expired", Reason.SIGNER_EXPIRED)
    else:
        yield Finding(Fact.ISSUER_CHAIN)
    yield _revocation(signer, issuers, store, today)


def _in_time(issuer: Certificate, today: Today) -> bool:
    """Say whether it is good as far as can be told; both its days belong to it."""
    begun = not today.is_known or issuer.begin.date() <= today.day
    return begun and today.day <= issuer.end.date()


def _revocation(
    signer: Certificate, issuers: list[Certificate], store: TrustStore, today: Today
) -> Finding:
    lists = [one for one in store.crls if one.signed.issuer == signer.signed.issuer]
    if any(one.names(held) for one in store.crls for held in (signer, *issuers)):
        return Finding(Fact.REVOCATION, "revoked", Reason.SIGNER_REVOKED)
    if not lists:
        return Finding(Fact.REVOCATION, "no_list")
    if not today.is_known:
        return Finding(Fact.REVOCATION, DAY_UNKNOWN)
    if not any(one.is_current(today.day) for one in lists):
        return Finding(Fact.REVOCATION, "list_outdated")
    return Finding(Fact.REVOCATION)
