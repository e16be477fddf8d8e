"""A small terminal for tests of the simulated chip: the other end of secure messaging.

It shares ciphers with the simulator and proves nothing about them: published
examples and foreign programs do. Leaves to others: what the product does (chip).
"""

import hashlib
import os
from collections.abc import Iterator

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.emrtd_crypto import FOR_ENCRYPTION, FOR_MAC, TDES, Suite
from likeness.simulators.emrtd_der import find, read, tlv

SELECT_APPLICATION = bytes.fromhex("00A4040C07A0000002471001")
BLOCK = 0xDF


class Channel:
    """The terminal's side of a session."""

    def __init__(self, card: EmrtdCard, suite: Suite, secret: bytes, counter: int = 0):
        self.card, self.suite = card, suite
        self.encryption = suite.derive(secret, FOR_ENCRYPTION)
        self.mac = suite.derive(secret, FOR_MAC)
        self.counter = counter

    def send(
        self, header: str, data: bytes = b"", expected: int | None = None
    ) -> bytes:
        """Send a command, return data and status of the answer, both checked."""
        return self.opened(self.card.answer(self.sealed(header, data, expected)))

    def sealed(
        self, header: str, data: bytes = b"", expected: int | None = None
    ) -> bytes:
        head = bytes.fromhex(header)
        self.counter += 1
        objects = b""
        if data:
            cipher = self.suite.encrypt(
                self.encryption, self.suite.pad(data), self._start()
            )
            objects = tlv(0x85, cipher) if head[1] & 1 else tlv(0x87, b"\1", cipher)
        if expected is not None:
            wide = 1 if expected <= 256 else 2
            objects += tlv(0x97, (expected % (1 << 8 * wide)).to_bytes(wide))
        mac = self._mac(self.suite.pad(head) + objects)
        body = objects + tlv(0x8E, mac)
        if len(body) > 255 or (expected or 0) > 256:
            return head + b"\0" + len(body).to_bytes(2) + body + b"\0\0"
        return head + bytes([len(body)]) + body + b"\0"

    def opened(self, answer: bytes) -> bytes:
        self.counter += 1
        objects = list(read(answer[:-2]))
        covered = b"".join(tlv(tag, value) for tag, value in objects[:-1])
        assert objects[-1] == (0x8E, self._mac(covered)), "another MAC"
        values = dict(objects)
        assert values[0x99] == answer[-2:], "another status"
        cipher = values.get(0x85) or values.get(0x87, b"")[1:]
        if not cipher:
            return answer[-2:]
        plain = self.suite.decrypt(self.encryption, cipher, self._start())
        return self.suite.unpad(plain) + answer[-2:]

    def read_file(self, file: int) -> bytes:
        """Select and read a file, whole."""
        assert self.send("0CA4020C", file.to_bytes(2)) == b"\x90\0"
        return b"".join(self.blocks(file))

    def blocks(self, file: int) -> Iterator[bytes]:
        start = self.send("0CB00000", expected=6)[:-2]
        yield start
        at, whole = len(start), size_of(start)
        while at < whole:
            most = min(BLOCK, whole - at)
            answer = self.send(f"0CB0{at:04X}", expected=most)
            assert answer[-2:] == b"\x90\0", answer[-2:].hex()
            yield answer[:-2]
            at += len(answer) - 2

    def _start(self) -> bytes:
        if self.suite is TDES:
            return bytes(8)
        return self.suite.encrypt(self.encryption, self.counter.to_bytes(16))

    def _mac(self, data: bytes) -> bytes:
        counter = self.counter.to_bytes(self.suite.block)
        return self.suite.mac(self.mac, self.suite.pad(counter + data))


def size_of(start: bytes) -> int:
    """Return how long a file is that begins so (one byte of tag)."""
    if start[1] < 0x80:
        return 2 + start[1]
    count = start[1] & 0x7F
    return 2 + count + int.from_bytes(start[2 : 2 + count])


