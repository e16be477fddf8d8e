"""A simulated state that issues chips: its CSCA, document signers, CRL and master list.

    state = CountryAuthority()
    signer = state.signer(Scheme.RSA_PSS)
    sod = security_object({1: dg1, 2: dg2}, signer)   # emrtd_signed_data
    state.certificate, state.crl(signer.serial), state.master_list(other)

Certificates follow the profile of ICAO 9303-12; they are written byte by byte, since a
spelled-out curve is in no library's builder. Nobody must ever trust one. Leaves to
others: signed messages (emrtd_signed_data), what stands on a chip (emrtd_files).
"""

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography.x509 import random_serial_number

from likeness.simulators.emrtd_der import (
    TRUE,
    bits,
    explicit,
    integer,
    moment,
    octets,
    oid,
    printable,
    sequence,
    set_of,
    tlv,
    utf8,
)
from likeness.simulators.emrtd_keys import Scheme, SigningKey
from likeness.simulators.emrtd_signed_data import signed_data

BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
CSCA_END = datetime(2045, 1, 1, tzinfo=UTC)
SIGNER_END = datetime(2040, 1, 1, tzinfo=UTC)
LONG_PAST = datetime(2021, 1, 1, tzinfo=UTC)  # for signers that expired
MASTER_LIST = "2.23.136.1.1.2"
MASTER_LIST_SIGNER = "2.23.136.1.1.3"

_KEY_USAGE, BASIC, _EXTENDED = "2.5.29.15", "2.5.29.19", "2.5.29.37"
_SUBJECT_KEY, _AUTHORITY_KEY = "2.5.29.14", "2.5.29.35"
_CRL_NUMBER, _CHANGES = "2.5.29.20", "2.5.29.27"
SIGNS_CERTIFICATES = bits(b"\x04", 2)
SIGNS_LISTS = bits(b"\x02", 1)
_SIGNS_CERTIFICATES_AND_LISTS = bits(b"\x06", 1)
_SIGNS_DATA = bits(b"\x80", 7)
ENCIPHERS_KEYS = bits(b"\x20", 5)


@dataclass(frozen=True, slots=True)
class DocumentSigner:
    """Who signs security objects: a key and its certificate."""

    key: SigningKey
    certificate: bytes  # DER
    issuer: bytes  # Name, DER
    serial: int


