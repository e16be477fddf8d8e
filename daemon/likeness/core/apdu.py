"""Writes commands to a chip and reads its answers (ISO/IEC 7816-4 clause 5).

A command is CLA INS P1 P2 [length, data] [how much is expected]; an answer is data and
two bytes of status. The lengths are short (one byte) where they fit, else extended.
Leaves to others: protection (`chip.secure_messaging`), what a status leads to.
"""

from dataclasses import dataclass, field

from likeness.errors import LikenessError

SHORT_DATA_MOST = 255
SHORT_EXPECTED_MOST = 256
DATA_MOST = 65_535
EXPECTED_MOST = 65_536
STATUS_SIZE = 2

# Status words, ISO/IEC 7816-4 clause 5.6 and ICAO 9303-11.
OK = 0x9000
END_OF_FILE = 0x6282  # the file has fewer bytes than were asked for
WRONG_LENGTH = 0x6700
SECURITY_STATUS = 0x6982
BLOCKED = 0x6983
CONDITIONS = 0x6985
NOT_SELECTED = 0x6999
NO_FUNCTION = 0x6A81
NO_FILE = 0x6A82
NO_RECORD = 0x6A83
BAD_PARAMETERS = 0x6A86
NO_REFERENCE = 0x6A88
NO_INSTRUCTION = 0x6D00
NO_CLASS = 0x6E00

MORE = 0x61  # first byte: so many bytes wait
COUNTED = 0x63  # first byte: failed; 63CX leaves X tries
RIGHT_LENGTH = 0x6C  # first byte: so many bytes would be right


class BadApdu(LikenessError):
    """These bytes are no answer of a chip."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command; its data may be personal.

    `expected` is the most bytes of an answer, 1 to 65536; None: no data is expected.
    """

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = field(default=b"", repr=False)
    expected: int | None = None

    def __post_init__(self) -> None:
        """Refuse what no command can say."""
        if len(self.data) > DATA_MOST:
            raise ValueError(f"{len(self.data)} bytes of data in one command")
        if self.expected is not None and not 1 <= self.expected <= EXPECTED_MOST:
            raise ValueError(f"{self.expected} bytes expected")

    @property
    def is_extended(self) -> bool:
        """Whether its lengths have more than one byte."""
        return (
            len(self.data) > SHORT_DATA_MOST
            or (self.expected or 0) > SHORT_EXPECTED_MOST
        )

    @property
    def has_odd_instruction(self) -> bool:
        """Whether its data is TLV by rule (ISO/IEC 7816-4 clause 5.5)."""
        return bool(self.ins & 1)

    def encode(self) -> bytes:
        """Return the bytes to send."""
        header = bytes([self.cla, self.ins, self.p1, self.p2])
        size = 2 if self.is_extended else 1
        lead = b"\0" if self.is_extended else b""
        body = b""
        if self.data:
            body, lead = lead + len(self.data).to_bytes(size) + self.data, b""
        if self.expected is not None:
            # The largest number is written as zero.
            body += lead + (self.expected % (1 << 8 * size)).to_bytes(size)
        return header + body


@dataclass(frozen=True, slots=True)
class Response:
    """One answer; its data may be personal."""

    data: bytes = field(repr=False)
    status: int

    @classmethod
    def decode(cls, answer: bytes) -> "Response":
        """Read an answer.

        Raises:
            BadApdu: it is shorter than a status, or longer than any answer.
        """
        if not STATUS_SIZE <= len(answer) <= EXPECTED_MOST + STATUS_SIZE:
            raise BadApdu(f"an answer of {len(answer)} bytes")
        return cls(answer[:-STATUS_SIZE], int.from_bytes(answer[-STATUS_SIZE:]))

    @property
    def ok(self) -> bool:
        """Whether all went well."""
        return self.status == OK

    @property
    def waiting(self) -> int | None:
        """How many more bytes wait to be fetched, 1 to 256; None: none."""
        return self._counted_by(MORE)

    @property
    def right_length(self) -> int | None:
        """How many bytes would have been right to expect, 1 to 256; None: not said."""
        return self._counted_by(RIGHT_LENGTH)

    @property
    def tries_left(self) -> int | None:
        """How often a key may still be tried, 0 to 15; None: not said."""
        if self.status & 0xFFF0 == COUNTED << 8 | 0xC0:
            return self.status & 0x0F
        return None

    def _counted_by(self, first: int) -> int | None:
        if self.status >> 8 != first:
            return None
        return self.status & 0xFF or SHORT_EXPECTED_MOST
