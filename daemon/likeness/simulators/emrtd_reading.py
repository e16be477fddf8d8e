"""The files of a simulated chip as READ BINARY hands them out (ISO/IEC 7816-4, 11.2).

Even form (B0) with offset or short identifier, odd form (B1) with DO'54'. Leaves to
others: how access is won (emrtd_card), what a file says (emrtd_files).
"""

from collections.abc import Mapping

from likeness.simulators.emrtd_apdu import (
    BAD_DATA,
    BEYOND_END,
    END_OF_FILE,
    EXTENDED_MOST,
    NOT_FOUND,
    NOT_NOW,
    NOT_SATISFIED,
    OK,
    RIGHT_LENGTH,
    SHORT_MOST,
    WRONG_LENGTH,
    Command,
    Refused,
)
from likeness.simulators.emrtd_chip import Chip, TooLong
from likeness.simulators.emrtd_der import find, tlv
from likeness.simulators.emrtd_session import SecureSession

SHORT_IDENTIFIER = 0x80  # of P1: its low five bits name a file
OFFSET, DISCRETIONARY = 0x54, 0x53


class Reading:
    """Which file is selected, and whether it may be read."""

    def __init__(self, chip: Chip) -> None:
        self._chip = chip
        self._application = False
        self._allowed = False
        self.selected: int | None = None
        self.begun = False  # the selected file was read once

    def enter(self, *, application: bool) -> None:
        """Go into the application, or back to the master file."""
        self._application = application
        self.selected, self.begun = None, False

    def open(self) -> None:
        """Allow the application's files."""
        self._allowed = True

    def close(self) -> None:
        """Forbid them again."""
        self._allowed = False
        self.selected, self.begun = None, False

    def select(self, file: int) -> None:
        """Select a file of the place where we are.

        Raises:
            Refused: it must not be read, or there is none.
        """
        if self._application and not self._allowed:
            raise Refused(NOT_SATISFIED)
        if file not in self._here:
            raise Refused(NOT_FOUND)
        self.selected, self.begun = file, False

    def read(
        self, command: Command, session: SecureSession | None, *, halved: bool
    ) -> tuple[bytes, int]:
        """Return data and status of READ BINARY.

        Args:
            command: B0 or B1, in the clear.
            session: if one is open: its answers have less room.
            halved: give only half of it, as a fault.

        Raises:
            Refused: no such file, beyond its end, or too much was asked for.
        """
        offset = self._offset_of(command)
        if self.selected is None:
            raise Refused(NOT_NOW)
        content = self._here[self.selected]
        least = 2 if command.is_odd else 1
        if command.expected is None or command.expected < least:
            raise Refused(WRONG_LENGTH)
        if offset > len(content) or (offset == len(content) and content):
            raise Refused(BEYOND_END)
        most = self._most(command, session)
        wanted = command.expected
        all_there_is = wanted in (SHORT_MOST, EXTENDED_MOST)
        if wanted > most and not all_there_is:
            self._refuse_long(most)
        room = min(wanted, most)
        part = content[offset : offset + (_inside(room) if command.is_odd else room)]
        if halved:
            part = part[: max(1, len(part) // 2)]
        self.begun = True
        data = tlv(DISCRETIONARY, part) if command.is_odd else part
        at_end = offset + len(part) == len(content)
        return data, END_OF_FILE if at_end and len(
            data
        ) < wanted and not all_there_is else OK

    @property
    def _here(self) -> Mapping[int, bytes]:
        return self._chip.files if self._application else self._chip.master

    def _offset_of(self, command: Command) -> int:
        """Return where to read, and select the file that the command names."""
        place = command.p1 << 8 | command.p2
        if not command.is_odd:
            if not command.p1 & SHORT_IDENTIFIER:
                return place
            self._select_short(command.p1 & 0x1F)
            return command.p2
        if place and place < 0x20:  # noqa: PLR2004 - five bits: a short identifier
            self._select_short(place)
        elif place:
            self.select(place)
        try:
            offset = find(command.data, OFFSET)
        except ValueError:
            offset = None
        if offset is None:
            raise Refused(BAD_DATA)
        return int.from_bytes(offset)

    def _select_short(self, number: int) -> None:
        file = next((file for file in self._here if file & 0x1F == number), -1)
        self.select(file)

    def _most(self, command: Command, session: SecureSession | None) -> int:
        """Return how many bytes of data one answer carries."""
        most = self._chip.most_bytes
        if session is not None and not command.extended:
            return min(most, session.short_most)
        return min(most, EXTENDED_MOST if command.extended else SHORT_MOST)

    def _refuse_long(self, most: int) -> None:
        match self._chip.too_long:
            case TooLong.RIGHT_LENGTH:
                raise Refused(RIGHT_LENGTH | most & 0xFF)
            case TooLong.WRONG_LENGTH:
                raise Refused(WRONG_LENGTH)
            case TooLong.CUT:
                pass


def _inside(room: int) -> int:
    """Return how many bytes fit into an element of the odd form, which needs two."""
    sizes = (max(0, room - head) for head in (2, 3, 4))  # tag and length
    return next(size for size in sizes if len(tlv(DISCRETIONARY, bytes(size))) <= room)
