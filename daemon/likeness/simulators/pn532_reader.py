"""A simulated PN532 on a UART with a chip before it, without a line.

Written from the PN532 user manual (UM0701-02, clauses 6.2 and 7) and on purpose without
the driver's code. What the host needs: its name, SAM, fields, listing of one card of
type A or B, exchange of commands in pieces, release. Leaves to others: the pty
(serial_pty), the chip (emrtd_card).
"""

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

from likeness.simulators.emrtd_card import EmrtdCard
from likeness.simulators.pn532_faults import Fault, Kind, parse, spoil
from likeness.simulators.serial_pty import Piece

ACK = bytes.fromhex("0000FF00FF00")
NACK = bytes.fromhex("0000FFFF0000")
SYNTAX_ERROR = bytes.fromhex("0000FF01FF7F8100")
START = b"\x00\xff"
HOST, CHIP = 0xD4, 0xD5
FIRMWARE = bytes.fromhex("32010607")
SHORT_MOST, FRAME_MOST = 255, 265  # a length of 255 and more is written in two bytes
DATA_MOST = 262
WAKING_EDGES = 5  # manual 3.1.3.3
MORE = 0x40  # in a target's number and in a status: further data follow
FOREVER = 0xFF  # of tries to find a card
TIMEOUT, NO_TARGET = 0x01, 0x27  # manual 7.1
AIR_TIMEOUT_S = 0.3
BACK_AFTER_S = 2.0  # a chip that removed itself
# A byte over the UART at 115200 baud, and over the air at 106 kbit/s.
UART_BYTE_S, AIR_BYTE_S = 10 / 115_200, 9 / 106_000
CHIP_S = 0.004  # that a chip thinks

# Target 1; ATQA, SAK, UID, ATS (FSC 64). UIDs that begin with 08 are drawn by chance.
TYPE_A = bytes.fromhex("01 0004 20 04 08112233 05 75778102".replace(" ", ""))
# Target 1; ATQB with PUPI, application and protocol data; answer to ATTRIB.
TYPE_B = bytes.fromhex("01 50 08112233 00000000 005181 01 00".replace(" ", ""))
Radio = Literal["a", "b"]


