"""The talk with the reader: wake it, learn its id, serve cards, notice when it is ill.

Each state asks one command again and again; the answer decides the next state:

    CLOSED --Opened--> PROBING --> NAMING --> SERVING <--Seek, Rest--> RESTING
    any --three dead commands, stuck chip--> RESETTING --> PROBING
    any --status 60 or 66--> FAULTY --works again--> NAMING
    PROBING for 5 s in vain, RESETTING in vain, or Lost --> CLOSED and Reopen

Leaves to others: one command's answer (card_exchange), the steps with one card
(card_cycle), how long to wait before opening again.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import assert_never

from likeness.core.card_answers import Answer, Command, Meaning, parse_reader_id
from likeness.core.card_cycle import ASKS as CARD_ASKS
from likeness.core.card_cycle import CardCycle, CardMoment, CardStillThere, Step
from likeness.core.card_exchange import FULL_SPEED_BAUD, Exchange, Failure
from likeness.core.card_trouble import Trouble

WAKE_WITHIN_S = 5.0  # a module needs up to 3.5 s after power-up
FIRST_ANSWER_S = 1.5  # a USB serial line on a Pi may hold back its first bytes
DEAD_COMMANDS = 3


@dataclass(frozen=True, slots=True)
class Opened:
    """The line is open and empty."""


@dataclass(frozen=True, slots=True)
class Bytes:
    """Bytes arrived; they may be personal data."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """The line is gone, e.g. unplugged."""

    why: str


@dataclass(frozen=True, slots=True)
class Seek:
    """A visit waits for a card."""


@dataclass(frozen=True, slots=True)
class Rest:
    """No card is wanted."""


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Event = Opened | Bytes | Lost | Seek | Rest | TimePassed


@dataclass(frozen=True, slots=True)
class Write:
    """Send one command."""

    command: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReaderReady:
    """The reader works; its id belongs into every result."""

    reader_id: str


@dataclass(frozen=True, slots=True)
class ReaderTrouble:
    """The reader does not work; the detail is for the installer."""

    kind: Trouble
    detail: str


@dataclass(frozen=True, slots=True)
class Reopen:
    """Close the line, wait a little longer each time, open it again."""


Effect = Write | ReaderReady | ReaderTrouble | Reopen | CardMoment


class State(Enum):
    """What the dialogue is at; see the drawing above."""

    CLOSED = auto()
    PROBING = auto()
    NAMING = auto()
    RESTING = auto()
    SERVING = auto()
    RESETTING = auto()
    FAULTY = auto()


# What each state asks, and how many seconds after the last answer (SERVING: its step).
ASKS = {
    State.PROBING: (Command.STATUS, 0.25),
    State.NAMING: (Command.READER_ID, 0.25),
    State.RESTING: (Command.STATUS, 3.0),  # notices a reader that died silently
    State.RESETTING: (Command.RESET, 0.0),
    State.FAULTY: (Command.STATUS, 30.0),  # no storm on a broken reader
}


class Dialogue:
    """One reader and, at most, one card."""

    def __init__(self, *, baud: int = FULL_SPEED_BAUD) -> None:
        self.exchange = Exchange(baud)  # its trace and tally are there for diagnosis
        self._card = CardCycle()
        self._state = State.CLOSED
        self._ask_at: float | None = None
        self._awake_by = 0.0
        self._first_answer_s = 0.0
        self._dead = 0  # commands in a row without a usable answer
        self._was_reset = False  # since the reader last did its work

    @property
    def state(self) -> State:
        """Where the talk stands."""
        return self._state

    @property
    def step(self) -> Step:
        """Where the card stands; it outlives a reset and a new line."""
        return self._card.step

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if nothing happens first."""
        return self.exchange.deadline if self.exchange.busy else self._ask_at

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take in one event; return what must now be done, in order."""
        return self._react(event, now) + self._ask_if_due(now)

    def _react(self, event: Event, now: float) -> list[Effect]:
        match event:
            case Opened():
                self._close()
                self._first_answer_s = FIRST_ANSWER_S
                self._probe(now)
                return []
            case Lost(why):
                return self._give_up(Trouble.READER_ABSENT, why)
            case Bytes(data):
                return self._conclude(self.exchange.take(data, now), now)
            case TimePassed():
                return self._conclude(self.exchange.check(now), now)
            case Seek() | Rest():
                return self._wish(isinstance(event, Seek), now)
            case _:
                assert_never(event)

    def _wish(self, wanted: bool, now: float) -> list[Effect]:
        self._card.wanted = wanted
        if self._state is State.RESTING and wanted and not self.exchange.busy:
            self._go(State.SERVING, now)
        if self._state is State.SERVING and self._card.idle and not self.exchange.busy:
            self._serve(now)
        return [CardStillThere()] if wanted and self._card.holds_card else []

    def _ask_if_due(self, now: float) -> list[Effect]:
        if self.exchange.busy or self._ask_at is None or now < self._ask_at:
            return []
        command, _ = self._asks()
        self.exchange.begin(command, now, first_s=self._first_answer_s)
        self._first_answer_s = 0.0
        self._ask_at = None
        return [Write(command.name.lower(), command.frame())]

    def _conclude(self, outcome: Answer | Failure | None, now: float) -> list[Effect]:
        match outcome:
            case None:
                return []
            case Failure():
                return self._failed(Trouble.READER_SILENT, outcome.value, now)
            case Answer():
                return self._answered(outcome, now)

    def _answered(self, answer: Answer, now: float) -> list[Effect]:
        if answer.meaning is Meaning.READER_FAULT:
            return self._fault(answer.status_text, now)
        if self._state is State.SERVING:
            return self._served(answer, now)
        if answer.meaning is not Meaning.OK:
            return self._failed(Trouble.READER_FAULT, answer.status_text, now)
        return self._woken(answer, now)

    def _fault(self, status: str, now: float) -> list[Effect]:
        known = self._state is State.FAULTY
        self._card.interrupted()
        self._go(State.FAULTY, now + ASKS[State.FAULTY][1])
        return [] if known else [ReaderTrouble(Trouble.READER_FAULT, status)]

    def _served(self, answer: Answer, now: float) -> list[Effect]:
        meaning = answer.meaning
        if meaning is Meaning.NOT_HEARD or (
            meaning is Meaning.NOT_SUPPORTED and self._card.step is not Step.HELD
        ):
            return self._failed(Trouble.READER_FAULT, answer.status_text, now)
        self._dead, self._was_reset = 0, False
        moments = self._card.answered(answer, now)
        self._serve(now)
        return [*moments]

    def _woken(self, answer: Answer, now: float) -> list[Effect]:
        """PROBING, NAMING, RESTING, RESETTING or FAULTY was answered well."""
        self._dead = 0
        match self._state:
            case State.RESETTING:
                self._probe(now)
            case State.PROBING | State.FAULTY:
                self._go(State.NAMING, now)
            case State.NAMING:
                reader_id = parse_reader_id(answer.data)
                if reader_id is None:
                    return self._failed(Trouble.READER_FAULT, "id has no 16 bytes", now)
                self._card.reader_id = reader_id
                self._serve(now)
                return [ReaderReady(reader_id)]
            case _:
                self._was_reset = False
                self._serve(now)
        return []

    def _failed(self, kind: Trouble, why: str, now: float) -> list[Effect]:
        """A command stayed without a usable answer."""
        self._dead += 1
        match self._state:
            case State.PROBING | State.NAMING if now < self._awake_by:
                self._go(self._state, now + self._asks()[1])
                return []
            case State.PROBING | State.NAMING | State.RESETTING:
                return self._give_up(kind, why)
            case State.SERVING if self._dead < DEAD_COMMANDS:
                moments = self._card.unanswered(why, now)
                self._serve(now)
                return [*moments]
            case _ if self._dead < DEAD_COMMANDS:
                self._go(self._state, now)
                return []
            case _ if self._was_reset:
                return self._give_up(kind, why)
            case _:
                self._reset(now)
                return []

    def _give_up(self, kind: Trouble, why: str) -> list[Effect]:
        self._close()
        return [ReaderTrouble(kind, why), Reopen()]

    def _reset(self, now: float) -> None:
        self._card.interrupted()
        self._was_reset = True
        self._go(State.RESETTING, now)

    def _probe(self, now: float) -> None:
        self._awake_by = now + WAKE_WITHIN_S
        self._go(State.PROBING, now)

    def _serve(self, now: float) -> None:
        if self._card.take_reset():
            self._reset(now)
            return
        self._state = State.RESTING if self._card.idle else State.SERVING
        self._ask_at = now + self._asks()[1]

    def _asks(self) -> tuple[Command, float]:
        if self._state is State.SERVING:
            return CARD_ASKS[self._card.step]
        return ASKS[self._state]

    def _go(self, state: State, ask_at: float) -> None:
        self._state = state
        self._ask_at = ask_at

    def _close(self) -> None:
        self.exchange.forget()
        self._card.interrupted()
        self._state = State.CLOSED
        self._ask_at = None
        self._dead = 0
        self._was_reset = False
