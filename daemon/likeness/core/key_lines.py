"""Makes an access key of the lines that a scanner or a keyboard gives.

A CAN is one line of six digits. An MRZ comes whole, or line by line, or as its second
line alone where that is enough. What a person types may also be three words: document
number, day of birth, day of expiry (YYMMDD). Lines that wait for the next one are
forgotten soon. Leaves to others: where lines come from, the MRZ itself (`mrz`).
"""

from enum import StrEnum

from likeness.core.mrz import AccessKey, BadMrz

WAITS_S = 5.0  # a scanner sends its lines at once, a hand does not type an MRZ
LINE_MOST = 128
CAN_SIZE = 6
PARTS = 3
NAME_WIDTHS = (36, 44)  # the first line of TD2 and TD3 holds a name and no digit
CARD_WIDTH, CARD_LINES = 30, 2  # TD1: the key needs the first two of its lines


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
        if len(words) == PARTS and not self._lines:
            return _parts(words)
        tidy = "".join(words).upper()
        is_can = len(tidy) == CAN_SIZE and tidy.isascii() and tidy.isdigit()
        if is_can and not self._lines:
            return AccessKey.from_can(tidy)
        if self._lines and self._lines[-1] == tidy:
            return None  # scanned twice
        if len(tidy) == CARD_WIDTH and not any(map(str.isdigit, tidy)):
            return None  # TD1's third line: a name, which no key is made of
        self._lines.append(tidy)
        self._since_s = now
        return self._judge(tidy)

    def _judge(self, line: str) -> AccessKey | NotAKey | None:
        try:
            return self._done(AccessKey.from_mrz("\n".join(self._lines)))
        except BadMrz as bad:
            name_only = len(line) in NAME_WIDTHS and not any(map(str.isdigit, line))
            half_card = len(line) == CARD_WIDTH and len(self._lines) < CARD_LINES
            if len(self._lines) == 1 and (name_only or half_card):
                return None
            known = bad.check is not None
            return self._done(NotAKey.CHECK_DIGIT if known else NotAKey.UNKNOWN)

    def _done(self, found: AccessKey | NotAKey) -> AccessKey | NotAKey:
        self._lines.clear()
        return found


def _parts(words: list[str]) -> AccessKey | NotAKey:
    try:
        return AccessKey.from_parts(*words)
    except BadMrz:
        return NotAKey.UNKNOWN
