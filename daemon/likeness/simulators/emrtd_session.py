"""Secure messaging on the chip's side (ICAO 9303-11 clause 9.8).

Strict: the counter advances with each command and each answer, DO'99' is always there,
and whatever does not fit ends the session. Leaves to others: where keys come from, and
that a refused command ends the session (emrtd_card).
"""

import hmac
from collections.abc import Callable
from dataclasses import replace

from likeness.simulators.emrtd_apdu import (
    PROTECTED,
    SHORT_MOST,
    SM_INCORRECT,
    SM_MISSING,
    Command,
    Refused,
)
from likeness.simulators.emrtd_crypto import (
    FOR_ENCRYPTION,
    FOR_MAC,
    MAC_SIZE,
    TDES,
    Suite,
)
from likeness.simulators.emrtd_der import read, tlv

PLAIN, CRYPTOGRAM, EXPECTED, STATUS, MAC = 0x85, 0x87, 0x97, 0x99, 0x8E
PADDED = b"\x01"  # before a cryptogram: padding by method 2
AROUND = 3 + 1 + 4 + 2 + MAC_SIZE  # bytes of an answer that are not cryptogram

# Harms the objects of an answer before they are sent: (cryptogram, status, MAC).
Harm = Callable[[bytes, bytes, bytes], tuple[bytes, bytes, bytes]]


class SecureSession:
    """Two keys and a counter."""

    def __init__(
        self, suite: Suite, encryption: bytes, mac: bytes, counter: int = 0
    ) -> None:
        self._suite = suite
        self._encryption, self._mac = encryption, mac
        self._counter = counter

    @classmethod
    def from_secret(
        cls, suite: Suite, secret: bytes, counter: int = 0
    ) -> "SecureSession":
        """Derive both keys from a shared secret."""
        encryption = suite.derive(secret, FOR_ENCRYPTION)
        return cls(suite, encryption, suite.derive(secret, FOR_MAC), counter)

    @property
    def short_most(self) -> int:
        """How many bytes of data a protected answer of 256 bytes can carry."""
        room = SHORT_MOST - AROUND
        return room - room % self._suite.block - 1

    def open(self, command: Command) -> Command:
        """Check and decrypt a command.

        Raises:
            Refused: 6987, an object is missing; 6988, one is wrong.
        """
        self._advance()
        try:
            objects = list(read(command.data))
        except ValueError:
            raise Refused(SM_INCORRECT) from None
        values = dict(objects)
        if MAC not in values:
            raise Refused(SM_MISSING)
        tags = [tag for tag, _ in objects]
        content = PLAIN if command.is_odd else CRYPTOGRAM
        if tags != [tag for tag in (content, EXPECTED, MAC) if tag in values]:
            raise Refused(SM_INCORRECT)
        covered = b"".join(tlv(tag, value) for tag, value in objects[:-1])
        # 256 bytes in DO'87' may also come with a longer length; we take the shortest.
        right = self._authenticate(self._suite.pad(command.header) + covered)
        if not hmac.compare_digest(right, values[MAC]):
            raise Refused(SM_INCORRECT)
        return replace(
            command,
            cla=command.cla & ~PROTECTED,
            data=self._decrypted(values.get(content), odd=command.is_odd),
            expected=_expected(values.get(EXPECTED)),
        )

    def seal(
        self, data: bytes, status: int, *, odd: bool = False, harm: Harm | None = None
    ) -> bytes:
        """Return the protected answer, with its outer status.

        Args:
            data: the plain answer, empty if there is none.
            status: its status word.
            odd: whether the command's instruction was odd.
            harm: spoils the objects: a fault of the simulation.
        """
        self._advance()
        content = b""
        if data:
            start = self._start()
            cipher = self._suite.encrypt(self._encryption, self._suite.pad(data), start)
            content = tlv(PLAIN, cipher) if odd else tlv(CRYPTOGRAM, PADDED, cipher)
        said = tlv(STATUS, status.to_bytes(2))
        mac = tlv(MAC, self._authenticate(content + said))
        if harm is not None:
            content, said, mac = harm(content, said, mac)
        return content + said + mac + status.to_bytes(2)

    def reseal(self, content: bytes, said: bytes) -> bytes:
        """Return the MAC object over other objects, for a fault that is signed well."""
        return tlv(MAC, self._authenticate(content + said))

    def _advance(self) -> None:
        self._counter = (self._counter + 1) % (1 << 8 * self._suite.block)

    def _authenticate(self, data: bytes) -> bytes:
        counter = self._counter.to_bytes(self._suite.block)
        return self._suite.mac(self._mac, self._suite.pad(counter + data))

    def _start(self) -> bytes:
        """Return the first block's vector: zeros for 3DES, else E(counter)."""
        if self._suite is TDES:
            return bytes(TDES.block)
        counter = self._counter.to_bytes(self._suite.block)
        return self._suite.encrypt(self._encryption, counter)

    def _decrypted(self, content: bytes | None, *, odd: bool) -> bytes:
        if content is None:
            return b""
        if not odd and content[:1] != PADDED:
            raise Refused(SM_INCORRECT)
        cipher = content if odd else content[1:]
        try:
            plain = self._suite.decrypt(self._encryption, cipher, self._start())
            return self._suite.unpad(plain)
        except ValueError:
            raise Refused(SM_INCORRECT) from None


def _expected(value: bytes | None) -> int | None:
    if value is None:
        return None
    if len(value) not in (1, 2):
        raise Refused(SM_INCORRECT)
    return int.from_bytes(value) or 1 << 8 * len(value)
