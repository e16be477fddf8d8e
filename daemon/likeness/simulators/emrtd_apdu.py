"""Commands as a simulated chip hears them (ISO/IEC 7816-3 clause 12.1), and statuses.

Leaves to others: what a command does.
"""

from dataclasses import dataclass, field

PROTECTED = 0x0C  # of the class byte: the header is authenticated
SHORT_MOST = 256
EXTENDED_MOST = 65_536

OK = 0x9000
END_OF_FILE = 0x6282
KEY_WRONG = 0x6300
TRIES_LEFT = 0x63C0
WRONG_LENGTH = 0x6700
NOT_SATISFIED = 0x6982
BLOCKED = 0x6983
NOT_NOW = 0x6985
SM_MISSING = 0x6987
SM_INCORRECT = 0x6988
BAD_DATA = 0x6A80
NOT_FOUND = 0x6A82
BAD_P1_P2 = 0x6A86
REFERENCE_NOT_FOUND = 0x6A88
BEYOND_END = 0x6B00
RIGHT_LENGTH = 0x6C00  # the low byte says which length to ask for
UNKNOWN_COMMAND = 0x6D00
UNKNOWN_CLASS = 0x6E00


class Refused(Exception):
    """A command that is answered with a status only."""

    def __init__(self, status: int) -> None:
        super().__init__(f"{status:04X}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Command:
    """One command; `expected` is how many bytes of answer are asked for, or None."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(repr=False)
    expected: int | None
    extended: bool

    @property
    def header(self) -> bytes:
        """The four bytes that come first."""
        return bytes([self.cla, self.ins, self.p1, self.p2])

    @property
    def is_protected(self) -> bool:
        """Whether it comes under secure messaging."""
        return self.cla & PROTECTED == PROTECTED

    @property
    def is_odd(self) -> bool:
        """Whether its data are BER-TLV (an odd instruction byte)."""
        return bool(self.ins & 1)

    @classmethod
    def parse(cls, data: bytes) -> "Command":
        """Read a command, short or extended.

        Raises:
            Refused: the lengths do not fit.
        """
        body, extended = data[4:], len(data) > 6 and data[4] == 0  # noqa: PLR2004
        if len(data) < 4:  # noqa: PLR2004
            raise Refused(WRONG_LENGTH)
        wide = 2 if extended else 1
        body = body[1:] if extended else body
        size, expected = 0, None
        if len(body) > wide:
            size = int.from_bytes(body[:wide])
            rest = body[wide + size :]
            if not size or len(body) < wide + size or len(rest) not in (0, wide):
                raise Refused(WRONG_LENGTH)
            body, content = rest, body[wide : wide + size]
        else:
            content = b""
        if body:
            most = EXTENDED_MOST if extended else SHORT_MOST
            expected = int.from_bytes(body) or most
        return cls(data[0], data[1], data[2], data[3], content, expected, extended)
