"""Signs with a P-256 key from a file: the `Signer` where there is no secure element.

Leaves to others: what is signed. A key in a token is another class with the same four
members and another `key_tier` (`signer_pkcs11`); `signers` tells which one is meant.
"""

from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from likeness.core import jws
from likeness.edges import key_files

_ECDSA = ec.ECDSA(hashes.SHA256())


class FileSigner:
    """ES256 (RFC 7518, 3.4) with a key that was read once."""

    alg = jws.ES256

    def __init__(self, path: Path, *, key_tier: str = "file") -> None:
        """Read the key.

        Raises:
            ConfigError: the file is missing, open to everybody, or not P-256.
        """
        self._key = key_files.load_private(path)
        self.key_tier = key_tier
        self._jwk = key_files.public_jwk(self._key.public_key())

    @property
    def kid(self) -> str:
        """Thumbprint of the public key."""
        return self._jwk["kid"]

    def sign(self, data: bytes) -> bytes:
        """Return r ‖ s, each 32 bytes, big-endian."""
        signature = self._key.sign(data, _ECDSA)
        size = key_files.COORDINATE_BYTES
        return b"".join(
            number.to_bytes(size, "big")
            for number in utils.decode_dss_signature(signature)
        )

    def public_jwk(self) -> dict[str, str]:
        """Return the public key."""
        return dict(self._jwk)
