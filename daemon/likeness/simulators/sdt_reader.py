"""The far side of the SDT protocol: a reader module with a card, without a line.

Written from the protocol's documents (card-readers A.3 to A.8), and on purpose without
any code of the driver in `core`: the two must agree on bytes, not on functions.
Leaves to others: the pty (sdt), the card's content (card_file).
"""

import random
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import reduce
from operator import xor

from likeness.simulators.sdt_faults import Fault, Kind, spoil
from likeness.simulators.serial_pty import Piece

PREAMBLE = b"\xaa\xaa\xaa\x96\x69"
COMMAND_LENGTHS = range(3, 65)
HALF_COMMAND_S = 0.5  # a half command is forgotten after this
# 05.01-20110511-0001234567-0987654321 in the module's own byte order (A.6).
MODULE_ID = bytes.fromhex("05 00 01 00 AF DC 32 01 87 D6 12 00 B1 68 DE 3A")
CHIP_ID = bytes(range(28))
BAUDS = (115200, 57600, 38400, 19200, 9600)
MOST_COMMANDS = 10_000
WIRE_SLICE = 32  # bytes that leave together when the line is paced

OK, FOUND, NOT_FOUND, NO_ITEM = 0x90, 0x9F, 0x80, 0x91
SELECT_FAILED, READ_FAILED = 0x81, 0x41
BAD_CHECK, BAD_LENGTH, BAD_COMMAND = 0x10, 0x11, 0x21


@dataclass(frozen=True, slots=True)
class SdtCard:
    """What the chip gives away: text (256 bytes), portrait record, later addresses."""

    text: bytes = field(repr=False)
    portrait: bytes = field(repr=False)
    appended: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class Heard:
    """One command: its name in hexadecimal, or what is wrong with its frame."""

    command: str
    complaint: int = 0  # a status


class Lying(Enum):
    """How the card stands with the reader."""

    ABSENT = auto()
    IN_FIELD = auto()
    FOUND = auto()
    SELECTED = auto()
    HALTED = auto()  # it was read: no find sees it until it is lifted


