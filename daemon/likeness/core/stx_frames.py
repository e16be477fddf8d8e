"""Cuts the byte stream of a multi-in-one reader module into frames.

Such modules hide the SAM behind frames of their own (card-readers A.11; one public
source, no device was at hand):

    02 | length, 2 bytes big-endian | data | check | 03

The length counts the data alone; the check is the XOR of the data. The data of an
answer begins with a status word whose bytes stand the other way round: 90 00, 80 00.
Leaves to others: which of our commands becomes which frame (stx_talk).
"""

from likeness.core import card_frames
from likeness.core.card_frames import Damage, FalseStart, Found, Frame, Noise

STX, ETX = 0x02, 0x03
HEADER_SIZE = 3
TAIL_SIZE = 2
STATUS_SIZE = 2
# The longest documented answer has 1286; a longer one must still fit into a frame of a
# bare SAM, which has a status byte and a check more.
LENGTH_MAX = card_frames.LENGTH_MAX - 2


def encode(data: bytes) -> bytes:
    """Wrap data for sending; 1 to 4094 bytes."""
    header = bytes([STX]) + len(data).to_bytes(2, "big")
    return header + data + bytes([_check(data), ETX])


class StxCutter:
    """Feed it bytes in any slices; it finds the same frames.

    A start is one byte long, so noise often looks like one. What is wrong only shows at
    the end of the frame: then one byte is given up and the rest is searched again. Make
    a new one for each command: it waits for ever for the end of a false start.
    """

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether bytes are held that may be the beginning of a frame."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Found]:
        """Take in bytes; return what has become clear, in order."""
        self._held += data
        found: list[Found] = []
        while self._held:
            skip = self._held.find(STX)
            if skip:
                noise = len(self._held) if skip < 0 else skip
                found.append(Noise(noise))
                del self._held[:noise]
                continue
            if len(self._held) < HEADER_SIZE:
                break
            length = int.from_bytes(self._held[1:HEADER_SIZE], "big")
            if not STATUS_SIZE <= length <= LENGTH_MAX:
                found.append(self._give_up(Damage.LENGTH))
                continue
            end = HEADER_SIZE + length
            if len(self._held) < end + TAIL_SIZE:
                break
            body = self._body(end)
            if body is None:
                found.append(self._give_up(Damage.CHECK))
                continue
            found.append(Frame(body))
            del self._held[: end + TAIL_SIZE]
        return found

    def _body(self, end: int) -> bytes | None:
        """The cheap look first: noise is full of starts."""
        if self._held[end + 1] != ETX:
            return None
        body = bytes(self._held[HEADER_SIZE:end])
        return body if self._held[end] == _check(body) else None

    def _give_up(self, damage: Damage) -> FalseStart:
        del self._held[:1]
        return FalseStart(damage)


def _check(data: bytes) -> int:
    """Fold the data half on half: byte by byte, noise full of starts took seconds."""
    value, size = int.from_bytes(data, "big"), len(data)
    while size > 1:
        size = (size + 1) // 2
        value = (value >> 8 * size) ^ (value & ((1 << 8 * size) - 1))
    return value
