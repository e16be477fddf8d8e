"""Keys that sign in the name of a simulated state, and how their algorithms are named.

RSA PKCS#1 v1.5, RSA-PSS (RFC 4055), ECDSA (RFC 5758); a key over a curve may name the
curve or spell it out. Leaves to others: what is signed.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from likeness.simulators.emrtd_curves import CURVES, curve_of
from likeness.simulators.emrtd_der import NULL, explicit, integer, oid, sequence

RSA_BITS = 2048
RSA_EXPONENT = 65537
DIGESTS = ("sha1", "sha224", "sha256", "sha384", "sha512")

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_NIST = "2.16.840.1.101.3.4.2."
_PKCS1 = "1.2.840.113549.1.1."
_ECDSA = "1.2.840.10045.4."
# name: (the digest itself, with RSA PKCS#1 v1.5, with ECDSA)
_OIDS = {
    "sha1": ("1.3.14.3.2.26", f"{_PKCS1}5", f"{_ECDSA}1"),
    "sha224": (f"{_NIST}4", f"{_PKCS1}14", f"{_ECDSA}3.1"),
    "sha256": (f"{_NIST}1", f"{_PKCS1}11", f"{_ECDSA}3.2"),
    "sha384": (f"{_NIST}2", f"{_PKCS1}12", f"{_ECDSA}3.3"),
    "sha512": (f"{_NIST}3", f"{_PKCS1}13", f"{_ECDSA}3.4"),
}
HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - older documents are signed so
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


class Scheme(StrEnum):
    """How signatures are made."""

    RSA = "rsa"
    RSA_PSS = "rsa-pss"
    ECDSA = "ecdsa"
    ECDSA_EXPLICIT = "ecdsa-explicit"  # the curve's parameters are spelled out


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the one way in which it signs."""

    private: PrivateKey = field(repr=False)
    scheme: Scheme
    digest: str = "sha256"

    @classmethod
    def make(
        cls,
        scheme: Scheme = Scheme.ECDSA,
        digest: str = "sha256",
        curve: str = "brainpoolP256r1",
    ) -> "SigningKey":
        """Make a fresh key; `curve` is for the two ECDSA schemes."""
        if scheme in (Scheme.RSA, Scheme.RSA_PSS):
            fresh = rsa.generate_private_key(RSA_EXPONENT, RSA_BITS)
            return cls(fresh, scheme, digest)
        signing = CURVES[curve].signing
        if signing is None:
            raise ValueError(f"no signatures over {curve} here")
        return cls(ec.generate_private_key(signing()), scheme, digest)

    def algorithm(self) -> bytes:
        """Return the AlgorithmIdentifier of its signatures."""
        hashed, with_rsa, with_ec = _OIDS[self.digest]
        match self.scheme:
            case Scheme.RSA:
                return sequence(oid(with_rsa), NULL)
            case Scheme.RSA_PSS:
                inner = sequence(oid(hashed), NULL)
                return sequence(
                    oid(f"{_PKCS1}10"),
                    sequence(
                        explicit(0, inner),
                        explicit(1, sequence(oid(f"{_PKCS1}8"), inner)),
                        explicit(2, integer(self._hash.digest_size)),
                    ),
                )
            case Scheme.ECDSA | Scheme.ECDSA_EXPLICIT:
                return sequence(oid(with_ec))

    def sign(self, message: bytes) -> bytes:
        """Return the signature, ECDSA in its DER form."""
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(message, ec.ECDSA(self._hash))
        if self.scheme is Scheme.RSA:
            return self.private.sign(message, padding.PKCS1v15(), self._hash)
        pss = padding.PSS(padding.MGF1(self._hash), self._hash.digest_size)
        return self.private.sign(message, pss, self._hash)

    def public_info(self) -> bytes:
        """Return the SubjectPublicKeyInfo."""
        public = self.private.public_key()
        if self.scheme is Scheme.ECDSA_EXPLICIT:
            assert isinstance(public, ec.EllipticCurvePublicKey)  # noqa: S101
            curve = curve_of(public)
            return curve.public_key_info(self.public_bytes(), spelled_out=True)
        return public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def public_bytes(self) -> bytes:
        """Return the bare key, of which key identifiers are made (RFC 5280)."""
        public = self.private.public_key()
        if isinstance(public, ec.EllipticCurvePublicKey):
            return public.public_bytes(
                serialization.Encoding.X962,
                serialization.PublicFormat.UncompressedPoint,
            )
        return public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.PKCS1
        )

    @property
    def _hash(self) -> hashes.HashAlgorithm:
        return HASHES[self.digest]


def digest_algorithm(digest: str) -> bytes:
    """Return a digest's AlgorithmIdentifier."""
    return sequence(oid(_OIDS[digest][0]))
