"""Public keys over elliptic curves, whether the curve is named or spelled out.

Issuers of chips often spell their curve out (ICAO 9303-12 clause 4.1.6.1 even asks for
it). A curve is only taken if all its parameters are those of a known one: any other
could be made so that its signatures are forged. Leaves to others: which signature is
checked (`signatures`).
"""

from dataclasses import dataclass, field

from asn1crypto import keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from ecdsa import VerifyingKey, curves
from ecdsa.ecdsa import Signature
from ecdsa.errors import MalformedPointError

from likeness.chip.der import BadDer, Unsupported, reading

HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 - older chips are signed so; see decision 25
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

KNOWN = (
    curves.NIST192p,
    curves.NIST224p,
    curves.NIST256p,
    curves.NIST384p,
    curves.NIST521p,
    curves.BRAINPOOLP160r1,
    curves.BRAINPOOLP192r1,
    curves.BRAINPOOLP224r1,
    curves.BRAINPOOLP256r1,
    curves.BRAINPOOLP320r1,
    curves.BRAINPOOLP384r1,
    curves.BRAINPOOLP512r1,
)
# What the faster library has; the others are older and computed by the slower one.
FAST: dict[str, type[ec.EllipticCurve]] = {
    "NIST192p": ec.SECP192R1,
    "NIST224p": ec.SECP224R1,
    "NIST256p": ec.SECP256R1,
    "NIST384p": ec.SECP384R1,
    "NIST521p": ec.SECP521R1,
    "BRAINPOOLP256r1": ec.BrainpoolP256R1,
    "BRAINPOOLP384r1": ec.BrainpoolP384R1,
    "BRAINPOOLP512r1": ec.BrainpoolP512R1,
}
PRIME_FIELD = "prime_field"
UNCOMPRESSED = b"\4"


@dataclass(frozen=True, slots=True)
class Domain:
    """A curve spelled out: y² = x³ + ax + b over p, a generator and its order."""

    p: int
    a: int
    b: int
    generator: tuple[int, int]
    order: int


@dataclass(frozen=True, slots=True)
class EcKey:
    """A point on a known curve; `point` as X9.62 writes it."""

    curve: curves.Curve
    point: bytes = field(repr=False)

    @property
    def size(self) -> int:
        """Bytes of each half of a plain signature."""
        return int(self.curve.order.bit_length() + 7) // 8

    def verifies(self, r: int, s: int, digest: bytes, algorithm: str) -> bool:
        """Say whether (r, s) signs this digest.

        Raises:
            BadDer: the point is not on the curve.
        """
        if not (0 < r < self.curve.order and 0 < s < self.curve.order):
            return False
        fast = FAST.get(self.curve.name)
        if fast is None:
            return self._verifies_slowly(r, s, digest)
        try:
            key = ec.EllipticCurvePublicKey.from_encoded_point(fast(), self.point)
        except UnsupportedAlgorithm:
            return self._verifies_slowly(r, s, digest)
        except ValueError:
            raise BadDer("a public key is not on its curve") from None
        hashed = utils.Prehashed(HASHES[algorithm])
        try:
            key.verify(utils.encode_dss_signature(r, s), digest, ec.ECDSA(hashed))
        except InvalidSignature:
            return False
        return True

    def _verifies_slowly(self, r: int, s: int, digest: bytes) -> bool:
        try:
            key = VerifyingKey.from_string(self.point, self.curve)
        except MalformedPointError:
            raise BadDer("a public key is not on its curve") from None
        shortened = int.from_bytes(digest)
        spare = len(digest) * 8 - self.curve.order.bit_length()
        shortened >>= max(spare, 0)  # the leftmost bits count (FIPS 186-5, 6.4.2)
        return bool(key.pubkey.verifies(shortened, Signature(r, s)))


def _domain(curve: curves.Curve) -> Domain:
    shape, generator = curve.curve, curve.generator
    point = (int(generator.x()), int(generator.y()))
    p = int(shape.p())
    return Domain(p, int(shape.a()) % p, int(shape.b()), point, int(curve.order))


_BY_DOMAIN = {_domain(curve): curve for curve in KNOWN}
_BY_OID = {".".join(map(str, curve.oid)): curve for curve in KNOWN}


def read_key(info: keys.PublicKeyInfo) -> EcKey:
    """Read a SubjectPublicKeyInfo of an elliptic curve.

    Raises:
        BadDer: it is broken.
        Unsupported: the curve is none that we know.
    """
    with reading("an elliptic curve key"):
        parameters = info["algorithm"]["parameters"]
        point = bytes(info["public_key"].native)
        if parameters.name == "named":
            curve = _BY_OID.get(parameters.chosen.dotted)
        elif parameters.name == "specified":
            domain = _spelled_out(parameters.chosen)
            curve = _BY_DOMAIN.get(domain) if domain else None
        else:
            curve = None
    if curve is None:
        raise Unsupported("an elliptic curve that is not known")
    return EcKey(curve, point)


def _spelled_out(domain: keys.SpecifiedECDomain) -> Domain | None:
    if domain["field_id"]["field_type"].native != PRIME_FIELD:
        return None
    p = int(domain["field_id"]["parameters"].native)
    base = bytes(domain["base"].native)
    a, b = (int.from_bytes(domain["curve"][side].native) for side in ("a", "b"))
    if base[:1] != UNCOMPRESSED:
        return None
    half = (len(base) - 1) // 2
    x, y = int.from_bytes(base[1 : 1 + half]), int.from_bytes(base[1 + half :])
    return Domain(p, a % p, b, (x, y), int(domain["order"].native))
