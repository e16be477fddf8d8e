"""Active authentication: signatures are made here after the standards."""

import hashlib
import os
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given
from hypothesis import strategies as st

from likeness.chip.active_auth import check
from likeness.chip.der import BadDer, Unsupported
from likeness.chip.record import ActiveProof
from likeness.chip.signatures import BadSignature
from likeness.core.tlv import write
from likeness.simulators.emrtd_crypto import SUITES
from likeness.simulators.emrtd_files import (
    active_authentication_info,
    chip_authentication_infos,
    group_14,
    group_15,
)

CHALLENGE = bytes(range(8))
TRAILERS = {
    "sha1": [b"\xbc", b"\x33\xcc"],
    "sha224": [b"\x38\xcc"],
    "sha256": [b"\x34\xcc"],
    "sha384": [b"\x36\xcc"],
    "sha512": [b"\x35\xcc"],
}
EACH = [(digest, one) for digest, many in TRAILERS.items() for one in many]


@cache
def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def power(key: rsa.RSAPrivateKey, block: bytes) -> bytes:
    numbers = key.private_numbers()
    n = numbers.public_numbers.n
    return pow(int.from_bytes(block), numbers.d, n).to_bytes((n.bit_length() + 7) // 8)


def block(
    digest: str = "sha256",
    trailer: bytes = b"\x34\xcc",
    *,
    challenge: bytes = CHALLENGE,
    header: bytes = b"\x6a",
    size: int = 256,
) -> bytes:
    """Lay out a recoverable block: header, message, hash, trailer."""
    room = size - len(header) - len(trailer) - hashlib.new(digest).digest_size
    message = os.urandom(room)
    hashed = hashlib.new(digest, message + challenge).digest()
    return header + message + hashed + trailer


def judge(response: bytes, key: rsa.RSAPrivateKey | None = None) -> None:
    dg15 = group_15(key or rsa_key())
    check(ActiveProof(CHALLENGE, response), dg15, None)


@pytest.mark.parametrize(("digest", "trailer"), EACH)
def test_rsa_with_each_trailer(digest: str, trailer: bytes) -> None:
    judge(power(rsa_key(), block(digest, trailer)))


def test_rsa_of_another_size() -> None:
    key = rsa_key(1024)
    judge(power(key, block("sha1", b"\xbc", size=128)), key)


def test_rsa_with_padding_before_the_message() -> None:
    for header in (b"\x6b\xba", b"\x6b\xbb\xbb\xba"):
        judge(power(rsa_key(), block(header=header)))


def test_the_other_root_is_as_good() -> None:
    # ISO/IEC 9796-2: the signer may hand out n - s.
    signature = int.from_bytes(power(rsa_key(), block()))
    n = rsa_key().public_key().public_numbers().n
    judge((n - signature).to_bytes(256))


def test_a_signature_is_less_than_the_modulus() -> None:
    key = rsa_key()
    while (n := key.public_key().public_numbers().n) >> 2040 > 200:
        key = rsa.generate_private_key(65537, 2048)  # leave room above it
    small = (int.from_bytes(power(key, block())) for _ in range(200))
    signature = next(one for one in small if one + n < 1 << 2048)
    judge(signature.to_bytes(256), key)
    with pytest.raises(BadSignature):
        judge((signature + n).to_bytes(256), key)


FORGERIES: dict[str, Callable[[], bytes]] = {
    "another key": lambda: power(rsa_key(3072), block(size=384))[:256],
    "another key of the size": lambda: power(
        rsa.generate_private_key(65537, 2048), b"\0" + block(size=255)
    ),
    "another challenge": lambda: power(rsa_key(), block(challenge=bytes(8))),
    "another hash": lambda: power(rsa_key(), block("sha256", b"\x38\xcc")),
    "no such hash": lambda: power(rsa_key(), block("sha256", b"\x77\xcc")),
    "no trailer": lambda: power(rsa_key(), block("sha256", b"\x34\xdc")),
    "total recovery": lambda: power(rsa_key(), block(header=b"\x4a")),
    "another header": lambda: power(rsa_key(), block(header=b"\x7a")),
    "padding without an end": lambda: power(rsa_key(), block(header=b"\x6b\xbb\xab")),
    "padding all through": lambda: power(
        rsa_key(), b"\x6b" + b"\xbb" * 253 + b"\x34\xcc"
    ),
    "no room": lambda: power(rsa_key(), b"\x6b" + b"\xbb" * 250 + b"\xba\0\0\x34\xcc"),
    "too short": lambda: power(rsa_key(), block())[1:],
    "too long": lambda: b"\0" + power(rsa_key(), block()),
    "nothing": lambda: b"",
    "one": lambda: (1).to_bytes(256),
    "zero": lambda: bytes(256),
    "beyond the modulus": lambda: b"\xff" * 256,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_rsa_forgeries(forgery: str) -> None:
    with pytest.raises(BadSignature):
        judge(FORGERIES[forgery]())


@cache
def good_signature() -> bytes:
    return power(rsa_key(), block())


@given(st.integers(0, 2047))
def test_each_bit_of_a_signature_counts(bit: int) -> None:
    judge(good_signature())
    signature = int.from_bytes(good_signature()) ^ (1 << bit)
    with pytest.raises(BadSignature):
        judge(signature.to_bytes(256))


# --- ECDSA ----------------------------------------------------------------------------

HASHES = {
    "sha1": hashes.SHA1(),  # noqa: S303
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@cache
def ec_key(
    curve: type[ec.EllipticCurve] = ec.BrainpoolP256R1,
) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(curve())


def plain(
    key: ec.EllipticCurvePrivateKey,
    digest: str = "sha256",
    challenge: bytes = CHALLENGE,
) -> bytes:
    r, s = decode_dss_signature(key.sign(challenge, ec.ECDSA(HASHES[digest])))
    size = (key.curve.key_size + 7) // 8
    return r.to_bytes(size) + s.to_bytes(size)


def spread(signature: bytes) -> bytes:
    """Write the second number with a zero before it."""
    return signature[:32] + b"\0" + signature[32:]


@pytest.mark.parametrize("digest", HASHES)
@pytest.mark.parametrize("curve", [ec.BrainpoolP256R1, ec.SECP224R1, ec.SECP521R1])
def test_ecdsa(curve: type[ec.EllipticCurve], digest: str) -> None:
    key = ec_key(curve)
    dg14 = group_14(active_authentication_info(digest))
    check(ActiveProof(CHALLENGE, plain(key, digest)), group_15(key), dg14)


def test_the_hash_is_found_among_other_infos() -> None:
    infos = chip_authentication_infos(SUITES[1], ec_key(ec.SECP256R1))
    dg14 = group_14(*infos, active_authentication_info("sha384"))
    check(ActiveProof(CHALLENGE, plain(ec_key(), "sha384")), group_15(ec_key()), dg14)


@pytest.mark.parametrize(
    "response",
    [
        lambda: plain(ec_key(ec.BrainpoolP256R1), challenge=bytes(8)),
        lambda: plain(ec_key(ec.BrainpoolP256R1), "sha512"),
        lambda: plain(ec.generate_private_key(ec.BrainpoolP256R1())),
        lambda: plain(ec_key())[:-1],
        lambda: plain(ec_key()) + b"\0",
        lambda: spread(plain(ec_key())),
        lambda: bytes(64),
        lambda: b"",
        lambda: ec_key().sign(CHALLENGE, ec.ECDSA(hashes.SHA256())),  # DER, not plain
    ],
)
def test_ecdsa_forgeries(response: Callable[[], bytes]) -> None:
    dg14 = group_14(active_authentication_info("sha256"))
    with pytest.raises(BadSignature):
        check(ActiveProof(CHALLENGE, response()), group_15(ec_key()), dg14)


@pytest.mark.parametrize(
    "dg14",
    [None, group_14(), group_14(active_authentication_info("sha256")[:-1] + b"\x09")],
)
def test_ecdsa_without_a_hash_cannot_be_judged(dg14: bytes | None) -> None:
    with pytest.raises(Unsupported):
        check(ActiveProof(CHALLENGE, plain(ec_key())), group_15(ec_key()), dg14)


@pytest.mark.parametrize(
    ("dg15", "dg14"),
    [
        (b"", None),
        (write(0x6F, b"key"), None),
        (write(0x6E, b""), None),
        (group_15(ec_key()), b"\x6e\x01\x31"),
    ],
)
def test_broken_groups_are_told(dg15: bytes, dg14: bytes | None) -> None:
    with pytest.raises(BadDer):
        check(ActiveProof(CHALLENGE, plain(ec_key())), dg15, dg14)
