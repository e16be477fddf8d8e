"""The far side of a multi-in-one module: a reader and its card behind STX frames.

Written from the one public description (card-readers A.11), and without any code of
the driver in `core`. A module finds and selects by itself: with a card in the field
both of its commands answer, without one they say 80 00. Whether a real one lets a card
be read twice in one laying is not known, so `halts` has it both ways.
Leaves to others: the pty (sdt).
"""

from functools import reduce
from operator import xor
from typing import Any

from likeness.simulators.sdt_reader import (
    BAD_CHECK,
    BAD_COMMAND,
    NOT_FOUND,
    OK,
    Heard,
    Lying,
    SdtReader,
)

COMMAND_SIZE = 3
WHOLE, NUMBER = "CA00", "CA02"
NUMBER_AT = slice(122, 158)  # of a resident's text


class StxReader(SdtReader):
    """A module; its commands are named CA00 (whole card) and CA02 (number)."""

    LENGTH_AT = 1

    # Any: the same as SdtReader's own.
    def __init__(self, *faults: Any, halts: bool = False, **others: Any) -> None:
        super().__init__(*faults, **others)
        self.halts = halts

    def _next_command(self) -> Heard | None:
        start = self._pending.find(b"\x02")
        frame = self._pending[start:] if start >= 0 else b""
        if len(frame) >= 3 and frame[1:3] != b"\0\x03":  # noqa: PLR2004
            self._pending = frame[1:]
            return self._next_command()
        if len(frame) < 3 + COMMAND_SIZE + 2:
            self._pending = frame
            return None
        self._pending = frame[8:]
        damaged = reduce(xor, frame[3:7]) != 0 or frame[7] != 3  # noqa: PLR2004
        return Heard(frame[3:6:2].hex().upper(), BAD_CHECK if damaged else 0)

    def _say(self, status: int, data: bytes = b"") -> bytes:
        said = bytes([status, 0]) + data
        return b"\x02" + len(said).to_bytes(2, "big") + said + _end(said)

    def _right_answer(self, command: str) -> bytes:
        if command not in (WHOLE, NUMBER):
            return self._say(BAD_COMMAND)
        card = self._card
        if card is None or self._lying is Lying.HALTED:
            return self._say(NOT_FOUND)
        if command == NUMBER:
            return self._say(OK, card.text[NUMBER_AT])
        if self.halts:
            self._lying = Lying.HALTED
        parts = (card.text, card.portrait)
        sizes = b"".join(len(part).to_bytes(2, "big") for part in parts)
        return self._say(OK, sizes + b"".join(parts))


def _end(said: bytes) -> bytes:
    return bytes([reduce(xor, said), 3])
