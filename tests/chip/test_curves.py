"""Curves named and spelled out; one changed parameter is another curve."""

import hashlib
from collections.abc import Callable

import pytest
from asn1crypto import keys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from ecdsa import SigningKey, curves

from likeness.chip.curves import FAST, KNOWN, EcKey, read_key
from likeness.chip.der import BadDer, Unsupported

MESSAGE = b"what was signed"


def info(
    curve: curves.Curve, point: bytes, change: Callable[[dict[str, int]], None]
) -> keys.PublicKeyInfo:
    """Spell a curve out, after a change to its numbers."""
    p = int(curve.curve.p())
    size = (p.bit_length() + 7) // 8
    numbers = {
        "p": p,
        "a": int(curve.curve.a()) % p,
        "b": int(curve.curve.b()),
        "x": int(curve.generator.x()),
        "y": int(curve.generator.y()),
        "order": int(curve.order),
        "cofactor": 1,
    }
    change(numbers)
    base = b"\4" + numbers["x"].to_bytes(size) + numbers["y"].to_bytes(size)
    domain = {
        "version": "ecdpVer1",
        "field_id": keys.FieldID(
            {"field_type": "prime_field", "parameters": keys.Integer(numbers["p"])}
        ),
        "curve": {
            "a": numbers["a"].to_bytes(size),
            "b": numbers["b"].to_bytes(size),
        },
        "base": base,
        "order": numbers["order"],
        "cofactor": numbers["cofactor"],
    }
    return keys.PublicKeyInfo(
        {
            "algorithm": {
                "algorithm": "ec",
                "parameters": keys.ECDomainParameters("specified", domain),
            },
            "public_key": keys.ECPointBitString(point),
        }
    )


def unchanged(_: dict[str, int]) -> None:
    pass


def signed(curve: curves.Curve, digest: str) -> tuple[bytes, int, int, bytes]:
    """Sign with the slower library; return point, r, s and the digest."""
    private = SigningKey.generate(curve)
    hashed = hashlib.new(digest, MESSAGE).digest()
    raw = private.sign_digest(
        hashed,
        sigencode=lambda r, s, _: r.to_bytes(80) + s.to_bytes(80),
        allow_truncate=True,
    )
    point: bytes = private.verifying_key.to_string("uncompressed")
    return point, int.from_bytes(raw[:80]), int.from_bytes(raw[80:]), hashed


@pytest.mark.parametrize("curve", KNOWN, ids=lambda curve: curve.name)
@pytest.mark.parametrize("digest", ["sha1", "sha512"])
def test_each_known_curve_spelled_out(curve: curves.Curve, digest: str) -> None:
    point, r, s, hashed = signed(curve, digest)
    key = read_key(info(curve, point, unchanged))
    assert (key.curve, key.point) == (curve, point)
    assert key.verifies(r, s, hashed, digest)
    assert not key.verifies(r, s + 1, hashed, digest)
    assert not key.verifies(r, s, hashlib.new(digest, b"else").digest(), digest)


@pytest.mark.parametrize("fast", FAST.values(), ids=lambda curve: curve.name)
def test_each_named_curve(fast: type[ec.EllipticCurve]) -> None:
    private = ec.generate_private_key(fast())
    encoded = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    key = read_key(keys.PublicKeyInfo.load(encoded))
    signature = private.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    r, s = decode_dss_signature(signature)
    hashed = hashlib.sha256(MESSAGE).digest()
    assert key.verifies(r, s, hashed, "sha256")
    assert not key.verifies(s, r, hashed, "sha256")
    for pair in ((0, 0), (-r, s), (r, -s), (r + int(key.curve.order), s)):
        assert not key.verifies(*pair, hashed, "sha256")


@pytest.mark.parametrize("part", ["p", "a", "b", "x", "y", "order"])
@pytest.mark.parametrize("by", [1, -1])
def test_a_curve_that_differs_in_one_number_is_not_taken(part: str, by: int) -> None:
    def change(numbers: dict[str, int]) -> None:
        numbers[part] += by

    curve = curves.BRAINPOOLP256r1
    point, *_ = signed(curve, "sha256")
    with pytest.raises(Unsupported):
        read_key(info(curve, point, change))


def test_a_generator_of_the_forgers_choice_is_not_taken() -> None:
    # With G chosen as the signer's own point, every private key is known: 1.
    curve = curves.NIST256p
    private = SigningKey.generate(curve)
    point = private.verifying_key.to_string("uncompressed")

    def change(numbers: dict[str, int]) -> None:
        numbers["x"] = int.from_bytes(point[1:33])
        numbers["y"] = int.from_bytes(point[33:])

    with pytest.raises(Unsupported):
        read_key(info(curve, point, change))


@pytest.mark.parametrize("curve", [curves.NIST256p, curves.BRAINPOOLP224r1])
@pytest.mark.parametrize("broken", ["other point", "infinity", "short"])
def test_a_point_that_is_not_on_the_curve(curve: curves.Curve, broken: str) -> None:
    point, r, s, hashed = signed(curve, "sha256")
    point = {
        "other point": point[:-1] + bytes([point[-1] ^ 1]),
        "infinity": b"\0",
        "short": point[:-2],
    }[broken]
    with pytest.raises(BadDer):
        EcKey(curve, point).verifies(r, s, hashed, "sha256")


def test_both_libraries_agree() -> None:
    point, r, s, hashed = signed(curves.BRAINPOOLP384r1, "sha512")
    key = EcKey(curves.BRAINPOOLP384r1, point)
    for pair in ((r, s), (s, r), (r, 0), (r, int(key.curve.order) - s)):
        slow = key._verifies_slowly(*pair, hashed)
        assert key.verifies(*pair, hashed, "sha512") == slow


def test_a_named_curve_that_is_not_known() -> None:
    private = ec.generate_private_key(ec.SECP256K1())
    encoded = private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with pytest.raises(Unsupported):
        read_key(keys.PublicKeyInfo.load(encoded))


def test_a_binary_field_is_not_taken() -> None:
    curve = curves.NIST256p
    point, *_ = signed(curve, "sha256")
    spelled = info(curve, point, unchanged).dump()
    prime, binary = (
        keys.FieldType(kind).dump()
        for kind in ("prime_field", "characteristic_two_field")
    )
    changed = spelled.replace(prime, binary)
    assert changed != spelled
    with pytest.raises((BadDer, Unsupported)):
        read_key(keys.PublicKeyInfo.load(changed))
