"""Cuts the reader's byte stream into frames and finds its way after noise.

A frame, in either direction (SDT protocol, card-readers A.3):

    AA AA AA 96 69 | length, 2 bytes big-endian | body | check

The length counts the body and the check; the check is the XOR of length and body.
A body may hold the five start bytes, so once a header is accepted its length rules.
Leaves to others: what a body means, and how long to wait for the rest of one.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import reduce
from operator import xor

START = bytes.fromhex("AA AA AA 96 69")
HEADER_SIZE = len(START) + 2
COMMAND_LENGTH_MIN = 3  # command, parameter, check
ANSWER_LENGTH_MIN = 4  # three status bytes, check
LENGTH_MAX = 4096  # the longest documented answer has 2314


class Damage(StrEnum):
    """Why something that began like a frame is none."""

    LENGTH = "length"  # outside the limits
    CHECK = "check"  # the XOR does not fit
    CUT_SHORT = "cut_short"  # the line fell silent before its end


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole frame whose check was right; the body may be personal data."""

    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Noise:
    """Bytes that belong to no frame."""

    count: int


@dataclass(frozen=True, slots=True)
class FalseStart:
    """One start byte given up; the bytes after it are searched again."""

    damage: Damage


Found = Frame | Noise | FalseStart


def encode(body: bytes) -> bytes:
    """Wrap a body for sending; 2 to 4095 bytes."""
    counted = (len(body) + 1).to_bytes(2, "big") + body
    return START + counted + bytes([reduce(xor, counted)])


class FrameCutter:
    """Feed it bytes in any slices; it finds the same frames.

    `length_min` is the least length accepted: ANSWER_LENGTH_MIN or COMMAND_LENGTH_MIN.
    """

    def __init__(self, length_min: int = ANSWER_LENGTH_MIN) -> None:
        self._length_min = length_min
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
            skip = _noise_before_start(self._held)
            if skip:
                found.append(Noise(skip))
                del self._held[:skip]
            if len(self._held) < HEADER_SIZE:
                break
            length = int.from_bytes(self._held[len(START) : HEADER_SIZE], "big")
            if not self._length_min <= length <= LENGTH_MAX:
                found.append(self._give_up(Damage.LENGTH))
                continue
            size = HEADER_SIZE + length
            if len(self._held) < size:
                break
            if reduce(xor, self._held[len(START) : size]) != 0:
                found.append(self._give_up(Damage.CHECK))
                continue
            found.append(Frame(bytes(self._held[HEADER_SIZE : size - 1])))
            del self._held[:size]
        return found

    def quiet(self) -> list[Found]:
        """Give up on a half frame: the line was silent too long to finish it.

        Without this a false start with a large length would swallow the next frame.
        """
        found: list[Found] = []
        while self._held:
            if len(self._held) < len(START):
                found.append(Noise(len(self._held)))
                self._held.clear()
            else:
                found.append(self._give_up(Damage.CUT_SHORT))
                found += self.feed(b"")
        return found

    def _give_up(self, damage: Damage) -> FalseStart:
        del self._held[:1]
        return FalseStart(damage)


def _noise_before_start(held: bytearray) -> int:
    """Count the bytes before the first start, or before what may become one."""
    at = held.find(START)
    if at >= 0:
        return at
    for tail in range(min(len(START) - 1, len(held)), 0, -1):
        if held.endswith(START[:tail]):
            return len(held) - tail
    return len(held)
