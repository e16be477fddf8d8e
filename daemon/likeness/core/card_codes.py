"""Code tables and number checks of Chinese identity documents (card-readers A.10).

Sources: GB/T 2261.1 (sex), GB 11643 (citizen numbers).
Leaves to others: where a code stands on a card, and what a failed check means.
"""

import re
from datetime import date

from likeness.core.vocabulary import Sex

SEXES = {
    "0": Sex.UNKNOWN,
    "1": Sex.MALE,
    "2": Sex.FEMALE,
    "9": Sex.NOT_STATED,
}

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_CITIZEN = re.compile(r"[0-9]{17}[0-9X]")
_FOREIGNER_2017 = re.compile(r"[A-Z]{3}[0-9]{12}")


def citizen_check(first: str) -> str:
    """Compute the last character from the first 17 digits (GB 11643, ISO 7064)."""
    total = sum(int(d) * w for d, w in zip(first, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def citizen_number_holds(number: str) -> bool:
    """Say whether 18 characters have the right form and check character."""
    if _CITIZEN.fullmatch(number) is None:
        return False
    return citizen_check(number[:17]) == number[17]


def citizen_birth(number: str) -> str:
    """Give YYYYMMDD as an 18-character number states it; empty if it is too short."""
    return number[6:14]


def citizen_sex(number: str) -> Sex | None:
    """Tell the sex from the 17th digit (odd: male); None without such a digit."""
    digit = number[16:17]
    if not (digit.isascii() and digit.isdigit()):
        return None
    return Sex.MALE if int(digit) % 2 else Sex.FEMALE


def foreigner_2017_number_holds(number: str) -> bool:
    """Say whether 15 characters have the right form.

    The check digit is not judged: a public sample fails the only known rule.
    """
    return _FOREIGNER_2017.fullmatch(number) is not None


def foreigner_2017_birth(number: str) -> str:
    """Give YYMMDD as a 15-character number states it."""
    return number[7:13]


def parse_day(text: str) -> date | None:
    """Read YYYYMMDD; None unless it is eight ASCII digits and a real day."""
    if re.fullmatch(r"[0-9]{8}", text) is None:
        return None
    try:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None
