"""Days of a machine readable zone: two digits for the year, fillers where unknown.

Leaves to others: where they stand and whether their check digits hold (`mrz`).
"""

from datetime import date

FILLER = "<"
DAY_SIZE = 6  # YYMMDD
EXPIRY_AHEAD = 50  # years: one that ends later was meant for the century before
CENTURIES = 2  # tried: only every second may have a certain leap day


def birth_day(signs: str, today: date) -> date | None:
    """Give a day of birth its century, the latest that is not to come.

    None: a part of it is not known, or there is no such day.
    """
    return _latest(signs, today)


def expiry_day(signs: str, today: date) -> date | None:
    """Give a day of expiry its century: this one, unless it is too far ahead.

    None: it is not stated, or there is no such day.
    """
    # The last day of a year: what ends within it is not beyond the limit.
    return _latest(signs, date(today.year + EXPIRY_AHEAD, 12, 31))


def is_unknown(signs: str) -> bool:
    """Say whether parts of a day are fillers, as ICAO 9303-3 clause 4.8 allows."""
    pairs = [signs[at : at + 2] for at in range(0, DAY_SIZE, 2)]
    whole = all(pair == FILLER * 2 or pair.isdigit() for pair in pairs)
    return whole and FILLER in signs


def _latest(signs: str, limit: date) -> date | None:
    if len(signs) != DAY_SIZE or not (signs.isascii() and signs.isdigit()):
        return None
    year, month, day = (int(signs[at : at + 2]) for at in range(0, DAY_SIZE, 2))
    century = limit.year // 100 * 100
    for _ in range(CENTURIES):
        try:
            found = date(century + year, month, day)
        except ValueError:
            found = None
        if found is not None and found <= limit:
            return found
        century -= 100
    return None
