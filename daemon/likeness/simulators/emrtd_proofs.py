"""How a simulated chip proves that it is no copy (ICAO 9303-11 clauses 6.1 and 6.2).

Active authentication: RSA after ISO/IEC 9796-2 scheme 1, or ECDSA as plain r || s.
Chip authentication: a key agreed with the key of DG14. Leaves to others: the commands.
"""

import hashlib
from collections.abc import Callable

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from likeness.simulators.emrtd_crypto import Suite
from likeness.simulators.emrtd_curves import curve_of
from likeness.simulators.emrtd_keys import HASHES, PrivateKey
from likeness.simulators.emrtd_session import SecureSession

PARTIAL_RECOVERY = b"\x6a"
# Trailers of ISO/IEC 9796-2 clause 8.1; SHA-1 has the short one.
TRAILERS = {
    "sha1": b"\xbc",
    "sha224": b"\x38\xcc",
    "sha256": b"\x34\xcc",
    "sha384": b"\x36\xcc",
    "sha512": b"\x35\xcc",
}


def active_signature(
    key: PrivateKey, challenge: bytes, digest: str, random: Callable[[int], bytes]
) -> bytes:
    """Sign a terminal's challenge with the key of active authentication."""
    if isinstance(key, rsa.RSAPrivateKey):
        return _message_recovery(key, challenge, digest, random)
    hashing: hashes.HashAlgorithm = HASHES[digest]
    r, s = decode_dss_signature(key.sign(challenge, ec.ECDSA(hashing)))
    size = (curve_of(key).order.bit_length() + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)


def chip_session(
    key: ec.EllipticCurvePrivateKey, suite: Suite, point: bytes
) -> SecureSession:
    """Agree on the session that follows chip authentication.

    Raises:
        ValueError: not a point of the key's curve.
    """
    curve = curve_of(key)
    shared = curve.decode(point) * key.private_numbers().private_value
    return SecureSession.from_secret(suite, curve.x(shared))


def _message_recovery(
    key: rsa.RSAPrivateKey,
    challenge: bytes,
    digest: str,
    random: Callable[[int], bytes],
) -> bytes:
    numbers = key.private_numbers()
    modulus = numbers.public_numbers.n
    size = (modulus.bit_length() + 7) // 8
    trailer = TRAILERS[digest]
    room = size - 1 - hashlib.new(digest).digest_size - len(trailer)
    recovered = random(room)
    hashed = hashlib.new(digest, recovered + challenge).digest()
    message = PARTIAL_RECOVERY + recovered + hashed + trailer
    return pow(int.from_bytes(message), numbers.d, modulus).to_bytes(size)
