"""Keys, ciphers and MACs of a simulated chip (ICAO 9303-11 clause 9.7 and appendix D).

A `Suite` is one way to encrypt and authenticate: 3DES with the retail MAC, or AES with
CMAC. Leaves to others: what is protected, and in which order.
"""

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.cmac import CMAC

FOR_ENCRYPTION, FOR_MAC, FOR_PACE = 1, 2, 3
MAC_SIZE = 8
PAD = b"\x80"


@dataclass(frozen=True, slots=True)
class Suite:
    """How messages are protected."""

    name: str
    key_size: int  # bytes
    block: int  # bytes, also of the send sequence counter

    def derive(self, secret: bytes, purpose: int) -> bytes:
        """Derive a key from a shared secret (clause 9.7.1)."""
        digest = "sha1" if self.key_size <= 16 else "sha256"  # noqa: PLR2004
        key = hashlib.new(digest, secret + purpose.to_bytes(4)).digest()
        key = key[: self.key_size]
        return _with_odd_parity(key) if self is TDES else key

    def encrypt(self, key: bytes, data: bytes, start: bytes = b"") -> bytes:
        """Encrypt whole blocks, chained; `start` is the first block's vector."""
        box = Cipher(self._cipher(key), modes.CBC(start or bytes(self.block)))
        worker = box.encryptor()
        return worker.update(data) + worker.finalize()

    def decrypt(self, key: bytes, data: bytes, start: bytes = b"") -> bytes:
        """Decrypt whole blocks.

        Raises:
            ValueError: these are no whole blocks.
        """
        box = Cipher(self._cipher(key), modes.CBC(start or bytes(self.block)))
        worker = box.decryptor()
        return worker.update(data) + worker.finalize()

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Return the 8 bytes over data that is padded already, or needs no padding."""
        if self is TDES:
            return _retail_mac(key, data)
        worker = CMAC(algorithms.AES(key))
        worker.update(data)
        return worker.finalize()[:MAC_SIZE]

    def token(self, key: bytes, data: bytes) -> bytes:
        """Return the MAC of PACE's tokens: here CMAC pads by itself."""
        return self.mac(key, self.pad(data) if self is TDES else data)

    def pad(self, data: bytes) -> bytes:
        """Pad to whole blocks (ISO/IEC 9797-1 method 2)."""
        return data + PAD + bytes(-(len(data) + 1) % self.block)

    def unpad(self, data: bytes) -> bytes:
        """Take the padding away.

        Raises:
            ValueError: there is none.
        """
        bare = data.rstrip(b"\0")
        if bare[-1:] != PAD or len(data) - len(bare) >= self.block:
            raise ValueError("no padding")
        return bare[:-1]

    def _cipher(self, key: bytes) -> TripleDES | algorithms.AES:
        # Two keys, as K1 K2 K1: the two-key form is deprecated.
        return TripleDES(key + key[:8]) if self is TDES else algorithms.AES(key)


TDES = Suite("3des", 16, 8)
AES_128 = Suite("aes-128", 16, 16)
AES_192 = Suite("aes-192", 24, 16)
AES_256 = Suite("aes-256", 32, 16)
# In the order in which ICAO 9303-11 numbers them: 1 to 4 at the end of an OID.
SUITES = (TDES, AES_128, AES_192, AES_256)


def suite_named(name: str) -> Suite:
    """Return a suite; its number in an OID is its place in SUITES plus one."""
    return next(suite for suite in SUITES if suite.name == name)


def _retail_mac(key: bytes, data: bytes) -> bytes:
    """MAC algorithm 3 of ISO/IEC 9797-1 with single DES."""
    first, second = (_single_des(half) for half in (key[:8], key[8:]))
    chain = Cipher(first, modes.CBC(bytes(8))).encryptor()
    last = (chain.update(data) + chain.finalize())[-8:]
    undone = Cipher(second, modes.ECB()).decryptor()  # noqa: S305 - one block of a MAC
    again = Cipher(first, modes.ECB()).encryptor()  # noqa: S305
    return again.update(undone.update(last))


def _single_des(key: bytes) -> TripleDES:
    return TripleDES(key * 3)


def _with_odd_parity(key: bytes) -> bytes:
    return bytes(byte ^ 1 if byte.bit_count() % 2 == 0 else byte for byte in key)