class CountryAuthority:
    """A country signing certification authority (CSCA); everything is in memory."""

    def __init__(
        self,
        country: str = "UT",
        scheme: Scheme = Scheme.ECDSA,
        digest: str = "sha256",
        curve: str = "brainpoolP256r1",
        *,
        key: SigningKey | None = None,
        certificate: bytes = b"",
        begin: datetime = BEGIN,
        end: datetime = CSCA_END,
        number: int = 1,
        usage: bytes = _SIGNS_CERTIFICATES_AND_LISTS,
    ) -> None:
        """Make a CSCA with a self-signed certificate.

        Args:
            country: two letters, as in the subject's countryName.
            scheme: how it signs.
            digest: with which digest.
            curve: over which curve, for ECDSA.
            key: use this one; scheme, digest and curve are then its own.
            certificate: use this one, which was made for the key.
            begin: from when it is good.
            end: until when.
            number: of its generation; stands in its name.
            usage: of its key, as its certificate states it.
        """
        self.key = key or SigningKey.make(scheme, digest, curve)
        self.name = _name(country, f"CSCA of nowhere {number}")
        self._country = country
        self.certificate = certificate or self._issue(
            self.key,
            self.name,
            random_serial_number(),
            begin,
            end,
            for_authority=True,
            usage=usage,
        )

    def signer(
        self,
        scheme: Scheme = Scheme.ECDSA,
        digest: str = "sha256",
        curve: str = "brainpoolP256r1",
        *,
        key: SigningKey | None = None,
        begin: datetime = BEGIN,
        end: datetime = SIGNER_END,
        serial: int | None = None,
        purpose: str = "",
        usage: bytes = _SIGNS_DATA,
        more: bytes = b"",
    ) -> DocumentSigner:
        """Make a document signer.

        `purpose` is an extended key usage's OID or none, `usage` the key usage, `more`
        further extensions (see `extension`).
        """
        key = key or SigningKey.make(scheme, digest, curve)
        serial = random_serial_number() if serial is None else serial
        subject = _name(self._country, "Document signer of nowhere")
        certificate = self._issue(
            key, subject, serial, begin, end, purpose=purpose, usage=usage, more=more
        )
        return DocumentSigner(key, certificate, self.name, serial)

    def link_to(self, successor: "CountryAuthority") -> bytes:
        """Return a link certificate: this CSCA vouches for the next one's key."""
        return self._issue(
            successor.key,
            successor.name,
            random_serial_number(),
            BEGIN,
            CSCA_END,
            for_authority=True,
        )

    def crl(
        self,
        *revoked: int,
        at: datetime = BEGIN,
        end: datetime = SIGNER_END,
        changes: bool = False,
        name: bytes = b"",
    ) -> bytes:
        """Return a list (DER) of revoked certificates' serial numbers.

        `changes`: it says of itself that it only holds what is new (RFC 5280, 5.2.4).
        `name`: another one stands there as its issuer.
        """
        entries = [sequence(integer(serial), moment(at)) for serial in revoked]
        body = sequence(
            integer(1),
            self.key.algorithm(),
            name or self.name,
            moment(at),
            moment(end),
            *([sequence(*entries)] if entries else []),
            explicit(
                0,
                sequence(
                    extension(_AUTHORITY_KEY, _authority_key(self.key)),
                    extension(_CRL_NUMBER, integer(1)),
                    extension(_CHANGES, integer(1), critical=True) if changes else b"",
                ),
            ),
        )
        return self._signed(body)

    def master_list(self, *others: "CountryAuthority") -> bytes:
        """Return a signed list (CMS) of its own certificate and others'."""
        signer = self.signer(purpose=MASTER_LIST_SIGNER)
        certificates = set_of(
            self.certificate, *(other.certificate for other in others)
        )
        content = sequence(integer(0), certificates)
        return signed_data(MASTER_LIST, content, signer, extra=(self.certificate,))

    def _issue(
        self,
        key: SigningKey,
        subject: bytes,
        serial: int,
        begin: datetime,
        end: datetime,
        *,
        for_authority: bool = False,
        purpose: str = "",
        usage: bytes = _SIGNS_CERTIFICATES_AND_LISTS,
        more: bytes = b"",
    ) -> bytes:
        extensions = [
            extension(_AUTHORITY_KEY, _authority_key(self.key)),
            extension(_SUBJECT_KEY, octets(_key_id(key))),
            extension(_KEY_USAGE, usage, critical=True),
        ]
        if for_authority:
            may = sequence(TRUE, integer(0))  # issue signers, and no authority
            extensions.append(extension(BASIC, may, critical=True))
        if purpose:
            extensions.append(
                extension(_EXTENDED, sequence(oid(purpose)), critical=True)
            )
        body = sequence(
            explicit(0, integer(2)),
            integer(serial),
            self.key.algorithm(),
            self.name,
            sequence(moment(begin), moment(end)),
            subject,
            key.public_info(),
            explicit(3, sequence(*extensions, more)),
        )
        return self._signed(body)

    def _signed(self, body: bytes) -> bytes:
        return sequence(body, self.key.algorithm(), bits(self.key.sign(body)))


def _name(country: str, common: str) -> bytes:
    parts = (
        ("2.5.4.6", printable(country)),
        ("2.5.4.10", utf8("Simulated, trust nothing of it")),
        ("2.5.4.3", utf8(common)),
    )
    return sequence(*(set_of(sequence(oid(kind), text)) for kind, text in parts))


def _key_id(key: SigningKey) -> bytes:
    return hashlib.sha1(key.public_bytes(), usedforsecurity=False).digest()


def _authority_key(key: SigningKey) -> bytes:
    return sequence(tlv(0x80, _key_id(key)))


def extension(kind: str, value: bytes, *, critical: bool = False) -> bytes:
    """Return an Extension of this OID."""
    return sequence(oid(kind), TRUE if critical else b"", octets(value))
