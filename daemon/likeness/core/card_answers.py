"""Says what a reader's answer means: status word, reader id, the parts of a record.

Sources: card-readers A.4 (commands), A.5 (answers), A.6 (reader id), A.7 (status).
Leaves to others: when to ask what, and what the card's text says.
"""

import struct
from dataclasses import dataclass, field
from enum import Enum, auto

from likeness.core.card_frames import encode

STATUS_SIZE = 3
READER_ID = struct.Struct("<HHIII")  # 16 bytes, little-endian


class Command(Enum):
    """What the terminal may ask; the value is command byte and parameter.

    60 xx is not among them: it changes the reader's rate for good. A rate that is not
    ours is found by listening at each (card_waking).
    """

    RESET = bytes.fromhex("10 FF")
    STATUS = bytes.fromhex("11 FF")
    READER_ID = bytes.fromhex("12 FF")
    FIND = bytes.fromhex("20 01")
    SELECT = bytes.fromhex("20 02")
    READ = bytes.fromhex("30 01")
    READ_APPENDED = bytes.fromhex("30 03")
    READ_CHIP_NUMBER = bytes.fromhex("30 05")
    READ_WITH_FINGERPRINT = bytes.fromhex("30 10")
    RF_SIZE = bytes.fromhex("61 FF")  # one more byte: the most in one radio transfer

    def frame(self, more: bytes = b"") -> bytes:
        """Give the bytes to write; `more` follows command and parameter."""
        return encode(self.value + more)


class Meaning(Enum):
    """What to do about a status word; decided on its third byte alone."""

    OK = auto()
    FOUND = auto()
    NO_CARD = auto()
    NO_CONTENT = auto()  # this card has no such item
    NOT_HEARD = auto()  # our command arrived damaged
    NOT_SUPPORTED = auto()  # our command is unknown there
    RETRY = auto()  # the card moved: begin again with find
    RETRY_THEN_REJECT = auto()  # the same, but if it stays: not accepted
    REJECTED = auto()  # the reader does not believe the card
    WRONG_CARD = auto()
    READER_FAULT = auto()
    UNKNOWN = auto()  # not in the table; treated as RETRY


MEANINGS = {
    0x90: Meaning.OK,
    0x9F: Meaning.FOUND,
    0x80: Meaning.NO_CARD,
    0x91: Meaning.NO_CONTENT,
    0x10: Meaning.NOT_HEARD,  # check
    0x11: Meaning.NOT_HEARD,  # length
    0x21: Meaning.NOT_SUPPORTED,  # command and parameter
    0x24: Meaning.RETRY,  # "unrecognised error"
    0x41: Meaning.RETRY,  # read failed
    0x47: Meaning.RETRY,  # no random number from the card
    0x81: Meaning.RETRY,  # select failed
    0x31: Meaning.RETRY_THEN_REJECT,  # the card did not accept the reader
    0x33: Meaning.RETRY_THEN_REJECT,  # data verification
    0x32: Meaning.REJECTED,  # possible forgery
    0x40: Meaning.WRONG_CARD,
    0x60: Meaning.READER_FAULT,  # self-test
    0x66: Meaning.READER_FAULT,  # not authorised
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: three status bytes, and data that may be personal."""

    status: bytes
    data: bytes = field(repr=False)

    @property
    def meaning(self) -> Meaning:
        """Look up the third status byte; the others may come from the card."""
        return MEANINGS.get(self.status[2], Meaning.UNKNOWN)

    @property
    def status_text(self) -> str:
        """Give the status as it is printed in documents, e.g. `00 00 9F`."""
        return self.status.hex(" ").upper()


@dataclass(frozen=True, slots=True)
class Record:
    """What one read of a card brings: personal data."""

    text: bytes = field(repr=False)  # 256 bytes, see card_fields
    portrait: bytes = field(repr=False)  # 1024 bytes WLT, as the chip holds it
    fingerprint: bytes = field(default=b"", repr=False)  # 0, 512 or 1024 bytes


def parse_answer(body: bytes) -> Answer:
    """Split a frame's body (3 bytes or more) into status and data."""
    return Answer(body[:STATUS_SIZE], body[STATUS_SIZE:])


def parse_reader_id(data: bytes) -> str | None:
    """Print a reader's management number, or None if it is not 16 bytes (A.6)."""
    if len(data) != READER_ID.size:
        return None
    return "{:02}.{:02}-{:08}-{:010}-{:010}".format(*READER_ID.unpack(data))


def parse_record(data: bytes) -> Record | None:
    """Split a read's data by its own length fields; None if they do not fit (A.5).

    Two layouts: text and portrait, or text, portrait and fingerprint. A fingerprint is
    kept by whoever was told to (card_cycle); a reader that sends one is understood.
    """
    if len(data) < 4:  # noqa: PLR2004 - two length fields
        return None
    text_size, portrait_size = struct.unpack_from(">HH", data)
    header = 4
    if header + text_size + portrait_size != len(data):
        header = 6
        if len(data) < header:
            return None
        (finger_size,) = struct.unpack_from(">H", data, 4)
        if header + text_size + portrait_size + finger_size != len(data):
            return None
    if text_size == 0:
        return None
    end = header + text_size
    finger = end + portrait_size
    return Record(data[header:end], data[end:finger], data[finger:])
