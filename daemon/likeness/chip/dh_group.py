"""Agrees with a chip on a secret over numbers modulo a prime (ICAO 9303-11 clause 9.6).

The older of both ways; few chips have it. Leaves to others: which prime, what the
secret becomes.
"""

from collections.abc import Callable
from dataclasses import dataclass

from likeness.chip.key_agreement import SPARE_BYTES, BadPublicKey, size_of

PRIME_LEAST_BITS = 1024
PRIME_MOST_BITS = 4096  # a chip must not keep us computing
EXPONENT_BYTES = 64  # where the order is not given


@dataclass(frozen=True)
class DhGroup:
    """A prime, a generator, which may be one of a single talk, and its order.

    Without an order only the trivial public keys can be told from good ones.
    """

    prime: int
    generator: int
    order: int | None

    def __post_init__(self) -> None:
        """Refuse what is no group, or one to keep us computing.

        Raises:
            BadPublicKey: it is.
        """
        bits = self.prime.bit_length()
        if not PRIME_LEAST_BITS <= bits <= PRIME_MOST_BITS or not self.prime & 1:
            raise BadPublicKey(f"a group of {bits} bits")
        if not 1 < self.generator < self.prime - 1:
            raise BadPublicKey("a generator of nothing")
        if self.order is not None and not 1 < self.order < self.prime:
            raise BadPublicKey("a group of no order")

    @property
    def bits(self) -> int:
        """Size of its order."""
        return (self.order or self.prime).bit_length()

    @property
    def key_tag(self) -> int:
        """Tag of a public key where the protocol is named with it."""
        return 0x84

    def private(self, random: Callable[[int], bytes]) -> int:
        """Draw a private number, 1 to order - 1."""
        if self.order is None:
            return int.from_bytes(random(EXPONENT_BYTES)) | 1
        drawn = int.from_bytes(random(size_of(self.order) + SPARE_BYTES))
        return drawn % (self.order - 1) + 1

    def public(self, private: int) -> bytes:
        """Return the public key, as long as the prime."""
        return self._written(pow(self.generator, private, self.prime))

    def secret(self, private: int, peer: bytes) -> bytes:
        """Return the shared secret, as long as the prime.

        Raises:
            BadPublicKey: the peer's key is none.
        """
        return self._written(pow(self._number(peer), private, self.prime))

    def mapped(self, nonce: bytes, private: int, peer: bytes) -> "DhGroup":
        """Return the group with a generator that only who knows the nonce knows.

        Generic mapping: generator to the power of the nonce, times the common number
        (clause 4.4.3.3.1).

        Raises:
            BadPublicKey: the peer's key is none, or leads to no generator.
        """
        common = pow(self._number(peer), private, self.prime)
        own = pow(self.generator, int.from_bytes(nonce), self.prime)
        return DhGroup(self.prime, own * common % self.prime, self.order)

    def _number(self, key: bytes) -> int:
        number = int.from_bytes(key)
        if len(key) > size_of(self.prime) or not 1 < number < self.prime - 1:
            raise BadPublicKey("a public key that is no number of the group")
        if self.order is not None and pow(number, self.order, self.prime) != 1:
            raise BadPublicKey("a public key outside of the group")
        return number

    def _written(self, number: int) -> bytes:
        return number.to_bytes(size_of(self.prime))