class Pn532Reader:
    """Takes the host's bytes, returns what leaves and when."""

    def __init__(
        self,
        faults: Iterable[str | Fault] = (),
        *,
        radio: Radio = "a",
        paced: bool = False,
    ) -> None:
        """Make a reader without a card.

        Args:
            faults: of the reader and its line.
            radio: of which type cards laid on it are.
            paced: let time pass as bytes over UART and air take it.
        """
        self.faults = [parse(one) if isinstance(one, str) else one for one in faults]
        self._radio, self._paced = radio, paced
        self._card: EmrtdCard | None = None
        self._gone_since: float | None = None
        # Noise, not keys; seeded so that a failing run can be repeated.
        self._chance = random.Random(7)  # noqa: S311
        self.seconds = 0.0  # that a paced conversation took on UART and air
        self.power_up(0.0)

    def power_up(self, now: float) -> None:
        """Begin anew: asleep until the line moves, field off."""
        self._held = b""
        self._asleep = True
        self._selected = False
        self._tries = FOREVER
        self._waiting = b""  # a search that goes on until there is a card
        self._last = b""
        self._command, self._answer = b"", b""
        self._registers: dict[bytes, int] = {}
        self._let_go()

    def lay(self, card: EmrtdCard) -> list[Piece]:
        """Put a chip before the reader; a search that waits finds it."""
        self._card, card.gone = card, False
        found = self._search(self._waiting) if self._waiting else None
        return [] if found is None else self._framed(found, set())

    def take_away(self) -> None:
        """Lift the chip: it loses its power."""
        self._let_go()
        self._card = None

    def receive(self, data: bytes, now: float) -> list[Piece]:
        """Take in bytes of the host; pieces tell how long after now they leave."""
        self._let_return(now)
        self._held += data
        if self._asleep and not self._woken():
            return []
        pieces: list[Piece] = []
        while (taken := self._next_frame()) is not None:
            pieces += self._heard(taken)
        return pieces

    def _let_return(self, now: float) -> None:
        """Lay a chip again that removed itself, after a while."""
        if self._card is None or not self._card.gone:
            self._gone_since = None
        elif self._gone_since is None:
            self._gone_since = now
        elif now - self._gone_since >= BACK_AFTER_S:
            self._card.gone = False

    # --- frames ---------------------------------------------------------------------
    def _woken(self) -> bool:
        """It wakes by the fifth rising edge; what was said until then is lost."""
        edges = 0
        for at, byte in enumerate(self._held):
            edges += _rising_edges(byte)
            if edges >= WAKING_EDGES:
                self._asleep = False
                self._held = self._held[at + 1 :]
                return True
        self._held = b""
        return False

    def _next_frame(self) -> bytes | None:
        """Cut out one frame's data; ACK and NACK are returned whole."""
        while (start := self._held.find(START)) >= 0:
            body = self._held[start + 2 :]
            if len(body) < 2:  # noqa: PLR2004
                return None
            if body[:2] in (b"\x00\xff", b"\xff\x00"):
                self._held = body[2:]
                return ACK if body[0] == 0 else NACK
            head, size = 2, body[0]
            if body[:2] == b"\xff\xff":
                if len(body) < 5:  # noqa: PLR2004
                    return None
                head, size = 5, int.from_bytes(body[2:4])
            checked = body[:2] if head == 2 else body[2:5]  # noqa: PLR2004
            if sum(checked) & 0xFF or not 1 <= size <= FRAME_MOST:
                self._held = body
                continue
            if len(body) < head + size + 1:
                return None
            data = body[head : head + size + 1]
            self._held = body[head + size + 1 :]
            if sum(data) & 0xFF == 0 and data[0] == HOST:
                return data[1:-1]
        self._held = self._held[-1:]
        return None

    def _heard(self, body: bytes) -> list[Piece]:
        if body == ACK:  # the host gives up what it asked for
            self._waiting = b""
            return []
        if body == NACK:
            return [Piece(0.0, self._last)] if self._last else []
        self._waiting = b""
        code = body[:1].hex().upper()
        struck = {fault.kind for fault in self.faults if fault.strikes(code)}
        if Kind.ASLEEP in struck:
            self._asleep = True
        if struck & {Kind.ASLEEP, Kind.UNPOWERED, Kind.NO_ACK}:
            return []
        acknowledged = [Piece(0.0, ACK)]
        answer = self._obeyed(body, lost=Kind.CARD_LOST in struck)
        if answer is None:
            return acknowledged
        pieces = self._framed(answer, struck)
        wait = self._air_s(body, answer)
        return acknowledged + [
            replace(piece, after_s=piece.after_s + wait) for piece in pieces
        ]

    def _framed(self, answer: bytes, struck: set[Kind]) -> list[Piece]:
        self._last = _frame(answer)
        return spoil(self._last, struck, self._chance)

    def _air_s(self, asked: bytes, answer: bytes) -> float:
        """Return how long the answer takes to begin, and count the paced time."""
        if asked[:1] != b"\x40" or self._card is None:
            return 0.0
        wait = self._card.delay_s + (AIR_TIMEOUT_S if answer[1] == TIMEOUT else 0.0)
        if self._paced:
            size = len(asked) + len(answer)
            wait += size * (UART_BYTE_S + AIR_BYTE_S) + CHIP_S
            self.seconds += wait
        return wait

    # --- commands -------------------------------------------------------------------
    def _obeyed(self, body: bytes, *, lost: bool) -> bytes | None:  # noqa: C901, PLR0911, PLR0912 - one row each
        """Return the answer's body; None: none yet; empty: a syntax error."""
        code, rest = body[0], body[1:]
        done = bytes([code + 1])
        match code:
            case 0x00:  # Diagnose: 0 returns what it was given
                return done + (rest if rest[:1] == b"\x00" else b"\x00")
            case 0x02:
                return done + FIRMWARE
            case 0x04:  # GetGeneralStatus
                return done + bytes([0, 0, int(self._selected), 0x80])
            case 0x06:  # ReadRegister
                pairs = [rest[at : at + 2] for at in range(0, len(rest), 2)]
                return done + bytes(self._registers.get(pair, 0) for pair in pairs)
            case 0x08:  # WriteRegister
                for at in range(0, len(rest) - 2, 3):
                    self._registers[rest[at : at + 2]] = rest[at + 2]
                return done
            case 0x0C:  # ReadGPIO
                return done + bytes(3)
            case 0x0E | 0x10 | 0x12 | 0x14:  # WriteGPIO, baud rate, parameters, SAM
                return done
            case 0x16:  # PowerDown
                self._asleep = True
                self._let_go()
                return done + b"\x00"
            case 0x32:
                self._configure(rest)
                return done
            case 0x40:
                return done + (bytes([TIMEOUT]) if lost else self._exchanged(rest))
            case 0x42:  # InCommunicateThru: no other protocol finds anybody
                return done + bytes([TIMEOUT])
            case 0x44 | 0x52 | 0x54:  # InDeselect, InRelease, InSelect
                if code != 0x54:  # noqa: PLR2004
                    self._let_go()
                return done + b"\x00"
            case 0x4A:
                return self._search(rest)
            case _:
                return b""

    def _configure(self, rest: bytes) -> None:
        match rest[:1]:
            case b"\x01" if not rest[1:2] or not rest[1] & 1:
                self._let_go()
            case b"\x05" if len(rest) == 4:  # noqa: PLR2004
                self._tries = rest[3]
            case _:
                pass

    def _search(self, rest: bytes) -> bytes | None:
        """InListPassiveTarget: the number of targets wanted, then the kind of radio."""
        self._waiting = b""
        self._let_go()
        radio = {0: "a", 3: "b"}.get(rest[1]) if len(rest) > 1 else None
        card = self._card
        if card is not None and not card.gone and radio == self._radio:
            card.power_on()
            self._selected = True
            self._command = self._answer = b""
            return b"\x4b\x01" + (TYPE_A if radio == "a" else TYPE_B)
        if self._tries == FOREVER and radio is not None:
            self._waiting = rest
            return None
        return b"\x4b\x00"

    def _exchanged(self, rest: bytes) -> bytes:
        """InDataExchange: return status and data, both in as many pieces as needed."""
        if not rest or not self._selected or rest[0] & ~MORE != 1:
            return bytes([NO_TARGET])
        if len(rest) > 1 or rest[0] & MORE:
            self._command += rest[1:]
            if rest[0] & MORE:
                return b"\x00"
            command, self._command = self._command, b""
            self._answer = self._card.answer(command) if self._card else b""
            if not self._answer:
                return bytes([TIMEOUT])
        part, self._answer = self._answer[:DATA_MOST], self._answer[DATA_MOST:]
        return bytes([MORE if self._answer else 0]) + part

    def _let_go(self) -> None:
        self._selected = False
        if self._card is not None:
            self._card.power_off()


def _rising_edges(byte: int) -> int:
    """Count 0 to 1 of a byte on the line, lowest bit first, in start and stop bit."""
    line = byte << 1 | 1 << 9
    return (line >> 1 & ~line).bit_count()


def _frame(answer: bytes) -> bytes:
    if not answer:
        return SYNTAX_ERROR
    data = bytes([CHIP]) + answer
    size = len(data)
    if size < SHORT_MOST:
        head = bytes([size, -size & 0xFF])
    else:
        wide = size.to_bytes(2)
        head = b"\xff\xff" + wide + bytes([-sum(wide) & 0xFF])
    return b"\x00" + START + head + data + bytes([-sum(data) & 0xFF, 0])
