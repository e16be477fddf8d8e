"""Signed messages of a simulated state: CMS, and the security object of a chip (SOD).

CMS as RFC 5652 and ICAO 9303-10 clause 4.6.2 want it: one signer with signed
attributes, its certificate inside. Leaves to others: keys and certificates
(emrtd_authority), the groups (emrtd_files).
"""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from likeness.simulators.emrtd_der import (
    explicit,
    integer,
    moment,
    octets,
    oid,
    printable,
    sequence,
    set_of,
    tlv,
)
from likeness.simulators.emrtd_keys import SigningKey, digest_algorithm

SIGNED_DATA = "1.2.840.113549.1.7.2"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SIGNING_TIME = "1.2.840.113549.1.9.5"
SECURITY_OBJECT = "2.23.136.1.1.1"
SIGNED_AT = datetime(2020, 6, 1, tzinfo=UTC)
EF_SOD = 0x77


class Signer(Protocol):
    """Whoever signs: `emrtd_authority.DocumentSigner`."""

    @property
    def key(self) -> SigningKey:
        """Its key."""
        ...

    @property
    def certificate(self) -> bytes:
        """Its certificate, DER."""
        ...

    @property
    def issuer(self) -> bytes:
        """Its issuer's Name, DER."""
        ...

    @property
    def serial(self) -> int:
        """Its certificate's number."""
        ...


def security_object(
    groups: Mapping[int, bytes],
    signer: Signer,
    *,
    digest: str = "sha256",
    version: int = 0,
    signed_at: datetime | None = SIGNED_AT,
) -> bytes:
    """Return EF.SOD over whole data groups, keyed by their numbers.

    Args:
        groups: the files as they stand on the chip.
        signer: whose key and certificate.
        digest: of the groups; the signature has the signer's own.
        version: of the LDS security object: 0, or 1 with the LDS's version in it.
        signed_at: stated in the signed attributes; None: not stated.
    """
    hashed = (
        sequence(integer(number), octets(hashlib.new(digest, data).digest()))
        for number, data in sorted(groups.items())
    )
    stated = sequence(printable("0108"), printable("040000")) if version else b""
    content = sequence(
        integer(version), digest_algorithm(digest), sequence(*hashed), stated
    )
    return tlv(
        EF_SOD, signed_data(SECURITY_OBJECT, content, signer, signed_at=signed_at)
    )


def signed_data(
    kind: str,
    content: bytes,
    signer: Signer,
    *,
    extra: tuple[bytes, ...] = (),
    signed_at: datetime | None = SIGNED_AT,
) -> bytes:
    """Return a CMS message with `content` (DER) of this kind; `extra` certificates."""
    digest = signer.key.digest
    attributes = [
        _attribute(CONTENT_TYPE, oid(kind)),
        _attribute(MESSAGE_DIGEST, octets(hashlib.new(digest, content).digest())),
    ]
    if signed_at is not None:
        attributes.append(_attribute(SIGNING_TIME, moment(signed_at)))
    # What is signed has the tag of a SET; what is sent has [0] (RFC 5652, 5.4).
    signed = set_of(*attributes)
    information = sequence(
        integer(1),
        sequence(signer.issuer, integer(signer.serial)),
        digest_algorithm(digest),
        b"\xa0" + signed[1:],
        signer.key.algorithm(),
        octets(signer.key.sign(signed)),
    )
    message = sequence(
        integer(3),
        set_of(digest_algorithm(digest)),
        sequence(oid(kind), explicit(0, octets(content))),
        explicit(0, *sorted((signer.certificate, *extra))),
        set_of(information),
    )
    return sequence(oid(SIGNED_DATA), explicit(0, message))


def _attribute(kind: str, value: bytes) -> bytes:
    return sequence(oid(kind), set_of(value))
