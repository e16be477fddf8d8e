"""The ways in which a simulated reader or its line may misbehave, and their names.

A fault is written NAME[:TIMES][@COMMAND]: `bad-xor:2@3001` spoils the next two answers
to command 30 01. Without TIMES it never ends, without COMMAND it meets every answer.
`status-41` answers with that status word instead of the right one.
Leaves to others: what a right answer is (sdt_reader), and the line itself (sdt).
"""

import random
import re
from dataclasses import dataclass
from enum import StrEnum

from likeness.errors import UsageError
from likeness.simulators.serial_pty import Piece

DRIP_S = 0.05  # per byte


class Kind(StrEnum):
    """What goes wrong with an answer."""

    NOISE = "noise"  # random bytes before it
    SPLIT = "split"  # each byte written by itself
    GLUED = "glued"  # a second, stale frame right behind it
    BAD_XOR = "bad-xor"
    LENGTH_BIG = "len-big"  # states more bytes than come
    LENGTH_SMALL = "len-small"  # states fewer than come
    SILENT = "silent"
    SLOW_DRIP = "slow-drip"  # one byte every 50 ms
    CUT = "cut"  # only the first half comes
    GARBAGE = "garbage"  # as with a wrong baud rate
    UNPLUG = "unplug"  # the line goes away after the first half, and returns
    MOVED = "moved"  # the card leaves between select and read, and returns
    NO_REMOVAL_TEST = "no-removal-test"  # 30 03 is not supported
    STATUS = "status"


# Where a status word belongs; any other may answer any command.
STATUS_BELONGS_TO = {
    0x80: "2001",
    0x81: "2002",
    0x40: "2002",
    0x31: "3001",
    0x32: "3001",
    0x33: "3001",
    0x41: "3001",
    0x47: "3001",
}
_FORM = re.compile(
    r"(?P<kind>[a-z-]+?)(-(?P<status>[0-9A-Fa-f]{2}))?"
    r"(:(?P<times>[0-9]+))?(@(?P<command>[0-9A-Fa-f]{4}))?"
)


@dataclass(slots=True)
class Fault:
    """One switch; `times` counts down."""

    kind: Kind
    status: int = 0
    times: float = float("inf")
    command: str = ""  # four hexadecimal digits; empty: every command

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
    names = [kind.value for kind in Kind if kind is not Kind.STATUS]
    known = form is not None and (
        form["kind"] in names or (form["kind"] == "status" and form["status"])
    )
    if form is None and text.partition(":")[0].partition("@")[0] in names:
        raise UsageError(
            f"fault '{text}': write NAME[:TIMES][@COMMAND]; TIMES is a whole number,"
            " COMMAND four hex digits"
        )
    if form is None or not known:
        raise UsageError(
            f"unknown fault '{text}'; write NAME[:TIMES][@COMMAND] with a name of "
            + ", ".join([*names, "status-XX"])
        )
    kind = Kind(form["kind"])
    status = int(form["status"] or "0", 16)
    fixed = {
        Kind.STATUS: STATUS_BELONGS_TO.get(status, ""),
        Kind.MOVED: "3001",
        Kind.NO_REMOVAL_TEST: "3003",
    }
    command = (form["command"] or fixed.get(kind, "")).upper()
    times = float(form["times"]) if form["times"] else float("inf")
    return Fault(kind, status, times, command)


def spoil(
    frame: bytes, kinds: list[Kind], chance: random.Random, *, length_at: int = 5
) -> list[Piece]:
    """Turn a right frame, whose length stands at a place, into what really leaves."""
    if Kind.SILENT in kinds:
        return []
    frame = _deform(frame, kinds, chance, length_at)
    if Kind.UNPLUG in kinds:
        return [Piece(0.0, frame[: len(frame) // 2], then_unplug=True)]
    if Kind.SLOW_DRIP in kinds:
        return [Piece(at * DRIP_S, frame[at : at + 1]) for at in range(len(frame))]
    if Kind.SPLIT in kinds:
        return [Piece(0.0, frame[at : at + 1]) for at in range(len(frame))]
    return [Piece(0.0, frame)]


def _deform(
    frame: bytes, kinds: list[Kind], chance: random.Random, length_at: int
) -> bytes:
    before, after = frame[:length_at], frame[length_at + 2 :]
    if Kind.BAD_XOR in kinds:
        frame = frame[:-1] + bytes([frame[-1] ^ 0x55])
    if Kind.LENGTH_BIG in kinds:
        frame = before + b"\x0e\xee" + after
    if Kind.LENGTH_SMALL in kinds:
        frame = before + b"\x00\x01" + after
    if Kind.CUT in kinds:
        frame = frame[: len(frame) // 2]
    if Kind.GLUED in kinds:
        frame += bytes.fromhex("AA AA AA 96 69 00 04 00 00 80 84")
    if Kind.NOISE in kinds:
        frame = chance.randbytes(chance.randint(1, 9)) + frame
    if Kind.GARBAGE in kinds:
        frame = chance.randbytes(len(frame))
    return frame
