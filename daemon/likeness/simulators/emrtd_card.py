"""A simulated ICAO chip: command in, answer out (ICAO 9303-10, 9303-11).

    chip = personalise(card_file, state)       # emrtd_personalise
    card = EmrtdCard(chip)
    card.power_on()
    card.answer(bytes.fromhex("00A4040C07A0000002471001"))

Written from the standard, on purpose without any code of the reader. `answer` returns
nothing if the chip says nothing; `delay_s` is how long its last answer takes, `gone`
that it left the field: a transport acts on both. Leaves to others: transports (vpcd,
pn532_reader), reading of files (emrtd_reading), keys and proofs.
"""

import os
from collections.abc import Callable, Iterable

from likeness.simulators import emrtd_faults
from likeness.simulators.emrtd_access import BasicAccess
from likeness.simulators.emrtd_apdu import (
    BAD_DATA,
    BAD_P1_P2,
    NOT_FOUND,
    NOT_NOW,
    NOT_SATISFIED,
    OK,
    SM_INCORRECT,
    SM_MISSING,
    UNKNOWN_CLASS,
    UNKNOWN_COMMAND,
    WRONG_LENGTH,
    Command,
    Refused,
)
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_der import tlv
from likeness.simulators.emrtd_faults import LATE_S, Fault, Kind
from likeness.simulators.emrtd_files import NAMES
from likeness.simulators.emrtd_key_exchange import KeyExchange
from likeness.simulators.emrtd_proofs import active_signature
from likeness.simulators.emrtd_reading import Reading
from likeness.simulators.emrtd_session import SecureSession

APPLICATION = bytes.fromhex("A0000002471001")
MASTER_FILE = 0x3F00
CHAINED = 0x10  # of the class byte
CHALLENGE_SIZE = 8


