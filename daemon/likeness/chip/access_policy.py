"""What the operator allows on the way into a chip, and how much is read of it."""

from dataclasses import dataclass
from enum import IntEnum

BLOCK_BYTES = 223  # protected, the answer to it fits the 256 bytes of a short one


class BacUse(IntEnum):
    """How far down BAC may be used; each step includes those before it.

    What EF.CardAccess says is not signed: whoever sits between reader and chip can
    change it to force BAC, listen, and guess the MRZ later.
    """

    NEVER = 0
    NO_PACE = 1  # the chip names no PACE: most documents before 2015
    PACE_UNSUPPORTED = 2  # it names PACE in no way that we know
    PACE_FAILED = 3  # it names PACE, and that failed otherwise than by a wrong key


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """Limits of one reading; the defaults suit every reader.

    Args:
        bac: when the weaker way in may be used.
        block_bytes: how much is read at once, 16 to 223; it goes down by itself where
            a chip gives less.
        long_lengths: the reader carries more than 256 bytes (PN532: not).
        most_bytes: of one file; a longer one is not read.
        most_commands: of one reading; a talk without an end is given up.
    """

    bac: BacUse = BacUse.PACE_UNSUPPORTED
    block_bytes: int = BLOCK_BYTES
    long_lengths: bool = True
    most_bytes: int = 1 << 20
    most_commands: int = 6000
