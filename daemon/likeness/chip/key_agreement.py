"""Agrees with a chip on a secret over an elliptic curve (ICAO 9303-11 clause 9.6).

Generic mapping needs points over a generator of one talk alone, which the cryptography
package does not compute: ecdsa does, in plain Python. It takes a little longer for some
numbers than for others; each private number here lives for one talk only.
Leaves to others: which curve, what the secret becomes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ecdsa import curves
from ecdsa.ellipticcurve import INFINITY, PointJacobi

from likeness.errors import LikenessError

# Standardised domain parameters, ICAO 9303-11 clause 9.5.1; 0 to 2 are not curves.
CURVES_BY_ID = {
    8: curves.NIST192p,
    9: curves.BRAINPOOLP192r1,
    10: curves.NIST224p,
    11: curves.BRAINPOOLP224r1,
    12: curves.NIST256p,
    13: curves.BRAINPOOLP256r1,
    14: curves.BRAINPOOLP320r1,
    15: curves.NIST384p,
    16: curves.BRAINPOOLP384r1,
    17: curves.BRAINPOOLP512r1,
    18: curves.NIST521p,
}
UNCOMPRESSED = b"\x04"
SPARE_BYTES = 8  # so many more random ones that no private number is likelier


class BadPublicKey(LikenessError):
    """The chip's public key is none: a fault, or an attack."""


class Group(Protocol):
    """What two sides agree over; see CurveGroup for each method."""

    @property
    def bits(self) -> int:
        """Size of its order."""
        ...

    @property
    def key_tag(self) -> int:
        """Tag of a public key where the protocol is named with it (9303-11, 9.4.5)."""
        ...

    def private(self, random: Callable[[int], bytes]) -> int:
        """Draw a private number."""
        ...

    def public(self, private: int) -> bytes:
        """Return the public key."""
        ...

    def secret(self, private: int, peer: bytes) -> bytes:
        """Return the shared secret."""
        ...

    def mapped(self, nonce: bytes, private: int, peer: bytes) -> "Group":
        """Return the group with another generator."""
        ...


@dataclass(frozen=True)
class CurveGroup:
    """A curve and its generator, which may be one of a single talk.

    All curves here have cofactor 1: each point but infinity has the full order.
    """

    curve: curves.Curve
    generator: PointJacobi

    @property
    def bits(self) -> int:
        """Size of its order."""
        return int(self.curve.order).bit_length()

    @property
    def key_tag(self) -> int:
        """Tag of a public key where the protocol is named with it."""
        return 0x86

    @classmethod
    def of(cls, curve: curves.Curve) -> "CurveGroup":
        """Return the group with the curve's own generator."""
        return cls(curve, curve.generator)

    def private(self, random: Callable[[int], bytes]) -> int:
        """Draw a private number, 1 to order - 1 (FIPS 186-4 clause B.4.1)."""
        order = int(self.curve.order)
        drawn = int.from_bytes(random(size_of(order) + SPARE_BYTES))
        return drawn % (order - 1) + 1

    def public(self, private: int) -> bytes:
        """Return the public key: 04, x, y."""
        return bytes((self.generator * private).to_bytes("uncompressed"))

    def secret(self, private: int, peer: bytes) -> bytes:
        """Return the shared secret: the x of the common point, as long as the field.

        Raises:
            BadPublicKey: the peer's key is none.
        """
        point = self._point(peer) * private
        return int(point.x()).to_bytes(size_of(int(self.curve.curve.p())))

    def mapped(self, nonce: bytes, private: int, peer: bytes) -> "CurveGroup":
        """Return the curve with a generator that only who knows the nonce knows.

        Generic mapping: nonce x generator + common point (clause 4.4.3.3.1).

        Raises:
            BadPublicKey: the peer's key is none, or leads to no generator.
        """
        common = self._point(peer) * private
        made = self.generator * int.from_bytes(nonce) + common
        if made == INFINITY:
            raise BadPublicKey("a mapping to the point at infinity")
        return CurveGroup(self.curve, made)

    def _point(self, key: bytes) -> PointJacobi:
        """Return the point; so written it is never the one at infinity.

        ecdsa does not ask by itself whether a point is on the curve. One that is not
        would give away our private number bit by bit.
        """
        field = self.curve.curve
        size = size_of(int(field.p()))
        x, y = int.from_bytes(key[1 : 1 + size]), int.from_bytes(key[1 + size :])
        if len(key) != 1 + 2 * size or key[:1] != UNCOMPRESSED:
            raise BadPublicKey("a public key of another form")
        if max(x, y) >= field.p() or not field.contains_point(x, y):
            raise BadPublicKey("a public key that is no point of the curve")
        return PointJacobi(field, x, y, 1, self.curve.order)


def size_of(number: int) -> int:
    """Return how many bytes a number takes."""
    return (number.bit_length() + 7) // 8
