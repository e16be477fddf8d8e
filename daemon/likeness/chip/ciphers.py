"""The two ciphers of a chip's secrets: 3DES with retail MAC, and AES with CMAC.

ICAO 9303-11 clause 9.7 (keys from secrets) and 9.8.6 (how each is used). 3DES takes two
keys; a chip that has nothing better is still a valid document. Leaves to others: what
is encrypted and when.
"""

import hashlib
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

MAC_SIZE: Final = 8
DES_BLOCK: Final = 8
DES_KEY: Final = 16
PAD_MARK: Final = b"\x80"


class KeyUse(Enum):
    """What a derived key is for: the counter of ICAO 9303-11 clause 9.7.1."""

    ENCRYPTION = 1
    MAC = 2
    PASSWORD = 3


class BadPadding(ValueError):
    """What was decrypted does not end as ISO/IEC 9797-1 method 2 says."""


class Suite(Enum):
    """One cipher with its key length; the value is the last number of an OID."""

    TRIPLE_DES = 1
    AES_128 = 2
    AES_192 = 3
    AES_256 = 4

    @property
    def block(self) -> int:
        """Size of a block, bytes."""
        return DES_BLOCK if self is Suite.TRIPLE_DES else AES.block_size // 8

    def derive(self, secret: bytes, use: KeyUse) -> bytes:
        """Return the key for one use out of a shared secret (clause 9.7.1)."""
        seed = secret + use.value.to_bytes(4)
        match self:
            case Suite.TRIPLE_DES:
                return _with_parity(hashlib.sha1(seed, usedforsecurity=False).digest())
            case Suite.AES_128:
                return hashlib.sha1(seed, usedforsecurity=False).digest()[:16]
            case Suite.AES_192:
                return hashlib.sha256(seed).digest()[:24]
            case Suite.AES_256:
                return hashlib.sha256(seed).digest()

    def encrypt(self, key: bytes, data: bytes, start: bytes | None = None) -> bytes:
        """Encrypt whole blocks in CBC mode; `start` is the IV, else zeros."""
        writer = self._cbc(key, start).encryptor()
        return writer.update(data) + writer.finalize()

    def decrypt(self, key: bytes, data: bytes, start: bytes | None = None) -> bytes:
        """Undo `encrypt`."""
        reader = self._cbc(key, start).decryptor()
        return reader.update(data) + reader.finalize()

    def start_vector(self, key: bytes, counter: bytes) -> bytes:
        """Return the IV that a message with this send counter begins with."""
        if self is Suite.TRIPLE_DES:
            return bytes(DES_BLOCK)
        return self.encrypt(key, counter)

    def mac(self, key: bytes, data: bytes) -> bytes:
        """Return the eight bytes that vouch for data of any size.

        Retail MAC fills up by method 2 (ISO/IEC 9797-1); CMAC has its own way.
        """
        if self is Suite.TRIPLE_DES:
            return self.mac_blocks(key, pad(data, DES_BLOCK))
        return self.mac_blocks(key, data)

    def mac_blocks(self, key: bytes, blocks: bytes) -> bytes:
        """Return the eight bytes that vouch for what is filled up already."""
        if self is Suite.TRIPLE_DES:
            return _retail_mac(key, blocks)
        maker = CMAC(AES(key))
        maker.update(blocks)
        return maker.finalize()[:MAC_SIZE]

    def _cbc(self, key: bytes, start: bytes | None) -> Cipher[modes.CBC]:
        algorithm = _two_keys(key) if self is Suite.TRIPLE_DES else AES(key)
        return Cipher(algorithm, modes.CBC(start or bytes(self.block)))


@dataclass(frozen=True, slots=True)
class SessionKeys:
    """What one talk is protected with."""

    suite: Suite
    encryption: bytes = field(repr=False)
    authentication: bytes = field(repr=False)

    @classmethod
    def derive(cls, suite: Suite, secret: bytes) -> "SessionKeys":
        """Make both keys out of a shared secret."""
        return cls(
            suite,
            suite.derive(secret, KeyUse.ENCRYPTION),
            suite.derive(secret, KeyUse.MAC),
        )


def pad(data: bytes, block: int) -> bytes:
    """Fill up to whole blocks (ISO/IEC 9797-1 method 2): one mark, then zeros."""
    marked = data + PAD_MARK
    return marked + bytes(-len(marked) % block)


def unpad(data: bytes, block: int) -> bytes:
    """Undo `pad`.

    Raises:
        BadPadding: there is no mark in the last block.
    """
    bare = data.rstrip(b"\0")
    if not bare.endswith(PAD_MARK) or len(data) - len(bare) >= block:
        raise BadPadding("no end mark in the last block")
    return bare[:-1]


def _two_keys(key: bytes) -> TripleDES:
    first, second = key[:DES_BLOCK], key[DES_BLOCK:DES_KEY]
    return TripleDES(first + second + first)


def _retail_mac(key: bytes, blocks: bytes) -> bytes:
    """Chain with single DES, the last step with both keys (ISO/IEC 9797-1, 3)."""
    single = TripleDES(key[:DES_BLOCK] * 3)
    chain = Cipher(single, modes.CBC(bytes(DES_BLOCK))).encryptor()
    chained = chain.update(blocks[:-DES_BLOCK])
    before = chained[-DES_BLOCK:] or bytes(DES_BLOCK)
    return Suite.TRIPLE_DES.encrypt(key, blocks[-DES_BLOCK:], before)


def _with_parity(digest: bytes) -> bytes:
    """Return a 3DES key of two parts; each byte gets an odd number of ones."""
    key = digest[:DES_KEY]
    return bytes(byte ^ (byte.bit_count() + 1) % 2 for byte in key)