class EmrtdCard:
    """One chip with its state; not safe for threads."""

    def __init__(
        self,
        chip: Chip,
        *,
        faults: Iterable[str | Fault] = (),
        random: Callable[[int], bytes] = os.urandom,
    ) -> None:
        """Take a chip; faults of what is on it must have been made into it."""
        self.chip = chip
        self.faults = [
            emrtd_faults.parse(fault) if isinstance(fault, str) else fault
            for fault in faults
        ]
        self._random = random
        self._keys = KeyExchange(chip, random)
        self._powered = False
        self.gone = False
        self.delay_s = 0.0
        self.commands = 0  # heard since it was made
        self._reset()

    def power_on(self) -> bytes:
        """Begin anew, as with a fresh field; returns the ATR."""
        self._powered, self.gone = True, False
        self._reset()
        return self.chip.atr

    def power_off(self) -> None:
        """Lose the field and with it every session; tries stay counted."""
        self._powered = False
        self._reset()

    def answer(self, apdu: bytes) -> bytes:
        """Answer one command; empty: the chip says nothing."""
        self.delay_s = 0.0
        if not self._powered or self.gone:
            return b""
        self.commands += 1
        try:
            command = Command.parse(apdu)
        except Refused as refusal:
            self._end()
            return refusal.status.to_bytes(2)
        struck = self._struck(command)
        if Kind.LATE in struck:
            self.delay_s += LATE_S
        if Kind.REMOVED in struck:
            self.power_off()
            self.gone = True
        if Kind.SILENT in struck or self.gone:
            return b""
        if command.is_protected:
            return self._protected(command, struck)
        self._end()
        data, status = self._obeyed(command, struck)
        return data + status.to_bytes(2)

    def _reset(self) -> None:
        self._session: SecureSession | None = None
        self._next: SecureSession | None = None  # from the next command on
        self._basic = BasicAccess(self.chip.mrz_information, self._random)
        self._reading = Reading(self.chip)
        self._in_application = False
        self._keys.reset()

    def _end(self) -> None:
        """End the session, and what it gave access to."""
        if self._session is not None:
            self._session = self._next = None
            self._reading.close()

    def _struck(self, command: Command) -> set[Kind]:
        file = NAMES.get(self._reading.selected or 0, "")
        possible = emrtd_faults.possible(command, begun=self._reading.begun)
        return {fault.kind for fault in self.faults if fault.strikes(file, possible)}

    def _protected(self, command: Command, struck: set[Kind]) -> bytes:
        session = self._session
        try:
            plain = self._opened(session, command, struck)
        except Refused as refusal:
            self._end()
            return refusal.status.to_bytes(2)
        data, status = self._obeyed(plain, struck)
        assert session is not None  # noqa: S101 - else nothing could be opened
        spoil = emrtd_faults.harm(struck, session)
        sealed = session.seal(data, status, odd=command.is_odd, harm=spoil)
        if self._next is not None:
            self._session, self._next = self._next, None
        return sealed

    def _opened(
        self, session: SecureSession | None, command: Command, struck: set[Kind]
    ) -> Command:
        if Kind.SM_MISSING in struck:
            raise Refused(SM_MISSING)
        if Kind.SESSION_LOST in struck:
            raise Refused(NOT_SATISFIED)
        if session is None or Kind.SM_INCORRECT in struck:
            raise Refused(SM_INCORRECT)
        return session.open(command)

    def _obeyed(self, command: Command, struck: set[Kind]) -> tuple[bytes, int]:
        """Return data and status; a refusal ends no session by itself."""
        try:
            return self._obey(command, struck)
        except Refused as refusal:
            return b"", refusal.status

    def _obey(self, command: Command, struck: set[Kind]) -> tuple[bytes, int]:
        if command.extended and not self.chip.extended:
            raise Refused(WRONG_LENGTH)
        if command.cla & ~CHAINED:
            raise Refused(UNKNOWN_CLASS)
        match command.ins:
            case 0xA4:
                return self._select(command), OK
            case 0xB0 | 0xB1:
                halved = Kind.SHORT_ANSWERS in struck
                return self._reading.read(command, self._session, halved=halved)
            case 0x84:
                self._needs_basic_access()
                if command.expected != CHALLENGE_SIZE:
                    raise Refused(WRONG_LENGTH)
                return self._basic.challenge(), OK
            case 0x82:
                return self._authenticate(command), OK
            case 0x88:
                return self._prove(command), OK
            case 0x22:
                return self._set(command)
            case 0x86:
                if Kind.PACE_FAILS in struck:
                    raise Refused(BAD_DATA)
                return self._general_authenticate(command), OK
            case _:
                raise Refused(UNKNOWN_COMMAND)

    def _select(self, command: Command) -> bytes:
        match command.p1, command.p2 & ~0x0C:
            case 0x04, 0x00 if command.data == APPLICATION:
                self._in_application = True
                self._reading.enter(application=True)
                name = APPLICATION
            case 0x00, 0x00 if command.data in (b"", MASTER_FILE.to_bytes(2)):
                self._in_application = False
                self._reading.enter(application=False)
                name = MASTER_FILE.to_bytes(2)
            case ((0x00 | 0x02), 0x00) if len(command.data) == 2:  # noqa: PLR2004
                self._reading.select(int.from_bytes(command.data))
                name = command.data
            case ((0x00 | 0x02 | 0x04), 0x00):
                raise Refused(NOT_FOUND)
            case _:
                raise Refused(BAD_P1_P2)
        # P2 says whether control information is wanted: 0C none.
        return b"" if command.p2 & 0x0C == 0x0C else tlv(0x6F, tlv(0x84, name))  # noqa: PLR2004

    def _needs_basic_access(self) -> None:
        if not self.chip.bac:
            raise Refused(UNKNOWN_COMMAND)
        if not self._in_application or self._session is not None:
            raise Refused(NOT_NOW)

    def _authenticate(self, command: Command) -> bytes:
        """Take part in basic access control; a plain command answers it."""
        self._needs_basic_access()
        self._keys.reset()
        self.delay_s += self._keys.delay_s
        with self._keys.counted():
            answer, session = self._basic.authenticate(command.data)
        self._open(session)
        return answer

    def _open(self, session: SecureSession) -> None:
        self._session = session
        self._reading.open()

    def _prove(self, command: Command) -> bytes:
        key = self.chip.active_key
        if key is None:
            raise Refused(UNKNOWN_COMMAND)
        self._needs_session()
        if len(command.data) != CHALLENGE_SIZE:
            raise Refused(WRONG_LENGTH)
        return active_signature(
            key, command.data, self.chip.active_digest, self._random
        )

    def _needs_session(self) -> None:
        if self._session is None:
            raise Refused(NOT_SATISFIED)

    def _set(self, command: Command) -> tuple[bytes, int]:
        """MANAGE SECURITY ENVIRONMENT: choose PACE or chip authentication."""
        match command.p1, command.p2:
            case 0xC1, 0xA4:
                self.delay_s += self._keys.delay_s
                return b"", self._keys.choose_pace(command.data)
            case 0x41, 0xA4:
                self._needs_session()
                self._keys.choose_chip_authentication(command.data)
            case 0x41, 0xA6:
                self._needs_session()
                self._next = self._keys.agree_at_once(command.data)
            case _:
                raise Refused(BAD_P1_P2)
        return b"", OK

    def _general_authenticate(self, command: Command) -> bytes:
        if self._session is not None:
            answer, self._next = self._keys.agree(command.data)
            return answer
        with self._keys.counted():
            answer, session = self._keys.pace_step(command.data)
        if session is not None:
            self._open(session)
        return answer
