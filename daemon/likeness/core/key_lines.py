"""Makes an access key of the lines that a scanner or a keyboard gives.

A CAN is one line of six digits. An MRZ comes whole, or line by line, or as its second
line alone where that is enough. What a person types may also be three words: document
number, day of birth, day of expiry (YYMMDD). A first line, a CAN and three words begin
anew, whatever went before. Lines that wait for the next one are forgotten soon.
Leaves to others: where lines come from, the MRZ itself (`mrz`).
"""

from enum import StrEnum

from likeness.core.mrz import AccessKey, BadMrz
from likeness.core.mrz_days import DAY_SIZE, FILLER

WAITS_S = 30.0  # a scanner sends its lines at once, a hand takes its time
LINE_MOST = 128
CAN_SIZE = 6
PARTS = 3
NAME_WIDTHS = (36, 44)  # the first line of TD2 and TD3 holds a name and no digit
CARD_WIDTH = 30  # TD1: the key needs the first two of its three lines


class NotAKey(StrEnum):
    """What is wrong with what was entered, for the screen; never what it was."""

    CHECK_DIGIT = "check-digit"  # misread or mistyped
    UNKNOWN = "unknown"  # neither CAN nor MRZ


class KeyLines:
    """Holds the lines of one MRZ that is not whole yet."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._since_s = 0.0

    def __repr__(self) -> str:
        """Say how many lines wait, never what they say."""
        return f"KeyLines({len(self._lines)} waiting)"

    @property
    def waiting(self) -> bool:
        """Whether lines are held that need another one."""
        return bool(self._lines)

    def forget(self, now: float) -> None:
        """Drop lines that nothing followed."""
        if now - self._since_s >= WAITS_S:
            self._lines.clear()

    def add(self, text: str, now: float) -> AccessKey | NotAKey | None:
        """Take in one line; None: more is to come."""
        self.forget(now)
        line = text.strip()[: LINE_MOST + 1]
        if not line:
            return None
        words = line.replace(",", " ").replace(";", " ").split()
        if len(words) == PARTS and all(map(_is_day, words[1:])):
            return self._done(_parts(words))
        tidy = "".join(words).upper()
        if len(tidy) == CAN_SIZE and tidy.isascii() and tidy.isdigit():
            return self._done(AccessKey.from_can(tidy))
        if len(tidy) == CARD_WIDTH and not _has_digit(tidy):
            return None  # TD1's third line: a name, which no key is made of
        if _is_first(tidy):
            self._lines, self._since_s = [tidy], now
            return None
        self._lines.append(tidy)
        return self._done(self._judge())

    def _judge(self) -> AccessKey | NotAKey:
        try:
            return AccessKey.from_mrz("\n".join(self._lines))
        except BadMrz as bad:
            return NotAKey.UNKNOWN if bad.check is None else NotAKey.CHECK_DIGIT

    def _done(self, found: AccessKey | NotAKey) -> AccessKey | NotAKey:
        self._lines.clear()
        return found


def _is_first(line: str) -> bool:
    """Say whether it can only be the first line of an MRZ, which needs its second."""
    if len(line) == CARD_WIDTH:  # the second one begins with a day
        return line[0].isalpha()
    return len(line) in NAME_WIDTHS and not _has_digit(line)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _is_day(word: str) -> bool:
    return len(word) == DAY_SIZE and all(
        sign.isdigit() or sign == FILLER for sign in word
    )


def _parts(words: list[str]) -> AccessKey | NotAKey:
    try:
        return AccessKey.from_parts(*words)
    except BadMrz:
        return NotAKey.UNKNOWN
