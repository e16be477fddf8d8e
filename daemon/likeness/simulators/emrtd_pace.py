"""PACE with ECDH and generic mapping on the chip's side (ICAO 9303-11 clause 4.4).

    ENCRYPTED_NONCE ─► MAP ─► AGREE ─► TOKEN ─► DONE      any refusal: begin anew

Leaves to others: passwords and their counting (emrtd_card).
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from likeness.simulators.emrtd_apdu import BAD_DATA, KEY_WRONG, NOT_NOW, Refused
from likeness.simulators.emrtd_crypto import (
    FOR_ENCRYPTION,
    FOR_MAC,
    FOR_PACE,
    SUITES,
    Suite,
)
from likeness.simulators.emrtd_curves import Curve, Point
from likeness.simulators.emrtd_der import find, oid, oid_value, read, tlv
from likeness.simulators.emrtd_files import PACE_ECDH_GM
from likeness.simulators.emrtd_session import SecureSession

NONCE_SIZE = 16
DYNAMIC = 0x7C  # dynamic authentication data
PUBLIC_KEY, EC_POINT = 0x7F49, 0x86


class Step(Enum):
    """What the terminal sends next; the value is the tag of what it brings."""

    ENCRYPTED_NONCE = 0  # it brings nothing
    MAP = 0x81
    AGREE = 0x83
    TOKEN = 0x85
    DONE = -1


@dataclass(frozen=True, slots=True)
class PaceOffer:
    """One way of PACE that a chip takes part in."""

    suite: Suite
    curve: Curve

    @property
    def protocol(self) -> str:
        """Its object identifier."""
        return f"{PACE_ECDH_GM}.{SUITES.index(self.suite) + 1}"

    @property
    def protocol_value(self) -> bytes:
        """The same as a terminal names it: without tag and length."""
        return oid_value(self.protocol)


class Pace:
    """One run of the protocol."""

    def __init__(
        self, offer: PaceOffer, secret: bytes, random: Callable[[int], bytes]
    ) -> None:
        """Begin a run; `secret` is the CAN's bytes or the MRZ information's SHA-1."""
        self.step = Step.ENCRYPTED_NONCE
        self.session: SecureSession | None = None
        self._offer, self._secret, self._random = offer, secret, random
        self._nonce = 0
        self._generator: Point = None
        self._ours = self._theirs = b""
        self._shared = b""

    def answer(self, data: bytes) -> bytes:
        """Take in one GENERAL AUTHENTICATE's data, return the answer's.

        Raises:
            Refused: out of order, malformed, or (6300) not the same password.
        """
        try:
            wrapped = find(data, DYNAMIC)
            brought = dict(read(wrapped)) if wrapped is not None else None
        except ValueError:
            raise Refused(BAD_DATA) from None
        if brought is None or len(brought) > 1:
            raise Refused(BAD_DATA)
        expected = [] if self.step is Step.ENCRYPTED_NONCE else [self.step.value]
        if list(brought) != expected:
            raise Refused(NOT_NOW)
        value = brought.get(self.step.value, b"")
        match self.step:
            case Step.ENCRYPTED_NONCE:
                number, said = 0x80, self._encrypted_nonce()
            case Step.MAP:
                number, said = 0x82, self._mapped(value)
            case Step.AGREE:
                number, said = 0x84, self._agreed(value)
            case _:
                number, said = 0x86, self._proved(value)
        return tlv(DYNAMIC, tlv(number, said))

    def _encrypted_nonce(self) -> bytes:
        nonce = self._random(NONCE_SIZE)
        self._nonce = int.from_bytes(nonce)
        self.step = Step.MAP
        suite = self._offer.suite
        return suite.encrypt(suite.derive(self._secret, FOR_PACE), nonce)

    def _mapped(self, data: bytes) -> bytes:
        curve = self._offer.curve
        theirs = self._point(data)
        ours = curve.scalar(self._random(curve.field_size))
        hidden = theirs * ours
        self._generator = curve.generator * self._nonce + hidden
        self.step = Step.AGREE
        return curve.encode(curve.generator * ours)

    def _agreed(self, data: bytes) -> bytes:
        curve = self._offer.curve
        theirs = self._point(data)
        ours = curve.scalar(self._random(curve.field_size))
        self._ours = curve.encode(self._generator * ours)
        self._theirs = data
        if self._ours == self._theirs:
            raise Refused(BAD_DATA)
        self._shared = curve.x(theirs * ours)
        self.step = Step.TOKEN
        return self._ours

    def _proved(self, token: bytes) -> bytes:
        self.step = Step.DONE
        if not hmac.compare_digest(self._token_over(self._ours), token):
            raise Refused(KEY_WRONG)
        suite = self._offer.suite
        encryption = suite.derive(self._shared, FOR_ENCRYPTION)
        self.session = SecureSession(
            suite, encryption, suite.derive(self._shared, FOR_MAC)
        )
        return self._token_over(self._theirs)

    def _token_over(self, point: bytes) -> bytes:
        body = tlv(PUBLIC_KEY, oid(self._offer.protocol), tlv(EC_POINT, point))
        suite = self._offer.suite
        return suite.token(suite.derive(self._shared, FOR_MAC), body)

    def _point(self, data: bytes) -> Point:
        try:
            return self._offer.curve.decode(data)
        except ValueError:
            raise Refused(BAD_DATA) from None
