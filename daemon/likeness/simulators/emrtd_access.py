"""Basic access control on the chip's side (ICAO 9303-11 clause 4.3).

Leaves to others: when it is allowed, and what follows (emrtd_card).
"""

import hashlib
import hmac
from collections.abc import Callable

from likeness.simulators.emrtd_apdu import (
    KEY_WRONG,
    NOT_NOW,
    WRONG_LENGTH,
    Refused,
)
from likeness.simulators.emrtd_crypto import FOR_ENCRYPTION, FOR_MAC, MAC_SIZE, TDES
from likeness.simulators.emrtd_session import SecureSession

CHALLENGE_SIZE = 8
CRYPTOGRAM_SIZE = 32  # RND.IFD, RND.IC and K.IFD


class BasicAccess:
    """One chip's keys, and the challenge that is open, if any."""

    def __init__(self, mrz_information: str, random: Callable[[int], bytes]) -> None:
        seed = hashlib.sha1(mrz_information.encode(), usedforsecurity=False).digest()
        self._encryption = TDES.derive(seed[:16], FOR_ENCRYPTION)
        self._mac = TDES.derive(seed[:16], FOR_MAC)
        self._random = random
        self._challenge = b""

    def challenge(self) -> bytes:
        """Give out a challenge, good for one attempt."""
        self._challenge = self._random(CHALLENGE_SIZE)
        return self._challenge

    def authenticate(self, data: bytes) -> tuple[bytes, SecureSession]:
        """Check the terminal's answer; return ours and the session it opens.

        Raises:
            Refused: no challenge is open, or the terminal has other keys.
        """
        challenge, self._challenge = self._challenge, b""
        if len(data) != CRYPTOGRAM_SIZE + MAC_SIZE:
            raise Refused(WRONG_LENGTH)
        if not challenge:
            raise Refused(NOT_NOW)
        cryptogram, mac = data[:CRYPTOGRAM_SIZE], data[CRYPTOGRAM_SIZE:]
        if not hmac.compare_digest(self._authenticated(cryptogram), mac):
            raise Refused(KEY_WRONG)
        plain = TDES.decrypt(self._encryption, cryptogram)
        theirs, echoed, their_key = plain[:8], plain[8:16], plain[16:]
        if echoed != challenge:
            raise Refused(KEY_WRONG)
        our_key = self._random(16)
        answer = TDES.encrypt(self._encryption, challenge + theirs + our_key)
        secret = bytes(a ^ b for a, b in zip(our_key, their_key, strict=True))
        counter = int.from_bytes(challenge[4:] + theirs[4:])
        session = SecureSession.from_secret(TDES, secret, counter)
        return answer + self._authenticated(answer), session

    def _authenticated(self, cryptogram: bytes) -> bytes:
        return TDES.mac(self._mac, TDES.pad(cryptogram))
