"""Lets the dialogue talk to a multi-in-one module as if it were a bare SAM.

The module knows two commands: read the number, read the whole card; it finds and
selects by itself. So each command of the dialogue becomes one of them, or is answered
here:

    11 FF, 20 01, 30 03    read the number: is there a module, a card, still one?
    30 01                  read the whole card
    20 02, 10 FF           answered here: done
    12 FF                  answered here: this kind has no id
    all else               answered here: unknown command

The number read is dropped: only whether there was one is told, so a card that is
swapped for another between two looks is not noticed. Sources: card-readers A.11, one
public source; when a module answers which status is taken from A.7. Leaves to others:
frames (stx_frames), time, the line.
"""

from dataclasses import dataclass, field

from likeness.core import card_frames, stx_frames
from likeness.core.card_answers import Command
from likeness.core.card_frames import COMMAND_LENGTH_MIN, Frame, FrameCutter
from likeness.core.stx_frames import StxCutter

WHOLE = bytes.fromhex("CA 01 00")
NUMBER = bytes.fromhex("CA 01 02")
SENDS = {
    Command.STATUS: NUMBER,
    Command.FIND: NUMBER,
    Command.READ_APPENDED: NUMBER,
    Command.READ: WHOLE,
}
OK, FOUND, NO_CONTENT, UNKNOWN_COMMAND = 0x90, 0x9F, 0x91, 0x21
FAULTS = (0x60, 0x66)
ANSWERED_HERE: dict[Command | None, int] = {
    Command.SELECT: OK,
    Command.RESET: OK,
    Command.READER_ID: NO_CONTENT,
}


@dataclass(frozen=True, slots=True)
class Said:
    """What one command of the dialogue leads to; one of both is empty."""

    to_module: bytes
    to_dialogue: bytes = field(repr=False)


class StxTalk:
    """Takes the dialogue's frames and the module's bytes; one command in flight."""

    def __init__(self) -> None:
        self._asked: Command | None = None
        self._cutter = StxCutter()

    def ask(self, frame: bytes) -> Said:
        """Take one whole frame of the dialogue."""
        self._cutter = StxCutter()  # what is left of an older answer is nobody's
        self._asked = _command(frame)
        if self._asked in SENDS:
            return Said(stx_frames.encode(SENDS[self._asked]), b"")
        here = ANSWERED_HERE.get(self._asked, UNKNOWN_COMMAND)
        self._asked = None
        return Said(b"", _answer(here))

    def hear(self, data: bytes) -> bytes:
        """Take bytes of the module; return frames for the dialogue."""
        frames = [one for one in self._cutter.feed(data) if isinstance(one, Frame)]
        if self._asked is None or not frames:
            return b""
        asked, self._asked = self._asked, None
        return _translated(asked, frames[0].body)


def _command(frame: bytes) -> Command | None:
    for found in FrameCutter(COMMAND_LENGTH_MIN).feed(frame):
        if isinstance(found, Frame) and found.body[:2] in {c.value for c in Command}:
            return Command(found.body[:2])
    return None


def _translated(asked: Command, body: bytes) -> bytes:
    status, other = body[0], body[1]
    match asked:
        case Command.READ:
            return _answer(status, other, body[stx_frames.STATUS_SIZE :])
        case Command.STATUS if status not in FAULTS:
            return _answer(OK)  # it answers, so it is there
        case Command.FIND if status == OK:
            return _answer(FOUND, other)
        case _:
            return _answer(status, other)


def _answer(status: int, other: int = 0, data: bytes = b"") -> bytes:
    return card_frames.encode(bytes([0, other, status]) + data)
