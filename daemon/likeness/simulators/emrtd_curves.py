"""The curves that simulated chips and authorities use, under all their names.

PACE's numbers are of ICAO 9303-11, table 11 (standardised domain parameters). Points
are computed by `ecdsa`: PACE needs a generator of its own, which `cryptography` does
not take. Not constant in time: for simulation only.
"""

from dataclasses import dataclass
from typing import Any

import ecdsa
from cryptography.hazmat.primitives.asymmetric import ec
from ecdsa.ellipticcurve import PointJacobi

from likeness.simulators.emrtd_der import bits, integer, octets, oid, sequence

Point = Any  # ecdsa is without types
UNCOMPRESSED = b"\x04"
PRIME_FIELD = "1.2.840.10045.1.1"
EC_PUBLIC_KEY = "1.2.840.10045.2.1"


@dataclass(frozen=True, slots=True)
class Curve:
    """One curve y² = x³ + ax + b over a prime field."""

    name: str
    pace_id: int
    oid: str
    points: Any  # of ecdsa
    signing: type[ec.EllipticCurve] | None  # None: cryptography does not have it

    @property
    def order(self) -> int:
        """How many points there are; the cofactor is 1."""
        return int(self.points.order)

    @property
    def generator(self) -> Point:
        """The standard's base point."""
        return self.points.generator

    @property
    def field_size(self) -> int:
        """How many bytes a coordinate has."""
        return (int(self.points.curve.p()).bit_length() + 7) // 8

    def encode(self, point: Point) -> bytes:
        """Return 04 || x || y."""
        return UNCOMPRESSED + self.x(point) + int(point.y()).to_bytes(self.field_size)

    def x(self, point: Point) -> bytes:
        """Return the x-coordinate, as long as the field: the shared secret of ECDH."""
        return int(point.x()).to_bytes(self.field_size)

    def decode(self, data: bytes) -> Point:
        """Read 04 || x || y.

        Raises:
            ValueError: another form or length, or no point of the curve.
        """
        size = self.field_size
        if len(data) != 1 + 2 * size or data[:1] != UNCOMPRESSED:
            raise ValueError("not an uncompressed point of this field")
        x, y = int.from_bytes(data[1 : 1 + size]), int.from_bytes(data[1 + size :])
        curve = self.points.curve
        if max(x, y) >= curve.p() or not curve.contains_point(x, y):
            raise ValueError("not a point of the curve")
        return PointJacobi(curve, x, y, 1, self.order)

    def scalar(self, random: bytes) -> int:
        """Turn random bytes into a private key, 1 to order - 1."""
        return int.from_bytes(random) % (self.order - 1) + 1

    def explicit_parameters(self) -> bytes:
        """Return ECParameters spelled out (RFC 3279, 2.3.5), as many states do."""
        curve, size = self.points.curve, self.field_size
        prime = int(curve.p())
        a, b = (int(value) % prime for value in (curve.a(), curve.b()))
        return sequence(
            integer(1),
            sequence(oid(PRIME_FIELD), integer(prime)),
            sequence(octets(a.to_bytes(size)), octets(b.to_bytes(size))),
            octets(self.encode(self.generator)),
            integer(self.order),
            integer(1),
        )

    def public_key_info(self, point: bytes, *, spelled_out: bool = False) -> bytes:
        """Return the SubjectPublicKeyInfo of an encoded point."""
        parameters = self.explicit_parameters() if spelled_out else oid(self.oid)
        return sequence(sequence(oid(EC_PUBLIC_KEY), parameters), bits(point))


_TELETRUST = "1.3.36.3.3.2.8.1.1."
_ALL = (
    Curve("secp192r1", 8, "1.2.840.10045.3.1.1", ecdsa.NIST192p, ec.SECP192R1),
    Curve("brainpoolP192r1", 9, f"{_TELETRUST}3", ecdsa.BRAINPOOLP192r1, None),
    Curve("secp224r1", 10, "1.3.132.0.33", ecdsa.NIST224p, ec.SECP224R1),
    Curve("brainpoolP224r1", 11, f"{_TELETRUST}5", ecdsa.BRAINPOOLP224r1, None),
    Curve("secp256r1", 12, "1.2.840.10045.3.1.7", ecdsa.NIST256p, ec.SECP256R1),
    Curve(
        "brainpoolP256r1",
        13,
        f"{_TELETRUST}7",
        ecdsa.BRAINPOOLP256r1,
        ec.BrainpoolP256R1,
    ),
    Curve("brainpoolP320r1", 14, f"{_TELETRUST}9", ecdsa.BRAINPOOLP320r1, None),
    Curve("secp384r1", 15, "1.3.132.0.34", ecdsa.NIST384p, ec.SECP384R1),
    Curve(
        "brainpoolP384r1",
        16,
        f"{_TELETRUST}11",
        ecdsa.BRAINPOOLP384r1,
        ec.BrainpoolP384R1,
    ),
    Curve(
        "brainpoolP512r1",
        17,
        f"{_TELETRUST}13",
        ecdsa.BRAINPOOLP512r1,
        ec.BrainpoolP512R1,
    ),
    Curve("secp521r1", 18, "1.3.132.0.35", ecdsa.NIST521p, ec.SECP521R1),
)
CURVES = {curve.name: curve for curve in _ALL}


def curve_of(key: ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey) -> Curve:
    """Return the curve of a key."""
    return next(one for one in _ALL if one.signing is type(key.curve))
