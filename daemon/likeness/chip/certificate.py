"""Certificates and revocation lists of issuers of chips, as plain values.

Profiles: ICAO 9303-12. What is signed is kept as it was received. Leaves to others:
which certificate vouches for which (`trust_store`, `passive`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from typing import Any

from asn1crypto import core, crl, x509

from likeness.chip import signatures
from likeness.chip.der import BadDer, Unsupported, moment, reading

CERTIFICATE_MOST_BYTES = 16_384
CRL_MOST_BYTES = 1_000_000
PERIOD = ("not_before", "not_after")
PRIVATE_KEY_USAGE = "private_key_usage_period"
READ = {
    "authority_key_identifier",
    "basic_constraints",
    "extended_key_usage",
    "key_identifier",
    "key_usage",
    "subject_alt_name",
    PRIVATE_KEY_USAGE,
}
# What is understood; another critical extension would say something that we miss.
UNDERSTOOD = READ | {
    "certificate_policies",
    "crl_distribution_points",
    "issuer_alt_name",
}


@dataclass(frozen=True, slots=True)
class Signed:
    """Something with a signature of an issuer."""

    body: bytes = field(repr=False)  # what was signed
    algorithm: bytes  # AlgorithmIdentifier, DER
    signature: bytes = field(repr=False)
    issuer: str  # normalised, to be compared


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate."""

    signed: Signed = field(repr=False)
    serial: int
    subject: str  # normalised, to be compared
    label: str  # the subject as a person reads it
    begin: datetime
    end: datetime
    key: bytes = field(repr=False)  # SubjectPublicKeyInfo, DER
    fingerprint: str  # SHA-256 of the certificate, in hex
    key_id: bytes = b""
    issuer_key_id: bytes = b""
    is_authority: bool = False
    most_below: int | None = None  # authorities below it; None: not stated
    usage: frozenset[str] | None = None  # None: not stated
    purposes: frozenset[str] = frozenset()  # extended key usage, OIDs
    key_period: tuple[datetime | None, datetime | None] = (None, None)
    country: str = ""  # of the subject, as it is written
    has_hosts: bool = False  # it names hosts of a network

    def vouches_for(self, signed: Signed) -> bool:
        """Say whether this certificate's key made a signature; names are not asked."""
        try:
            key = signatures.public_key(self.key)
            signatures.check(key, signed.algorithm, signed.signature, signed.body)
        except (BadDer, Unsupported, signatures.BadSignature):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Crl:
    """One revocation list."""

    signed: Signed = field(repr=False)
    this_update: datetime
    next_update: datetime | None
    revoked: frozenset[int]

    def names(self, certificate: Certificate) -> bool:
        """Say whether it revokes a certificate of its own issuer."""
        same = certificate.signed.issuer == self.signed.issuer
        return same and certificate.serial in self.revoked

    def is_current(self, today: date) -> bool:
        """Say whether a newer one is not due yet."""
        due = self.next_update
        return self.this_update.date() <= today and (due is None or today <= due.date())


def read_certificate(der: bytes) -> Certificate:
    """Read one certificate.

    Raises:
        BadDer: it is broken, or too long.
        Unsupported: it has a critical extension that is not understood.
    """
    if len(der) > CERTIFICATE_MOST_BYTES:
        raise BadDer("a certificate that is too long")
    with reading("a certificate"):
        read = x509.Certificate.load(der, strict=True)
        body = read["tbs_certificate"]
        extensions = {e["extn_id"].native: e for e in body["extensions"]}
        found = Certificate(
            signed=_signed(read, body, "signature_value"),
            serial=int(body["serial_number"].native),
            subject=body["subject"].hashable,
            label=body["subject"].human_friendly,
            begin=moment(body["validity"]["not_before"]),
            end=moment(body["validity"]["not_after"]),
            key=body["subject_public_key_info"].dump(),
            fingerprint=sha256(der).hexdigest(),
            country=_country(body["subject"]),
            **_extensions(
                {
                    name: extensions[name]["extn_value"].parsed
                    for name in READ & extensions.keys()
                }
            ),
        )
        unknown = [
            name
            for name, extension in extensions.items()
            if extension["critical"].native and name not in UNDERSTOOD
        ]
    if unknown:
        raise Unsupported("a certificate with a critical extension that is not known")
    return found


def read_crl(der: bytes) -> Crl:
    """Read one revocation list.

    Raises:
        BadDer: it is broken, or too long.
        Unsupported: something in it is critical: it is about changes, or a part, or
            other issuers' certificates (RFC 5280 clause 5.2), which ICAO's never are.
    """
    if len(der) > CRL_MOST_BYTES:
        raise BadDer("a revocation list that is too long")
    with reading("a revocation list"):
        read = crl.CertificateList.load(der, strict=True)
        body = read["tbs_cert_list"]
        revoked = body["revoked_certificates"]
        entries = tuple(revoked) if revoked.native else ()
        extensions = [entry["crl_entry_extensions"] for entry in entries]
        extensions.append(body["crl_extensions"])
        partial = any(one["critical"].native for held in extensions for one in held)
        found = Crl(
            signed=_signed(read, body, "signature"),
            this_update=moment(body["this_update"]),
            next_update=_stated(body["next_update"]),
            revoked=frozenset(
                int(entry["user_certificate"].native) for entry in entries
            ),
        )
    if partial:
        raise Unsupported("a revocation list that is not the whole of its issuer's")
    return found


def _signed(read: core.Sequence, body: core.Sequence, signature: str) -> Signed:
    algorithm = read["signature_algorithm"].dump()
    if body["signature"].dump() != algorithm:  # RFC 5280 clause 4.1.1.2
        raise ValueError("two different algorithms")
    return Signed(
        body=body.dump(),
        algorithm=algorithm,
        signature=bytes(read[signature].native),
        issuer=body["issuer"].hashable,
    )


def _country(name: x509.Name) -> str:
    country = name.native.get("country_name", "")
    return country if isinstance(country, str) else ""  # several are none


def _extensions(parsed: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if "key_identifier" in parsed:
        found["key_id"] = bytes(parsed["key_identifier"].native)
    if "authority_key_identifier" in parsed:
        identifier = parsed["authority_key_identifier"]["key_identifier"].native
        found["issuer_key_id"] = bytes(identifier or b"")
    if "basic_constraints" in parsed:
        constraints = parsed["basic_constraints"]
        found["is_authority"] = bool(constraints["ca"].native)
        found["most_below"] = constraints["path_len_constraint"].native
    if "key_usage" in parsed:
        found["usage"] = frozenset(parsed["key_usage"].native)
    if "extended_key_usage" in parsed:
        purposes = parsed["extended_key_usage"]
        found["purposes"] = frozenset(purpose.dotted for purpose in purposes)
    if "subject_alt_name" in parsed:
        names = parsed["subject_alt_name"]
        found["has_hosts"] = any(one.name == "dns_name" for one in names)
    if PRIVATE_KEY_USAGE in parsed:
        period = parsed[PRIVATE_KEY_USAGE]
        found["key_period"] = tuple(_stated(period[side]) for side in PERIOD)
    return found


def _stated(value: core.Asn1Value) -> datetime | None:
    return None if isinstance(value, core.Void) else moment(value)
