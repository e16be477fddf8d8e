"""Protects the talk with a chip: encrypts, counts, vouches (ICAO 9303-11 clause 9.8).

The data objects of a protected command and answer:

    87  encrypted data, after the byte 01        97  how much is expected
    85  the same without it, odd instruction     99  the status, under protection
    8E  eight bytes that vouch for all of it and for the counter

The counter goes up before each command and before each answer, so nothing can be left
out, repeated or put in. The first fault ends the session for good. Leaves to others:
how the keys came about (`bac`, `pace`, `chip_auth`).
"""

from dataclasses import replace
from hmac import compare_digest

from likeness.chip.ciphers import MAC_SIZE, BadPadding, SessionKeys, pad, unpad
from likeness.chip.trouble import broken_talk
from likeness.core import tlv
from likeness.core.apdu import (
    EXPECTED_MOST,
    SHORT_DATA_MOST,
    SHORT_EXPECTED_MOST,
    STATUS_SIZE,
    Command,
    Response,
)

PROTECTED_CLASS = 0x0C  # the header is vouched for as well
ENCRYPTED = 0x87
ENCRYPTED_TLV = 0x85
EXPECTED = 0x97
STATUS = 0x99
MAC = 0x8E
MAC_HEAD = bytes([MAC, MAC_SIZE])
PADDED = b"\x01"  # first byte of an object 87: filled up by method 2


class SecureMessaging:
    """One session. Each `protect` is followed by the `unprotect` of its answer."""

    def __init__(self, keys: SessionKeys, counter: int = 0) -> None:
        """Take the keys and where the counter stands."""
        self._keys = keys
        self._counter = counter
        self._alive = True

    def protect(self, command: Command) -> Command:
        """Return the command as it goes to the chip.

        Raises:
            ChipTrouble: the session has ended.
        """
        if not self._alive:
            raise broken_talk("the protected session has ended")
        counter = self._count()
        header = bytes(
            [command.cla | PROTECTED_CLASS, command.ins, command.p1, command.p2]
        )
        body = b""
        if command.data:
            tag, mark = (
                (ENCRYPTED_TLV, b"")
                if command.has_odd_instruction
                else (ENCRYPTED, PADDED)
            )
            body += tlv.write(tag, mark, self._encrypt(command.data, counter))
        if command.expected is not None:
            size = 2 if command.expected > SHORT_EXPECTED_MOST else 1
            most = command.expected % (1 << 8 * size)  # the largest is written as zero
            body += tlv.write(EXPECTED, most.to_bytes(size))
        filled = counter + pad(header, self._keys.suite.block) + body
        body += tlv.write(MAC, self._mac(filled))
        long = len(body) > SHORT_DATA_MOST or command.is_extended
        expected = EXPECTED_MOST if long else SHORT_EXPECTED_MOST
        return replace(command, cla=header[0], data=body, expected=expected)

    def unprotect(self, answer: Response) -> Response:
        """Return what the chip answered to the last command.

        Raises:
            ChipTrouble: it is not the chip's own, whole and in its turn.
        """
        if not self._alive:
            raise broken_talk("the protected session has ended")
        self._alive = False  # until this answer has proved itself
        counter = self._count()
        body, mac = answer.data[: -MAC_SIZE - 2], answer.data[-MAC_SIZE:]
        if answer.data[-MAC_SIZE - 2 : -MAC_SIZE] != MAC_HEAD:
            detail = f"an answer without protection, {answer.status:04X}"
            raise broken_talk(detail, bare=answer)
        if not compare_digest(self._mac(counter + body), mac):
            raise broken_talk("an answer that is not the chip's, or not in its turn")
        try:
            data = self._open(body, counter, answer.status)
        except (tlv.BadTlv, BadPadding) as bad:
            raise broken_talk(f"a protected answer makes no sense: {bad}") from bad
        self._alive = True
        return Response(data, answer.status)

    def _open(self, body: bytes, counter: bytes, outer_status: int) -> bytes:
        """Return the data of an answer that is vouched for."""
        objects = {element.tag: element.value for element in tlv.elements(body)}
        if objects.get(STATUS) != outer_status.to_bytes(STATUS_SIZE):
            raise broken_talk("the status inside is missing or not the one outside")
        if ENCRYPTED in objects:
            sealed = objects[ENCRYPTED]
            if not sealed.startswith(PADDED):
                raise BadPadding("encrypted data of an unknown kind")
            return self._decrypt(sealed[1:], counter)
        if ENCRYPTED_TLV in objects:
            return self._decrypt(objects[ENCRYPTED_TLV], counter)
        return b""

    def _count(self) -> bytes:
        block = self._keys.suite.block
        self._counter = (self._counter + 1) % (1 << 8 * block)
        return self._counter.to_bytes(block)

    def _mac(self, data: bytes) -> bytes:
        suite = self._keys.suite
        return suite.mac_blocks(self._keys.authentication, pad(data, suite.block))

    def _encrypt(self, data: bytes, counter: bytes) -> bytes:
        suite, key = self._keys.suite, self._keys.encryption
        start = suite.start_vector(key, counter)
        return suite.encrypt(key, pad(data, suite.block), start)

    def _decrypt(self, data: bytes, counter: bytes) -> bytes:
        suite, key = self._keys.suite, self._keys.encryption
        if not data or len(data) % suite.block:
            raise BadPadding("encrypted data of no whole blocks")
        start = suite.start_vector(key, counter)
        return unpad(suite.decrypt(key, data, start), suite.block)
