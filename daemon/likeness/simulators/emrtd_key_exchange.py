"""Which key exchange a simulated chip is in: PACE, or chip authentication; and tries.

Wrong passwords are counted here: the CAN may be blocked after some, and each delays the
next attempt if the chip is made so. Leaves to others: the mathematics (emrtd_pace,
emrtd_proofs), what a session gives access to (emrtd_card).
"""

import contextlib
import hashlib
from collections.abc import Callable, Iterator

from likeness.simulators.emrtd_apdu import (
    BAD_DATA,
    BLOCKED,
    KEY_WRONG,
    NOT_NOW,
    OK,
    REFERENCE_NOT_FOUND,
    TRIES_LEFT,
    UNKNOWN_COMMAND,
    Refused,
)
from likeness.simulators.emrtd_chip import Chip
from likeness.simulators.emrtd_crypto import SUITES
from likeness.simulators.emrtd_der import find, oid_value, read, tlv
from likeness.simulators.emrtd_files import CHIP_AUTHENTICATION_ECDH
from likeness.simulators.emrtd_pace import DYNAMIC, Pace
from likeness.simulators.emrtd_proofs import chip_session
from likeness.simulators.emrtd_session import SecureSession

PROTOCOL, PASSWORD, DOMAIN, AGREED_KEY = 0x80, 0x83, 0x84, 0x91
MRZ, CAN = 1, 2  # of the password
TERMINAL_KEY = 0x80  # in GENERAL AUTHENTICATE of chip authentication


class KeyExchange:
    """The state between MANAGE SECURITY ENVIRONMENT and a new session."""

    def __init__(self, chip: Chip, random: Callable[[int], bytes]) -> None:
        self._chip, self._random = chip, random
        self.can_tries_left = chip.can_tries
        self._wrong_in_a_row = 0
        self.reset()

    def reset(self) -> None:
        """Forget what was chosen; tries stay counted."""
        self._pace: Pace | None = None
        self._password = 0
        self._chip_authentication = False

    @property
    def delay_s(self) -> float:
        """How much longer the next attempt takes, after those that were wrong."""
        return self._chip.slow_s * self._wrong_in_a_row

    @contextlib.contextmanager
    def counted(self) -> Iterator[None]:
        """Count a wrong key."""
        try:
            yield
        except Refused as refusal:
            self._pace = None
            if refusal.status == KEY_WRONG:
                self._wrong_in_a_row += 1
                raise Refused(self._counted_status()) from None
            raise

    def choose_pace(self, data: bytes) -> int:
        """Take in MSE:Set AT of PACE; return its status, a warning after wrong tries.

        Raises:
            Refused: that way, curve or password is not offered, or it is blocked.
        """
        self.reset()
        chosen = _objects(data)
        password = int.from_bytes(chosen.get(PASSWORD, b""))
        domain = chosen.get(DOMAIN)
        offers = [
            offer
            for offer in self._chip.pace
            if offer.protocol_value == chosen.get(PROTOCOL)
            and (domain is None or offer.curve.pace_id == int.from_bytes(domain))
        ]
        if not offers:
            raise Refused(BAD_DATA if self._chip.pace else UNKNOWN_COMMAND)
        if password not in (MRZ, CAN) or (password == CAN and not self._chip.can):
            raise Refused(REFERENCE_NOT_FOUND)
        if password == CAN and self._chip.can_tries and not self.can_tries_left:
            raise Refused(BLOCKED)
        if password == CAN:
            secret = self._chip.can.encode()
        else:
            information = self._chip.mrz_information.encode()
            secret = hashlib.sha1(information, usedforsecurity=False).digest()
        self._password = password
        self._pace = Pace(offers[0], secret, self._random)
        if password == CAN and self.can_tries_left < self._chip.can_tries:
            return TRIES_LEFT | self.can_tries_left
        return OK

    def pace_step(self, data: bytes) -> tuple[bytes, SecureSession | None]:
        """Take in a GENERAL AUTHENTICATE of PACE.

        Raises:
            Refused: nothing was chosen, or as `emrtd_pace` says.
        """
        if self._pace is None:
            raise Refused(NOT_NOW)
        answer = self._pace.answer(data)
        if self._pace.session is not None:
            self._wrong_in_a_row = 0
            if self._password == CAN:
                self.can_tries_left = self._chip.can_tries
        return answer, self._pace.session

    def choose_chip_authentication(self, data: bytes) -> None:
        """Take in MSE:Set AT of chip authentication.

        Raises:
            Refused: it is not offered in this way.
        """
        number = SUITES.index(self._chip.chip_suite) + 1
        wanted = _objects(data).get(PROTOCOL)
        offered = oid_value(f"{CHIP_AUTHENTICATION_ECDH}.{number}")
        if self._chip.chip_key is None or wanted != offered:
            raise Refused(BAD_DATA)
        self._chip_authentication = True

    def agree(self, data: bytes) -> tuple[bytes, SecureSession]:
        """Take in GENERAL AUTHENTICATE of chip authentication.

        Raises:
            Refused: it was not chosen, or the terminal's key is no point.
        """
        if not self._chip_authentication:
            raise Refused(NOT_NOW)
        self._chip_authentication = False
        try:
            point = find(find(data, DYNAMIC) or b"", TERMINAL_KEY)
        except ValueError:
            point = None
        return tlv(DYNAMIC), self._agreed(point)

    def agree_at_once(self, data: bytes) -> SecureSession:
        """Take in MSE:Set KAT, which chooses and agrees (3DES only, TR-03110-3 B.2.2).

        Raises:
            Refused: it is not offered, or the terminal's key is no point.
        """
        if self._chip.chip_key is None or self._chip.chip_suite is not SUITES[0]:
            raise Refused(BAD_DATA)
        return self._agreed(_objects(data).get(AGREED_KEY))

    def _agreed(self, point: bytes | None) -> SecureSession:
        key = self._chip.chip_key
        if key is None or point is None:
            raise Refused(BAD_DATA)
        try:
            return chip_session(key, self._chip.chip_suite, point)
        except ValueError:
            raise Refused(BAD_DATA) from None

    def _counted_status(self) -> int:
        if self._password != CAN or not self._chip.can_tries:
            return KEY_WRONG
        self.can_tries_left -= 1
        return TRIES_LEFT | self.can_tries_left


def _objects(data: bytes) -> dict[int, bytes]:
    try:
        return dict(read(data))
    except ValueError:
        raise Refused(BAD_DATA) from None
