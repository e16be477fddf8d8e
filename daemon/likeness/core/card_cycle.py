"""One card after another: find, select, read, and wait until it is taken away.

Each step asks one command; its answer decides the next step:

    FIND -> SELECT -> READ -> (ADDRESSES) -> HELD ---removed--> FIND
      ^        | moved    | moved | refused
      +--------+----------+       v
    FIND <----------removed---- SPENT <--field dropped-- HELD

In HELD and SPENT the card only waits to be taken away; either way it is read once
(card-readers A.8). Leaves to others: how a removal is seen (card_removal), the reader's
own health, the wire.
"""

from dataclasses import dataclass
from enum import Enum, auto

from likeness.core.card_answers import (
    Answer,
    Command,
    Meaning,
    Record,
    parse_record,
)
from likeness.core.card_moments import (
    CardFound,
    CardMoment,
    CardRead,
    CardRemoved,
    CardStillThere,
    CardTrouble,
)
from likeness.core.card_removal import Announced, Lying, Seen
from likeness.core.card_trouble import Trouble

__all__ = [
    "NO_WISHES",
    "CardCycle",
    "CardFound",
    "CardMoment",
    "CardRead",
    "CardRemoved",
    "CardStillThere",
    "CardTrouble",
    "Step",
    "Wishes",
]

CYCLES = 3
CYCLES_WITHIN_S = 4.0
HUNG_CHIP_S = 10.0  # found but never selected: only a reset of the field helps


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is read beside text and portrait; nothing, unless the operator needs it."""

    addresses: bool = False  # added to the chip after its issue (30 03)
    fingerprint: bool = False  # 30 10 in place of 30 01, where the reader knows it


NO_WISHES = Wishes()


class Step(Enum):
    """What is done with the card; see the drawing above."""

    FIND = auto()
    SELECT = auto()
    READ = auto()
    ADDRESSES = auto()
    HELD = auto()
    SPENT = auto()


# What each step asks, and how many seconds after the last answer.
ASKS = {
    Step.FIND: (Command.FIND, 0.25),
    Step.SELECT: (Command.SELECT, 0.0),
    Step.READ: (Command.READ, 0.0),
    Step.ADDRESSES: (Command.READ_APPENDED, 0.0),
    Step.HELD: (Command.READ_APPENDED, 0.3),  # or another, see card_removal
    Step.SPENT: (Command.FIND, 0.3),
}
REFUSALS = {
    Meaning.REJECTED: Trouble.CARD_REJECTED,
    Meaning.WRONG_CARD: Trouble.WRONG_CARD,
}


class CardCycle:
    """At most one card; `wanted` and `reader_id` are set by the dialogue."""

    def __init__(self, wishes: Wishes = NO_WISHES) -> None:
        self.wanted = False
        self.reader_id = ""
        self._wishes = wishes
        self._lying = Lying()
        self._record: Record | None = None  # read, and its addresses are asked for
        self.reader_is_new()
        self._step = Step.FIND
        self._missed = 0  # cycles of the present series without a record
        self._series_since: float | None = None
        self._unselected_since: float | None = None
        self._needs_reset = False
        self._announced = Announced()

    def reader_is_new(self) -> None:
        """Forget what the reader before did not know."""
        self._reads_finger = self._wishes.fingerprint
        self._lying.reader_is_new()

    @property
    def step(self) -> Step:
        """What is done next."""
        return self._step

    @property
    def asks(self) -> tuple[Command, float]:
        """What is asked next, and how many seconds after the last answer."""
        command, pause_s = ASKS[self._step]
        if self._step is Step.READ and self._reads_finger:
            command = Command.READ_WITH_FINGERPRINT
        if self._step is Step.HELD:
            command = self._lying.test
        return command, pause_s

    @property
    def can_do_without(self) -> bool:
        """Whether a reader that does not know the command is no fault."""
        optional = self._step in (Step.HELD, Step.ADDRESSES)
        return optional or (self._step is Step.READ and self._reads_finger)

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
        self._lying.sure = False
        may_be_halted = self._step in (Step.READ, Step.ADDRESSES)
        self._needs_reset = self._needs_reset or may_be_halted
        if may_be_halted or self._step is Step.SELECT:
            self._step, self._record = Step.FIND, None

    def answered(self, answer: Answer, now: float) -> list[CardMoment]:
        """Take in the answer to the present step's command."""
        match self._step:
            case Step.FIND:
                return self._sought(answer.meaning, now)
            case Step.SELECT:
                return self._selected(answer, now)
            case Step.READ:
                return self._read(answer, now)
            case Step.ADDRESSES:
                return self._added(answer)
            case Step.HELD:
                return self._held(answer.meaning)
            case Step.SPENT:
                return self._removal(self._lying.sought(answer.meaning))

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
            case Step.ADDRESSES:
                return self._tell(b"")
            case Step.HELD if not self._lying.sure:
                self._spend()
                return []
            case _:
                return []

    def _sought(self, meaning: Meaning, now: float) -> list[CardMoment]:
        if meaning is Meaning.NO_CARD:
            self._unselected_since = None
            if self._elapsed(now) >= CYCLES_WITHIN_S:
                self._series_since = None
            return [CardRemoved()] if self._announced.absent(now) else []
        if meaning is not Meaning.FOUND or not self.wanted:
            return []
        self._step = Step.SELECT
        if self._series_since is None:
            self._series_since, self._missed = now, 0
        return [CardFound()] if self._announced.found() else []

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
        if answer.meaning is Meaning.NOT_SUPPORTED and self._reads_finger:
            self._reads_finger = False
            return []
        record = parse_record(answer.data)
        if answer.meaning is not Meaning.OK or record is None:
            return self._miss(answer.meaning, answer.status_text, now)
        self._record = record
        self._step = Step.ADDRESSES
        return [] if self._wishes.addresses and self.wanted else self._tell(b"")

    def _added(self, answer: Answer) -> list[CardMoment]:
        """The record is whole: whatever is said of addresses, it is told."""
        well = answer.meaning is Meaning.OK
        return [*self._tell(answer.data if well else b""), *self._held(answer.meaning)]

    def _tell(self, appended: bytes) -> list[CardMoment]:
        record, self._record = self._record, None
        self._step = Step.HELD
        self._lying.now_by_test()
        self._series_since = None
        self._announced.over()
        if not self.wanted or record is None:
            return []
        finger = record.fingerprint if self._wishes.fingerprint else b""
        return [
            CardRead(record.text, record.portrait, self.reader_id, appended, finger)
        ]

    def _held(self, meaning: Meaning) -> list[CardMoment]:
        return self._removal(self._lying.tested(meaning))

    def _removal(self, seen: Seen) -> list[CardMoment]:
        match seen:
            case Seen.STAYS:
                return []
            case Seen.UNSURE:
                self._spend()
                return []
            case Seen.GONE:
                self._step = Step.FIND
                return [CardRemoved()]
            case Seen.UNTOLD:
                self._step = Step.FIND
                return []

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
        self._step = Step.SPENT
        self._announced.over()
        self._lying.now_by_find()

    def _elapsed(self, now: float) -> float:
        return 0.0 if self._series_since is None else now - self._series_since