class SdtReader:
    """Takes the host's bytes, returns what leaves and when."""

    LENGTH_AT = 5  # in a frame

    def __init__(
        self,
        faults: Iterable[Fault] = (),
        *,
        latency_s: float = 0.0,
        paced: bool = False,
        baud: int = BAUDS[0],
        power_up_s: float = 0.0,
        module_id: bytes = MODULE_ID,
    ) -> None:
        self._module_id = module_id
        self.faults = list(faults)
        self._latency_s = latency_s
        self._paced = paced
        self._baud = baud
        self._power_up_s = power_up_s
        self._deaf_until = 0.0
        self._card: SdtCard | None = None
        self._lying = Lying.ABSENT
        self._pending = b""
        self._heard_s = 0.0
        # Noise, not keys; seeded so that a failing run can be repeated.
        self._chance = random.Random(7)  # noqa: S311
        # The last ones heard, as four hexadecimal digits. A reader is asked several
        # times a second, for days.
        self.commands: deque[str] = deque(maxlen=MOST_COMMANDS)

    @property
    def baud(self) -> int:
        """The rate it talks at."""
        return self._baud

    def power_up(self, now: float) -> None:
        """Begin anew, deaf for a while; a card in the field is fresh again."""
        self._deaf_until = now + self._power_up_s
        self._pending = b""
        self._drop_field()

    def lay(self, card: SdtCard) -> None:
        """Put a card on the reader."""
        self._card, self._lying = card, Lying.IN_FIELD

    def take_away(self) -> None:
        """Lift the card."""
        self._card, self._lying = None, Lying.ABSENT

    def receive(self, data: bytes, now: float) -> list[Piece]:
        """Take in bytes of the host; pieces tell how long after `now` they leave."""
        if now - self._heard_s > HALF_COMMAND_S:
            self._pending = b""
        self._heard_s = now
        if now < self._deaf_until:
            return []
        self._pending += data
        pieces: list[Piece] = []
        while (heard := self._next_command()) is not None:
            pieces += self._obey(heard)
        return pieces

    def _next_command(self) -> Heard | None:
        """Cut one command out of what came."""
        start = self._pending.find(PREAMBLE)
        if start < 0:
            self._pending = self._pending[-4:]
            return None
        frame = self._pending[start:]
        size = int.from_bytes(frame[5:7], "big")
        if len(frame) >= 7 and size not in COMMAND_LENGTHS:  # noqa: PLR2004
            self._pending = b""
            return Heard("", BAD_LENGTH)
        if len(frame) < 7 + size or len(frame) < 7:  # noqa: PLR2004
            return None
        self._pending = frame[7 + size :]
        damaged = reduce(xor, frame[5 : 7 + size]) != 0
        return Heard(frame[7:9].hex().upper(), BAD_CHECK if damaged else 0)

    def _obey(self, heard: Heard) -> list[Piece]:
        struck = [fault for fault in self.faults if fault.strikes(heard.command)]
        if heard.complaint:
            frame: bytes | None = self._say(heard.complaint)
        else:
            self.commands.append(heard.command)
            frame = self._wrong_answer(struck)
        if frame is None:
            frame = self._right_answer(heard.command)
        kinds = [fault.kind for fault in struck]
        pieces = spoil(frame, kinds, self._chance, length_at=self.LENGTH_AT)
        if self._paced and len(pieces) == 1:
            pieces = self._at_pace(pieces[0])
        return [
            replace(piece, after_s=piece.after_s + self._latency_s) for piece in pieces
        ]

    def _say(self, status: int, data: bytes = b"") -> bytes:
        return answer(status, data)

    def _wrong_answer(self, struck: list[Fault]) -> bytes | None:
        for fault in struck:
            if fault.kind is Kind.STATUS:
                if fault.status not in (BAD_CHECK, BAD_LENGTH, BAD_COMMAND):
                    self._drop_selection()  # those three: it was never carried out
                return self._say(fault.status)
            if fault.kind is Kind.MOVED:
                self._drop_field()
                return self._say(READ_FAILED)
            if fault.kind is Kind.NO_REMOVAL_TEST:
                return self._say(BAD_COMMAND)
        return None

    def _at_pace(self, whole: Piece) -> list[Piece]:
        cut = range(0, len(whole.data), WIRE_SLICE)
        slices = [whole.data[at : at + WIRE_SLICE] for at in cut]
        byte_s = 10 / self._baud
        ends = [byte_s * (at + len(part)) for at, part in zip(cut, slices, strict=True)]
        pieces = [Piece(end, part) for end, part in zip(ends, slices, strict=True)]
        return [*pieces[:-1], replace(pieces[-1], then_unplug=whole.then_unplug)]

    def _right_answer(self, command: str) -> bytes:
        match command:
            case "10FF":
                self._drop_field()
                return self._say(OK)
            case "11FF" | "61FF":
                return self._say(OK)
            case "12FF":
                return self._say(OK, self._module_id)
            case "2001":
                return self._find()
            case "2002":
                return self._select()
            case "3001" | "3010":
                return self._read(fingerprint=command == "3010")
            case "3003":
                return self._appended()
            case "3005":
                return self._say(OK, CHIP_ID) if self._awake else self._say(READ_FAILED)
            case _ if command[:2] == "60" and int(command[2:], 16) < len(BAUDS):
                self._baud = BAUDS[int(command[2:], 16)]
                return self._say(OK)
            case _:
                return self._say(BAD_COMMAND)

    def _find(self) -> bytes:
        if self._lying in (Lying.ABSENT, Lying.HALTED):
            return self._say(NOT_FOUND)
        self._lying = Lying.FOUND
        return self._say(FOUND, bytes(4))

    def _select(self) -> bytes:
        if self._lying is not Lying.FOUND:
            return self._say(SELECT_FAILED)
        self._lying = Lying.SELECTED
        return self._say(OK, bytes(8))

    def _read(self, *, fingerprint: bool) -> bytes:
        if self._lying is not Lying.SELECTED or self._card is None:
            self._drop_selection()
            return self._say(READ_FAILED)
        self._lying = Lying.HALTED
        parts = [self._card.text, self._card.portrait]
        if fingerprint:
            parts.append(bytes(1024))
        sizes = b"".join(len(part).to_bytes(2, "big") for part in parts)
        return self._say(OK, sizes + b"".join(parts))

    def _appended(self) -> bytes:
        if not self._awake or self._card is None:
            return self._say(READ_FAILED)
        if not self._card.appended:
            return self._say(NO_ITEM)
        return self._say(OK, self._card.appended)

    @property
    def _awake(self) -> bool:
        return self._lying in (Lying.SELECTED, Lying.HALTED)

    def _drop_selection(self) -> None:
        if self._lying in (Lying.FOUND, Lying.SELECTED):
            self._lying = Lying.IN_FIELD

    def _drop_field(self) -> None:
        if self._card is not None:
            self._lying = Lying.IN_FIELD


def answer(status: int, data: bytes = b"") -> bytes:
    """Build one answer frame."""
    counted = (len(data) + 4).to_bytes(2, "big") + bytes([0, 0, status]) + data
    return PREAMBLE + counted + bytes([reduce(xor, counted)])
