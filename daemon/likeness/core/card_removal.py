"""Tells whether a card that was read or refused still lies on the reader.

A card that was read is halted: to find, it is not there while it still lies there
(card-readers A.8). So it is tested with a command that only a selected card answers:
30 03, or 30 05 where the reader does not know that. A card that was refused, or whose
field dropped, is not halted: there finding itself is the test. So it is with one that
was announced and taken again before it was read.
Leaves to others: when to ask, and what follows.
"""

from enum import Enum, auto

from likeness.core.card_answers import Command, Meaning

ABSENT_FINDS = 2  # a card on the edge of the field comes and goes
TAKEN_AFTER_S = 1.0  # one that is only being moved is back by then


class Seen(Enum):
    """What an answer says of the card."""

    STAYS = auto()
    GONE = auto()
    UNSURE = auto()  # only finding can tell
    UNTOLD = auto()  # this reader has no test


class Lying:
    """One card, waiting to be taken away.

    `sure` is false after a reset or a new line: the field may have dropped.
    """

    def __init__(self) -> None:
        self.sure = True
        self.test = Command.READ_APPENDED
        self._absent = 0

    def reader_is_new(self) -> None:
        """Forget which test the reader before did not know."""
        self.test = Command.READ_APPENDED

    def now_by_test(self) -> None:
        """A card was read: from now on it is tested."""
        self.sure = True

    def now_by_find(self) -> None:
        """From now on it is sought."""
        self._absent = 0

    def tested(self, meaning: Meaning) -> Seen:
        """Judge the answer to `test`; the data in it is nobody's business."""
        match meaning:
            case Meaning.OK | Meaning.NO_CONTENT:
                self.sure = True
                return Seen.STAYS
            case Meaning.NOT_SUPPORTED if self.test is Command.READ_APPENDED:
                self.test = Command.READ_CHIP_NUMBER
                return Seen.STAYS
            case _ if not self.sure:
                return Seen.UNSURE
            case Meaning.NO_CARD:
                # A test does not say so, but a reader that tests by finding does
                # (stx_frames).
                return Seen.UNSURE
            case Meaning.NOT_SUPPORTED:
                # A halted card is found by no find, so it still cannot be read twice;
                # only its removal stays unseen.
                return Seen.UNTOLD
            case _:
                return Seen.GONE

    def sought(self, meaning: Meaning) -> Seen:
        """Judge the answer to a find."""
        self._absent = self._absent + 1 if meaning is Meaning.NO_CARD else 0
        return Seen.GONE if self._absent >= ABSENT_FINDS else Seen.STAYS


class Announced:
    """A card that was told as found, until it is read, refused or taken away."""

    def __init__(self) -> None:
        self._owed = False  # its end was not told yet
        self._absent_since: float | None = None

    def found(self) -> bool:
        """Take note that a card is there; say whether that is news."""
        news = not self._owed or self._absent_since is not None
        self._owed, self._absent_since = True, None
        return news

    def absent(self, now: float) -> bool:
        """Take note that none is there; say once that it was taken away."""
        if not self._owed:
            return False
        if self._absent_since is None:
            self._absent_since = now
        taken = now - self._absent_since >= TAKEN_AFTER_S
        self._owed = not taken
        return taken

    def over(self) -> None:
        """It was read or refused: its removal is told by `Lying`."""
        self._owed = False
