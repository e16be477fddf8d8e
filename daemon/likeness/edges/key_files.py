"""Keys on disk: private ones as PEM, public ones as JWK or PEM; P-256 only.

Every fault is a ConfigError that names the file and what to do; no key's content ever
stands in a message. Leaves to others: what a key is used for.
"""

import contextlib
import hashlib
import json
import stat
from collections.abc import Iterator
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from likeness.core import jws
from likeness.core.vocabulary import Environment
from likeness.edges import new_file
from likeness.errors import ConfigError, KeyMissing, Untrusted

COORDINATE_BYTES = 32
TEST_KEYS = "or make test keys with 'likeness keys make'"
FIELD_KEYS = "or see 'likeness provision': it makes and installs keys"

Jwk = dict[str, str]


@contextlib.contextmanager
def advice_for(environment: Environment) -> Iterator[None]:
    """Advise no test keys where a missing key is that of a terminal in the field."""
    try:
        yield
    except KeyMissing as missing:
        if environment is not Environment.PRODUCTION:
            raise
        raise KeyMissing(str(missing).replace(TEST_KEYS, FIELD_KEYS)) from missing


def load_private(path: Path) -> ec.EllipticCurvePrivateKey:
    """Read a private key that nobody else may read.

    Raises:
        ConfigError: missing, readable for everybody, not PEM, or not P-256.
    """
    data = read_secret(path, "key", TEST_KEYS)
    if b"PRIVATE KEY" not in data:
        raise ConfigError(f"{path}: not a PEM private key; take the file *.key")
    try:
        key = serialization.load_pem_private_key(data, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as problem:
        raise ConfigError(f"{path}: not an unencrypted PEM private key") from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not _is_p256(key.curve):
        raise ConfigError(f"{path}: not a P-256 key; ES256 needs one")
    return key


def read_secret(path: Path, what: str, other_way: str = "") -> bytes:
    """Read a file that nobody else may read; `what` names it in errors.

    Args:
        path: the file.
        what: its name in errors.
        other_way: what can be done where it is missing, beside giving the right path.

    Raises:
        ConfigError: missing, or open to everybody.
    """
    data = _read(path, what, other_way)
    if path.stat().st_mode & stat.S_IRWXO:
        raise ConfigError(f"{path}: everybody can reach this {what}; chmod 600 it")
    return data


def load_public(path: Path) -> ec.EllipticCurvePublicKey:
    """Read a public key, JWK or PEM.

    Raises:
        ConfigError: missing, neither JWK nor PEM, or not P-256.
    """
    data = _read(path, "public key")
    if b"PRIVATE KEY" in data:
        raise ConfigError(f"{path}: a private key; take the public one, *.jwk")
    if b"-----BEGIN" not in data:
        try:
            return public_from_jwk(json.loads(data))
        except (ValueError, RecursionError, Untrusted) as problem:
            raise ConfigError(f"{path}: not a public P-256 key as JWK") from problem
    try:
        key = serialization.load_pem_public_key(data)
    except (ValueError, UnsupportedAlgorithm) as problem:
        raise ConfigError(f"{path}: not a PEM public key") from problem
    if not isinstance(key, ec.EllipticCurvePublicKey) or not _is_p256(key.curve):
        raise ConfigError(f"{path}: not a P-256 key; ES256 needs one")
    return key


def public_jwk(key: ec.EllipticCurvePublicKey) -> Jwk:
    """Return the public key as JWK (RFC 7518, 6.2.1), its thumbprint as `kid`."""
    numbers = key.public_numbers()
    jwk = {
        "crv": "P-256",
        "kty": "EC",
        "x": jws.encode(numbers.x.to_bytes(COORDINATE_BYTES, "big")),
        "y": jws.encode(numbers.y.to_bytes(COORDINATE_BYTES, "big")),
    }
    return {**jwk, "kid": thumbprint(jwk)}


def thumbprint(jwk: Jwk) -> str:
    """Return the JWK thumbprint (RFC 7638): SHA-256 over the required members."""
    required = {name: jwk[name] for name in ("crv", "kty", "x", "y")}
    text = json.dumps(required, sort_keys=True, separators=(",", ":"))
    return jws.encode(hashlib.sha256(text.encode()).digest())


def public_from_jwk(jwk: object) -> ec.EllipticCurvePublicKey:
    """Build the key that a JWK describes.

    Raises:
        Untrusted: a private key, another kind of key, or no point on the curve.
    """
    if not isinstance(jwk, dict) or "d" in jwk:
        raise Untrusted("not a public key")
    if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise Untrusted("not a P-256 key")
    x, y = (jws.decode(str(jwk.get(name, ""))) for name in ("x", "y"))
    if len(x) != COORDINATE_BYTES or len(y) != COORDINATE_BYTES:
        raise Untrusted("a coordinate of the wrong length")
    try:
        return ec.EllipticCurvePublicNumbers(
            int.from_bytes(x, "big"), int.from_bytes(y, "big"), ec.SECP256R1()
        ).public_key()
    except ValueError as problem:
        raise Untrusted("not a point on the curve") from problem


def make_private(path: Path) -> ec.EllipticCurvePrivateKey:
    """Make a new P-256 key and write it, for its owner alone; never overwrite one.

    Raises:
        OSError: it cannot be written; FileExistsError if there is one.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    new_file.create(path, pem)
    return key


def _is_p256(curve: ec.EllipticCurve) -> bool:
    return isinstance(curve, ec.SECP256R1)


def _read(path: Path, what: str, other_way: str = TEST_KEYS) -> bytes:
    try:
        return path.read_bytes()
    except OSError as problem:
        raise KeyMissing(
            f"{path}: this {what} cannot be read: {problem.strerror};"
            f" give the right path{other_way and f', {other_way}'}"
        ) from problem
