"""Seals what only the carrier may read: a JWE to its person key, and back again.

ECDH-ES with A256GCM (RFC 7518, 4.6 and 5.3): a fresh key for each message, made with
the carrier's public key and thrown away, so that the terminal itself cannot open what
it sealed. Leaves to others: what is inside.
"""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from likeness.core import jws
from likeness.edges import key_files
from likeness.errors import Untrusted

ALG = "ECDH-ES"
ENC = "A256GCM"
_HEADER_MEMBERS = {"alg", "enc", "kid", "epk"}


class PersonSealer:
    """Seals to one public key."""

    def __init__(self, path: Path) -> None:
        """Read the carrier's public person key.

        Raises:
            ConfigError: the file is missing or not a public P-256 key.
        """
        jwk = key_files.public_jwk(key_files.load_public(path))
        self._jwk = jwk

    def seal(self, data: bytes) -> str:
        """Return a JWE in compact form."""
        return seal_to(self._jwk, data)


def seal_to(jwk: key_files.Jwk, data: bytes) -> str:
    """Seal to any public P-256 key (its name in `kid`); return a JWE in compact form.

    Raises:
        ValueError: the key is none; check that before.
    """
    header = {"alg": ALG, "enc": ENC, "kid": jwk["kid"]}
    return jwe.encrypt_compact(header, data, ECKey.import_key({**jwk}), [ALG, ENC])


def open_sealed(token: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    """Open what was sealed, with the carrier's private key.

    Raises:
        Untrusted: not for this key, or altered.
    """
    _refuse_odd_header(token)
    try:
        opened = jwe.decrypt_compact(token, ECKey.import_key(key), [ALG, ENC])
    except (JoseError, ValueError) as problem:
        raise Untrusted("a sealed part that this key does not open") from problem
    return opened.plaintext or b""


def _refuse_odd_header(token: str) -> None:
    """Let only a header that `seal` writes reach the library, which trusts its types.

    So there is no compression, no other key agreement, and a key of the sender that is
    a point on the curve.
    """
    header = jws.load_object(jws.decode(token.partition(".")[0]))
    if header.keys() != _HEADER_MEMBERS or (header["alg"], header["enc"]) != (ALG, ENC):
        raise Untrusted("a sealed part with a header that is not ours")
    if not isinstance(header["kid"], str):
        raise Untrusted("a sealed part whose key has no name")
    key_files.public_from_jwk(header["epk"])
