"""One card after another: find, select, read, and wait until it is taken away.

Each step asks one command; its answer decides the next step:

    FIND -> SELECT -> READ -> HELD ------removed------> FIND
      ^        | moved    | moved | refused
      +--------+----------+       v
    FIND <----------removed---- SPENT <--field dropped-- HELD

A card that was read is halted: FIND answers "no card" while it still lies there. So in
HELD another command (30 03) tests for removal. In SPENT the card is not halted (it was
refused, or the field dropped under it) and FIND itself is the test. Either way a card
is read once (card-readers A.8). Leaves to others: the reader's own health, the wire.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from likeness.core.card_answers import Answer, Command, Meaning, parse_record
from likeness.core.card_trouble import Trouble

CYCLES = 3
CYCLES_WITHIN_S = 4.0
HUNG_CHIP_S = 10.0  # found but never selected: only a reset of the field helps
ABSENT_FINDS = 2  # a card on the edge of the field comes and goes


@dataclass(frozen=True, slots=True)
class CardFound:
    """A card is in the field: it must not move now."""


@dataclass(frozen=True, slots=True)
class CardRead:
    """A card was read whole: personal data, as the chip holds it."""

    text: bytes = field(repr=False)
    portrait_record: bytes = field(repr=False)
    reader_id: str


@dataclass(frozen=True, slots=True)
class CardTrouble:
    """A card could not be read; the status word is for the report."""

    kind: Trouble
    status: str


@dataclass(frozen=True, slots=True)
class CardStillThere:
    """A card is sought, but the one before must be taken away first."""


@dataclass(frozen=True, slots=True)
class CardRemoved:
    """The card that was read or refused is gone."""


CardMoment = CardFound | CardRead | CardTrouble | CardStillThere | CardRemoved


class Step(Enum):
    """What is done with the card; see the drawing above."""

    FIND = auto()
    SELECT = auto()
    READ = auto()
    HELD = auto()
    SPENT = auto()


# What each step asks, and how many seconds after the last answer.
ASKS = {
    Step.FIND: (Command.FIND, 0.25),
    Step.SELECT: (Command.SELECT, 0.0),
    Step.READ: (Command.READ, 0.0),
    Step.HELD: (Command.READ_APPENDED, 0.3),
    Step.SPENT: (Command.FIND, 0.3),
}
REFUSALS = {
    Meaning.REJECTED: Trouble.CARD_REJECTED,
    Meaning.WRONG_CARD: Trouble.WRONG_CARD,
}


class CardCycle:
    """At most one card; `wanted` and `reader_id` are set by the dialogue."""

    def __init__(self) -> None:
        self.wanted = False
        self.reader_id = ""
        self._step = Step.FIND
        self._missed = 0  # cycles of the present series without a record
        self._series_since: float | None = None
        self._unselected_since: float | None = None
        self._needs_reset = False
        self._found_told = False
        self._sure = True  # no reset or new line since the card was read or tested
        self._absent = 0  # finds in a row without the spent card

    @property
    def step(self) -> Step:
        """What is asked next."""
        return self._step

    @property
    def holds_card(self) -> bool:
        """Whether a card must be taken away before another can be read."""
        return self._step in (Step.HELD, Step.SPENT)

    @property
    def idle(self) -> bool:
        """Whether nothing needs to be asked: no card is wanted and none is held."""
        return self._step is Step.FIND and not self.wanted

    def take_reset(self) -> bool:
        """Say once that only a reset of the field will free the chip."""
        needed, self._needs_reset = self._needs_reset, False
        return needed

    def interrupted(self) -> None:
        """The field dropped, or may have: a halted card would be found again.

        A record that was under way may have been read to its end, and its card be
        halted: if the field did not drop, only a reset will let it be found.
        """
        self._sure = False
        self._needs_reset = self._needs_reset or self._step is Step.READ
        if self._step in (Step.SELECT, Step.READ):
            self._step = Step.FIND

    def answered(self, answer: Answer, now: float) -> list[CardMoment]:
        """Take in the answer to the present step's command."""
        match self._step:
            case Step.FIND:
                return self._sought(answer.meaning, now)
            case Step.SELECT:
                return self._selected(answer, now)
            case Step.READ:
                return self._read(answer, now)
            case Step.HELD:
                return self._held(answer.meaning)
            case Step.SPENT:
                return self._spent(answer.meaning)

    def unanswered(self, why: str, now: float) -> list[CardMoment]:
        """Begin again with FIND: select and read are valid only after what is before.

        HELD and SPENT ask again, since a lost answer is no removal. Only a reader that
        stays silent to 30 03 even after a reset is tested with FIND instead.
        """
        match self._step:
            case Step.READ:
                # The card may have been read and halted; FIND would never see it.
                self._needs_reset = True
                return self._miss(Meaning.UNKNOWN, why, now)
            case Step.SELECT:
                return self._miss(Meaning.UNKNOWN, why, now)
            case Step.HELD if not self._sure:
                self._spend()
                return []
            case _:
                return []

    def _sought(self, meaning: Meaning, now: float) -> list[CardMoment]:
        if meaning is Meaning.NO_CARD:
            self._unselected_since = None
            self._found_told = False
            if self._elapsed(now) >= CYCLES_WITHIN_S:
                self._series_since = None
        if meaning is not Meaning.FOUND or not self.wanted:
            return []
        self._step = Step.SELECT
        if self._series_since is None:
            self._series_since, self._missed = now, 0
        if self._found_told:
            return []
        self._found_told = True
        return [CardFound()]

    def _selected(self, answer: Answer, now: float) -> list[CardMoment]:
        if answer.meaning is Meaning.OK:
            self._unselected_since = None
            self._step = Step.READ
            return []
        if self._unselected_since is None:
            self._unselected_since = now
        if now - self._unselected_since >= HUNG_CHIP_S:
            self._unselected_since = None
            self._needs_reset = True
        return self._miss(answer.meaning, answer.status_text, now)

    def _read(self, answer: Answer, now: float) -> list[CardMoment]:
        record = parse_record(answer.data)
        if answer.meaning is not Meaning.OK or record is None:
            return self._miss(answer.meaning, answer.status_text, now)
        self._step, self._sure = Step.HELD, True
        self._series_since = None
        self._found_told = False
        if not self.wanted:
            return []
        return [CardRead(record.text, record.portrait, self.reader_id)]

    def _held(self, meaning: Meaning) -> list[CardMoment]:
        if meaning in (Meaning.OK, Meaning.NO_CONTENT):
            self._sure = True
            return []
        if not self._sure:
            self._spend()
            return []
        self._step = Step.FIND
        # A reader without 30 03 has no removal test. A halted card is found by no
        # FIND, so it still cannot be read twice; only its removal stays unseen.
        return [] if meaning is Meaning.NOT_SUPPORTED else [CardRemoved()]

    def _spent(self, meaning: Meaning) -> list[CardMoment]:
        self._absent = self._absent + 1 if meaning is Meaning.NO_CARD else 0
        if self._absent < ABSENT_FINDS:
            return []
        self._step = Step.FIND
        return [CardRemoved()]

    def _miss(self, meaning: Meaning, status: str, now: float) -> list[CardMoment]:
        """A cycle ended without a record; several in a row become a message."""
        self._step = Step.FIND
        if not self.wanted:
            self._series_since = None
            return []
        if meaning in REFUSALS:
            return self._refuse(REFUSALS[meaning], status)
        self._missed += 1
        if self._missed < CYCLES and self._elapsed(now) < CYCLES_WITHIN_S:
            return []
        if meaning is Meaning.RETRY_THEN_REJECT:
            return self._refuse(Trouble.CARD_REJECTED, status)
        self._series_since = None
        return [CardTrouble(Trouble.HOLD_STILL, status)]

    def _refuse(self, kind: Trouble, status: str) -> list[CardMoment]:
        self._spend()
        self._series_since = None
        return [CardTrouble(kind, status)]

    def _spend(self) -> None:
        self._step, self._absent = Step.SPENT, 0

    def _elapsed(self, now: float) -> float:
        return 0.0 if self._series_since is None else now - self._series_since
