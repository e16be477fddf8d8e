"""Signed messages (CMS SignedData, RFC 5652): the SOD of a chip, a master list.

One signer with signed attributes, as ICAO 9303-10 and 9303-12 ask for. What is checked
is what was received, nothing is encoded anew but the one byte that the standard names.
Leaves to others: what the content says, who may sign it.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import cms, core

from likeness.chip import signatures
from likeness.chip.certificate import Certificate, read_certificate
from likeness.chip.der import BadDer, Unsupported, moment, reading
from likeness.chip.signatures import BadSignature

MESSAGE_MOST_BYTES = 16_000_000  # a master list of every state has less than two
CERTIFICATES_MOST = 64
SIGNED_DATA = "signed_data"
SIGNING_TIME = "signing_time"
SET_OF = b"\x31"  # signed attributes are signed as what they are, not as [0] (5.4)


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """One message, taken apart and not yet checked."""

    kind: str  # OID of the content
    content: bytes = field(repr=False)
    attributes: bytes = field(repr=False)  # as they were signed
    stated_kind: str  # in the attributes, as the two that follow
    stated_digest: bytes = field(repr=False)
    signed_at: datetime | None
    digest: str  # of the content
    algorithm: bytes  # AlgorithmIdentifier of the signature, DER
    signature: bytes = field(repr=False)
    signer: tuple[str, int] | bytes  # issuer and serial number, or key identifier
    certificates: tuple[Certificate, ...] = field(repr=False)

    def certificate(self) -> Certificate | None:
        """Return the signer's certificate; None: the message does not carry it."""
        for one in self.certificates:
            if self.signer in (one.key_id, (one.signed.issuer, one.serial)):
                return one
        return None

    def check_digest(self) -> None:
        """Check that the attributes speak of this content.

        Raises:
            BadSignature: they speak of another.
            Unsupported: the hash is none of ours.
        """
        if self.stated_kind != self.kind:
            raise BadSignature("the signed attributes name another kind of content")
        if signatures.digest(self.digest, self.content) != self.stated_digest:
            raise BadSignature("the content is not what was signed")

    def check_signature(self, signer: Certificate) -> None:
        """Check the attributes' signature.

        Raises:
            BadSignature: it is not of this signer.
            BadDer: its key or the algorithm are broken.
            Unsupported: the algorithm is not computed here.
        """
        key = signatures.public_key(signer.key)
        signatures.check(
            key, self.algorithm, self.signature, self.attributes, hint=self.digest
        )


def read_signed(der: bytes) -> SignedMessage:
    """Take a message apart.

    Raises:
        BadDer: it is broken or too long.
        Unsupported: it has not one signer, or no signed attributes.
    """
    if len(der) > MESSAGE_MOST_BYTES:
        raise BadDer("a signed message that is too long")
    with reading("a signed message"):
        outer = cms.ContentInfo.load(der)
        if outer["content_type"].native != SIGNED_DATA:
            raise BadDer("a message that is not signed")
        message = outer["content"]
        signers = message["signer_infos"]
        if len(signers) != 1 or isinstance(signers[0]["signed_attrs"], core.Void):
            raise Unsupported("a message that is not signed by one, with attributes")
        signer = signers[0]
        inner = message["encap_content_info"]
        stated = _attributes(signer["signed_attrs"])
        return SignedMessage(
            kind=inner["content_type"].dotted,
            content=bytes(inner["content"]),
            attributes=SET_OF + signer["signed_attrs"].dump()[1:],
            stated_kind=stated["content_type"].dotted,
            stated_digest=bytes(stated["message_digest"].native),
            signed_at=moment(stated[SIGNING_TIME]) if SIGNING_TIME in stated else None,
            digest=signer["digest_algorithm"]["algorithm"].native,
            algorithm=signer["signature_algorithm"].dump(),
            signature=bytes(signer["signature"].native),
            signer=_signer(signer["sid"]),
            certificates=_certificates(message["certificates"]),
        )


def _attributes(attributes: cms.CMSAttributes) -> dict[str, Any]:
    """Return the one value of each attribute by its name."""
    found: dict[str, Any] = {}
    for attribute in attributes:
        name, values = attribute["type"].native, attribute["values"]
        if name in found or len(values) != 1:  # RFC 5652 clause 11: exactly one
            raise ValueError("an attribute with more than one value")
        found[name] = values[0]
    return found


def _signer(identifier: cms.SignerIdentifier) -> tuple[str, int] | bytes:
    chosen = identifier.chosen
    if identifier.name == "subject_key_identifier":
        return bytes(chosen.native)
    return chosen["issuer"].hashable, int(chosen["serial_number"].native)


def _certificates(held: cms.CertificateSet) -> tuple[Certificate, ...]:
    """Read those that can be read: one that cannot is no signer's."""
    if isinstance(held, core.Void):
        return ()
    if len(held) > CERTIFICATES_MOST:
        raise ValueError("too many certificates")
    found = []
    for one in held:
        with suppress(BadDer, Unsupported):
            found.append(read_certificate(one.chosen.dump()))
    return tuple(found)
