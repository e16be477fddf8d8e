"""What is on a simulated chip, and what it takes part in: values only.

Leaves to others: making one (emrtd_personalise), talking (emrtd_card).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives.asymmetric import ec

from likeness.simulators.emrtd_apdu import SHORT_MOST
from likeness.simulators.emrtd_crypto import AES_128, Suite
from likeness.simulators.emrtd_keys import PrivateKey
from likeness.simulators.emrtd_pace import PaceOffer

ATR = bytes.fromhex("3B8880010000000000000000 09".replace(" ", ""))


class TooLong(StrEnum):
    """What the chip says if more is asked for than it gives at once."""

    CUT = "cut"  # it gives what it can, with 9000
    RIGHT_LENGTH = "6c"
    WRONG_LENGTH = "6700"


@dataclass(frozen=True, slots=True)
class Chip:
    """One document's chip; files are keyed by their identifiers."""

    master: Mapping[int, bytes] = field(repr=False)  # outside of any application
    files: Mapping[int, bytes] = field(repr=False)  # of the LDS1 application
    mrz_information: str = field(repr=False)
    can: str = field(default="", repr=False)
    pace: tuple[PaceOffer, ...] = ()
    bac: bool = True
    can_tries: int = 0  # so many wrong ones in a row block the CAN; 0: never
    slow_s: float = 0.0  # each wrong key delays the next attempt by this more
    active_key: PrivateKey | None = field(default=None, repr=False)
    active_digest: str = "sha256"
    chip_key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)
    chip_suite: Suite = AES_128
    most_bytes: int = SHORT_MOST  # of one answer's data
    too_long: TooLong = TooLong.CUT
    extended: bool = False  # takes extended lengths
    atr: bytes = ATR
