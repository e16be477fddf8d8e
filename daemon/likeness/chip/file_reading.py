"""Reads one file of a chip, block by block, as large as the chip gives them.

A chip may give less at once than was asked for: that is taken. Or it refuses, in more
than one way: then blocks get smaller, for this file and the next. A file's own first
bytes say how long it is; that is believed up to a limit. Leaves to others:
which files, and what is in them.
"""

from dataclasses import dataclass

from likeness.chip.channel import Channel, Talk
from likeness.chip.trouble import ChipTrouble, broken_talk
from likeness.core import apdu, tlv
from likeness.core.apdu import Command, Response
from likeness.core.card_trouble import Trouble

HEAD_BYTES = 4  # tag and length of any file below 64 KiB
LONG_HEAD_BYTES = 7  # of any other
LEAST_BLOCK = 16
SHORT_OFFSET_MOST = 0x7FFF  # READ BINARY has 15 bits for it
OFFSET = 0x54
DISCRETIONARY = 0x53
WRAPPING = 3  # bytes of tag and length around a block, with a long offset
# There is no such file, or not for us, or the card knows no files of this kind.
ABSENT = (
    apdu.NO_FILE,
    apdu.NO_RECORD,
    apdu.NO_REFERENCE,
    apdu.BAD_PARAMETERS,
    apdu.NO_FUNCTION,
    apdu.NO_INSTRUCTION,
    apdu.NO_CLASS,
    apdu.NOT_SELECTED,
    apdu.SECURITY_STATUS,
    apdu.CONDITIONS,
)


@dataclass(frozen=True, slots=True)
class ChipFile:
    """A file's name with us and its identifier on the chip (ICAO 9303-10)."""

    name: str
    identifier: int


class FileReader:
    """Reads files over one channel."""

    def __init__(self, channel: Channel, *, block: int, most_bytes: int) -> None:
        """Take the largest block, and the most bytes a file may have."""
        self._channel = channel
        self._block = block
        self._most_bytes = most_bytes

    def read(self, file: ChipFile) -> Talk[bytes | None]:
        """Return the whole file; None: the chip has none, or not for us.

        Raises:
            ChipTrouble: it is too long, makes no sense, or the talk broke.
        """
        if not (yield from self.select(file)):
            return None
        head, data = yield from self._head(file)
        if head.whole > self._most_bytes:
            detail = f"{file.name} says that it has {head.whole} bytes"
            raise ChipTrouble(Trouble.CARD_UNSUPPORTED, detail)
        whole = bytearray(data)
        while len(whole) < head.whole:
            left = head.whole - len(whole)
            whole += yield from self._some(file, len(whole), left)
        return bytes(whole[: head.whole])

    def _head(self, file: ChipFile) -> Talk[tuple[tlv.Head, bytes]]:
        """Return what the file says of its length, and what was read for that."""
        data = b""
        while True:
            data += yield from self._some(file, len(data), HEAD_BYTES)
            try:
                return tlv.head(data), data
            except tlv.BadTlv as bad:
                if len(data) >= LONG_HEAD_BYTES:
                    detail = f"{file.name} begins with no TLV"
                    raise ChipTrouble(Trouble.CARD_UNSUPPORTED, detail) from bad

    def select(self, file: ChipFile) -> Talk[bool]:
        """Make it the file that is read; say whether there is one."""
        identifier = file.identifier.to_bytes(2)
        answer = yield from self._channel.ask(
            Command(0x00, 0xA4, 0x02, 0x0C, identifier)
        )
        if answer.ok:
            return True
        if answer.status in ABSENT:
            return False
        raise broken_talk(f"selecting {file.name}: {answer.status:04X}")

    def beginning(self, file: ChipFile, size: int) -> Talk[bytes]:
        """Return the first bytes of the selected file, at most so many."""
        return (yield from self._some(file, 0, size))

    def _some(self, file: ChipFile, at: int, most: int) -> Talk[bytes]:
        """Return at least one byte from there on, at most so many."""
        wrapped = WRAPPING if at > SHORT_OFFSET_MOST else 0
        size = min(most, max(self._block - wrapped, 1))
        while True:
            answer = yield from self._ask(at, size)
            data = _content(answer, at)
            if len(data) > size:
                raise broken_talk(f"{file.name}: more than was asked for")
            if data and answer.status in (apdu.OK, apdu.END_OF_FILE):
                return data
            smaller = _smaller(answer, size)
            if not smaller:
                where = f"{file.name} breaks off at byte {at}"
                raise broken_talk(f"{where}, {answer.status:04X}")
            self._shrink(size, smaller)
            size = smaller

    def _ask(self, at: int, size: int) -> Talk[Response]:
        """Send one READ BINARY; the odd one takes an offset of any size, as TLV."""
        if at <= SHORT_OFFSET_MOST:
            command = Command(0x00, 0xB0, at >> 8, at & 0xFF, expected=size)
        else:
            offset = tlv.write(OFFSET, at.to_bytes((at.bit_length() + 7) // 8))
            whole = len(tlv.write(DISCRETIONARY, bytes(size)))
            command = Command(0x00, 0xB1, 0x00, 0x00, offset, expected=whole)
        try:
            return (yield from self._channel.ask(command))
        except ChipTrouble as trouble:
            smaller = _smaller(trouble.bare, size) if trouble.bare else 0
            if not smaller or size <= LEAST_BLOCK:
                raise
            # The chip ended the session over it: only a new one can ask for less.
            detail = f"{trouble.detail}: blocks of {size} bytes are too large"
            smaller = max(smaller, LEAST_BLOCK)
            raise ChipTrouble(trouble.kind, detail, smaller_block=smaller) from trouble

    def _shrink(self, size: int, given: int) -> None:
        """Ask for less from now on, if it was a full block that was too much."""
        if size + WRAPPING >= self._block:
            self._block = max(given, size // 2, 1)


def _content(answer: Response, at: int) -> bytes:
    if at <= SHORT_OFFSET_MOST:
        return answer.data
    try:
        return tlv.one(answer.data, DISCRETIONARY).value
    except tlv.BadTlv:  # cut off by a limit of the chip's
        return b""


def _smaller(answer: Response, size: int) -> int:
    """Return how much to ask for instead; 0: the size is not at fault."""
    right = answer.right_length
    if right is not None and right < size:
        return right
    if right is not None or answer.status in (apdu.OK, apdu.WRONG_LENGTH):
        return size // 2
    return 0
