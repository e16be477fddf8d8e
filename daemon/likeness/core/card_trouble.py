"""Names what can be wrong with a card or its reader, as the screen and health say it.

Leaves to others: how each is noticed (dialogue, fields, service) and its words.
"""

from enum import StrEnum


class Trouble(StrEnum):
    """One class of message per next step (card-readers B.7)."""

    # the reader: an installer must act
    READER_ABSENT = "reader-absent"  # no such device, or it was unplugged
    READER_CONFIG = "reader-config"  # there, but not for us: permission, busy
    READER_SILENT = "reader-silent"  # open, but no whole answer comes
    READER_FAULT = "reader-fault"  # it answers that it cannot work
    # the card: the visitor or the clerk must act
    HOLD_STILL = "hold-still"  # the card moved; it is tried again by itself
    CARD_REJECTED = "card-rejected"  # card and reader did not accept each other
    WRONG_CARD = "wrong-card"  # not an identity card
    CARD_UNSUPPORTED = "card-unsupported"  # read, but of a layout we do not know
    CARD_INCONSISTENT = "card-inconsistent"  # read, but a field makes no sense
    CARD_TAMPERED = "card-tampered"  # its data are not as they were signed
    ACCESS_KEY_WRONG = "access-key-wrong"  # the chip does not open with this key
    ACCESS_KEY_BLOCKED = "access-key-blocked"  # after too many wrong ones
    ACCESS_KEY_OF_MRZ = "access-key-of-mrz"  # opens with the MRZ only, not with a CAN
    CARD_COMM = "card-comm"  # the talk with the chip broke: once more from the start
    DOWNGRADE = "downgrade"  # it should open by PACE, and only the weaker BAC is left