def basic_access(card: EmrtdCard, information: str | None = None) -> Channel:
    """Open a chip by basic access control."""
    assert card.answer(SELECT_APPLICATION) == b"\x90\0"
    answer, channel = basic_attempt(card, information or card.chip.mrz_information)
    assert channel is not None, answer.hex()
    return channel


def basic_attempt(card: EmrtdCard, information: str) -> tuple[bytes, Channel | None]:
    seed = mrz_secret(information)[:16]
    encryption, mac = TDES.derive(seed, 1), TDES.derive(seed, 2)
    challenge = card.answer(bytes.fromhex("0084000008"))[:8]
    ours, key = os.urandom(8), os.urandom(16)
    cipher = TDES.encrypt(encryption, ours + challenge + key)
    proof = cipher + TDES.mac(mac, TDES.pad(cipher))
    answer = card.answer(bytes.fromhex("0082000028") + proof + b"\x28")
    if answer[-2:] != b"\x90\0":
        return answer, None
    plain = TDES.decrypt(encryption, answer[:32])
    secret = bytes(a ^ b for a, b in zip(key, plain[16:], strict=True))
    counter = int.from_bytes(challenge[4:] + ours[4:])
    return answer, Channel(card, TDES, secret, counter)


def pace_attempt(
    card: EmrtdCard, secret: bytes, password: int
) -> tuple[bytes, Channel | None]:
    """Try PACE in the first way that the chip offers."""
    offer = card.chip.pace[0]
    suite, curve = offer.suite, offer.curve
    chosen = tlv(0x80, offer.protocol_value) + tlv(0x83, bytes([password]))
    answer = card.answer(bytes.fromhex("0022C1A4") + bytes([len(chosen)]) + chosen)
    if answer[:1] not in (b"\x90", b"\x63"):
        return answer, None
    nonce = general(card, b"")
    generator_scalar = int.from_bytes(suite.decrypt(suite.derive(secret, 3), nonce))
    ours = curve.scalar(os.urandom(64))
    theirs = curve.decode(
        general(card, tlv(0x81, curve.encode(curve.generator * ours)))
    )
    mapped = curve.generator * generator_scalar + theirs * ours
    ours = curve.scalar(os.urandom(64))
    own = curve.encode(mapped * ours)
    other = general(card, tlv(0x83, own))
    shared = curve.x(curve.decode(other) * ours)
    mac = suite.derive(shared, 2)

    def token(point: bytes) -> bytes:
        name = tlv(0x06, offer.protocol_value)
        return suite.token(mac, tlv(0x7F49, name, tlv(0x86, point)))

    answer = general_raw(card, tlv(0x85, token(other)), last=True)
    if answer[-2:] != b"\x90\0":
        return answer, None
    assert find(find(answer[:-2], 0x7C) or b"", 0x86) == token(own)
    return answer, Channel(card, suite, shared)


def mrz_secret(information: str) -> bytes:
    """Return PACE's secret for the machine readable zone."""
    return hashlib.sha1(information.encode(), usedforsecurity=False).digest()


def general(card: EmrtdCard, data: bytes) -> bytes:
    answer = general_raw(card, data)
    assert answer[-2:] == b"\x90\0", answer.hex()
    return next(value for _, value in read(find(answer[:-2], 0x7C) or b""))


def general_raw(card: EmrtdCard, data: bytes, *, last: bool = False) -> bytes:
    wrapped = tlv(0x7C, data)
    header = bytes.fromhex("00860000" if last else "10860000")
    return card.answer(header + bytes([len(wrapped)]) + wrapped + b"\0")


def pace_channel(card: EmrtdCard) -> Channel:
    """Open a chip by PACE with its CAN, or else its MRZ, and enter the application."""
    if card.chip.can:
        answer, channel = pace_attempt(card, card.chip.can.encode(), 2)
    else:
        digest = mrz_secret(card.chip.mrz_information)
        answer, channel = pace_attempt(card, digest, 1)
    assert channel is not None, answer.hex()
    entered = channel.send("0CA4040C", SELECT_APPLICATION[5:])
    assert entered == b"\x90\0", entered.hex()
    return channel
