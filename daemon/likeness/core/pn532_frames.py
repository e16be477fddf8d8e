"""Cuts the byte stream of a PN532 into frames and finds its way after noise.

    normal    00 00 FF | LEN LCS | TFI PD0 … PDn | DCS 00
    extended  00 00 FF FF FF | LENM LENL LCS | TFI PD0 … PDn | DCS 00
    ACK       00 00 FF 00 FF 00        NACK      00 00 FF FF 00 00

LEN counts TFI and data; LEN + LCS and TFI + … + DCS are 0 modulo 256 (PN532 user manual
6.2.1; card-readers B.5). The 00 in front is padding; the one behind belongs to a frame,
since it and noise behind it could be taken for a start.
Leaves to others: what a body means, and how long to wait.
"""

from dataclasses import dataclass, field

START = b"\x00\xff"
HOST_TO_CHIP, CHIP_TO_HOST, ERROR = 0xD4, 0xD5, 0x7F
DATA_MOST = 264  # TFI, command and 262 bytes
NORMAL_MOST = 254  # 255 as a length marks an extended frame
ACK = bytes.fromhex("00 00 FF 00 FF 00")
NACK = bytes.fromhex("00 00 FF FF 00 00")
_EXTENDED = b"\xff\xff"


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame of the chip, without its TFI; may be personal data."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Ack:
    """The chip has taken the command."""


@dataclass(frozen=True, slots=True)
class Nack:
    """The chip wants the command again."""


@dataclass(frozen=True, slots=True)
class ErrorFrame:
    """The chip does not know the command, or its syntax is wrong."""


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame, or to one whose sums are wrong."""

    count: int


Found = Frame | Ack | Nack | ErrorFrame | Noise


def encode(body: bytes) -> bytes:
    """Wrap a command and its data for the chip; 1 to 263 bytes.

    Raises:
        ValueError: the chip takes no frame of that size.
    """
    data = bytes([HOST_TO_CHIP]) + body
    size = len(data)
    if not 1 < size <= DATA_MOST:
        raise ValueError(f"a PN532 frame holds 2 to {DATA_MOST} bytes, not {size}")
    if size <= NORMAL_MOST:
        length = bytes([size, -size & 0xFF])
    else:
        length = _EXTENDED + size.to_bytes(2)
        length += bytes([-sum(length[2:]) & 0xFF])
    return b"\x00" + START + length + data + bytes([-sum(data) & 0xFF, 0])


class FrameCutter:
    """Feed it bytes in any slices; it finds the same frames.

    What it holds is never more than one frame.
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
        while True:
            self._drop(self._before_start(), found)
            step = self._first()
            if step is None:
                return found
            size, what = step
            if what is None:
                self._drop(1, found)  # a false start: its later bytes may be a true one
                continue
            del self._held[:size]
            found.append(what)

    def clear(self) -> None:
        """Forget a half frame: the line was silent too long to finish it."""
        self._held.clear()

    def _drop(self, count: int, found: list[Found]) -> None:
        """Count noise; zeros are padding, which may stand anywhere between frames."""
        noise = count - self._held[:count].count(0)
        del self._held[:count]
        if noise:
            found.append(Noise(noise))

    def _before_start(self) -> int:
        at = self._held.find(START)
        if at >= 0:
            return at
        return len(self._held) - self._held.endswith(START[:1])

    def _first(self) -> tuple[int, Found | None] | None:
        """Judge the frame that begins here: its size and what it is; None: wait."""
        held = self._held
        at = len(START)
        if len(held) < at + 3:
            return None
        short = bytes(held[at : at + 3])
        if short == ACK[3:]:
            return at + 3, Ack()
        if short == NACK[3:]:
            return at + 3, Nack()
        length = short[:2]
        at += 2
        size = length[0]
        if length == _EXTENDED:
            if len(held) < at + 3:
                return None
            size, length = int.from_bytes(held[at : at + 2]), bytes(held[at : at + 3])
            at += 3
        if sum(length) & 0xFF or not 0 < size <= DATA_MOST:
            return at, None
        end = at + size + 1
        if len(held) <= end:
            return None
        if sum(held[at:end]) & 0xFF or held[end]:
            return at, None
        return end + 1, _what(bytes(held[at : end - 1]))


def _what(data: bytes) -> Found | None:
    if data == bytes([ERROR]):
        return ErrorFrame()
    if data[0] == CHIP_TO_HOST and len(data) > 1:
        return Frame(data[1:])
    return None  # the host's own frame come back, or nonsense
