"""The ways in which a simulated PN532 or its line may misbehave, and their names.

A fault is written NAME[:TIMES][@COMMAND]: `bad-sum:2@40` spoils the next two answers
to command 40. Without TIMES it never ends, without @COMMAND it meets every command.
Leaves to others: right answers (pn532_reader), a lying chip (emrtd_faults).
"""

import random
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from likeness.errors import UsageError
from likeness.simulators.serial_pty import Piece

DRIP_S = 0.02  # per byte
LATE_S = 1.0
ERROR_FRAME = bytes.fromhex("0000FF01FF7F8100")
STALE = bytes.fromhex("0000FF02FED5151600")  # an answer that nobody waits for


class Kind(StrEnum):
    """What goes wrong."""

    UNPOWERED = "unpowered"  # not a byte, not even an acknowledgement
    NO_ACK = "no-ack"  # the command is lost on its way
    SILENT = "silent"  # acknowledged, never answered
    LATE = "late"  # a second later
    NOISE = "noise"  # random bytes before the answer
    SPLIT = "split"  # each byte written by itself
    SLOW_DRIP = "slow-drip"  # one byte every 20 ms
    TORN = "torn"  # only the first half comes
    GLUED = "glued"  # a stale frame right before it
    BAD_SUM = "bad-sum"
    BAD_LENGTH = "bad-length"  # its check does not fit
    GARBAGE = "garbage"  # as with a wrong baud rate
    ERROR = "error-frame"
    UNPLUG = "unplug"  # the line goes away after the first half, and returns
    ASLEEP = "asleep"  # it fell asleep: the command only wakes it
    CARD_LOST = "card-lost"  # an exchange over the air fails, once it was heard


_FORM = re.compile(
    r"(?P<kind>[a-z-]+)(:(?P<times>[0-9]+))?(@(?P<command>[0-9A-Fa-f]{2}))?"
)


@dataclass(slots=True)
class Fault:
    """One switch; `times` counts down."""

    kind: Kind
    times: float = float("inf")
    command: str = ""  # two hexadecimal digits; empty: every command

    def strikes(self, command: str) -> bool:
        """Say whether the answer to a command is met, and count it."""
        if self.times <= 0 or self.command not in ("", command):
            return False
        self.times -= 1
        return True


def parse(text: str) -> Fault:
    """Read one fault.

    Raises:
        UsageError: naming the faults there are.
    """
    form = _FORM.fullmatch(text)
    kinds = [kind.value for kind in Kind]
    if form is None and text.partition(":")[0].partition("@")[0] in kinds:
        raise UsageError(
            f"fault '{text}': write NAME[:TIMES][@COMMAND]; TIMES is a whole number,"
            " COMMAND two hex digits"
        )
    if form is None or form["kind"] not in kinds:
        raise UsageError(
            f"unknown fault '{text}'; write NAME[:TIMES][@COMMAND] with a name of "
            + ", ".join(kinds)
        )
    kind = Kind(form["kind"])
    command = form["command"] or ("40" if kind is Kind.CARD_LOST else "")
    return Fault(kind, float(form["times"] or "inf"), command.upper())


def spoil(frame: bytes, kinds: Collection[Kind], chance: random.Random) -> list[Piece]:
    """Turn a right answer into what really leaves the reader."""
    if Kind.SILENT in kinds:
        return []
    late = LATE_S if Kind.LATE in kinds else 0.0
    frame = _deformed(frame, kinds, chance)
    half = frame[: len(frame) // 2]
    if Kind.UNPLUG in kinds:
        return [Piece(late, half, then_unplug=True)]
    if Kind.TORN in kinds:
        return [Piece(late, half)]
    if Kind.SLOW_DRIP in kinds or Kind.SPLIT in kinds:
        gap = DRIP_S if Kind.SLOW_DRIP in kinds else 0.0
        return [Piece(late + gap * at, bytes([one])) for at, one in enumerate(frame)]
    return [Piece(late, frame)]


def _deformed(frame: bytes, kinds: Collection[Kind], chance: random.Random) -> bytes:
    if Kind.ERROR in kinds:
        frame = ERROR_FRAME
    if Kind.BAD_SUM in kinds:
        frame = frame[:-2] + bytes([frame[-2] ^ 0x55]) + frame[-1:]
    if Kind.BAD_LENGTH in kinds:
        frame = frame[:4] + bytes([frame[4] ^ 0x55]) + frame[5:]
    if Kind.GLUED in kinds:
        frame = STALE + frame
    if Kind.NOISE in kinds:
        frame = chance.randbytes(chance.randint(1, 9)) + frame
    if Kind.GARBAGE in kinds:
        frame = chance.randbytes(len(frame))
    return frame
