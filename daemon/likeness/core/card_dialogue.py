"""The talk with the reader: wake it, learn its id, serve cards, notice when it is ill.

Each state asks one command again and again; the answer decides the next state:

    CLOSED --Opened--> WAKING --> SERVING <--Seek, Rest--> RESTING
    any --three dead commands, stuck chip--> RESETTING --> WAKING
    any --status 60 or 66--> FAULTY --works again--> WAKING (its id only)
    WAKING in vain, RESETTING in vain, or Lost --> CLOSED and Reopen

Its events and effects stand in card_events.
Leaves to others: one command's answer (card_exchange), rate and id (card_waking), the
steps with one card (card_cycle), how long to wait before opening again.
"""

from enum import Enum, auto
from typing import assert_never

from likeness.core.card_answers import Answer, Command, Meaning
from likeness.core.card_cycle import NO_WISHES, CardCycle, Step, Wishes
from likeness.core.card_events import (
    Bytes,
    Effect,
    Event,
    Lost,
    Opened,
    ReaderReady,
    ReaderTrouble,
    Reopen,
    Rest,
    Seek,
    SetBaud,
    TimePassed,
    Write,
)
from likeness.core.card_exchange import FULL_SPEED_BAUD, Exchange, Failure
from likeness.core.card_moments import CardStillThere
from likeness.core.card_trouble import Trouble
from likeness.core.card_waking import Asleep, Awake, Waking

FIRST_ANSWER_S = 1.5  # a USB serial line on a Pi may hold back its first bytes
DEAD_COMMANDS = 3


__all__ = [
    "Bytes",
    "Dialogue",
    "Effect",
    "Event",
    "Lost",
    "Opened",
    "ReaderReady",
    "ReaderTrouble",
    "Reopen",
    "Rest",
    "Seek",
    "SetBaud",
    "State",
    "TimePassed",
    "Write",
]


class State(Enum):
    """What the dialogue is at; see the drawing above."""

    CLOSED = auto()
    WAKING = auto()
    RESTING = auto()
    SERVING = auto()
    RESETTING = auto()
    FAULTY = auto()


# What each state asks, and how many seconds after the last answer; WAKING and SERVING
# know it themselves.
ASKS = {
    State.RESTING: (Command.STATUS, 3.0),  # notices a reader that died silently
    State.RESETTING: (Command.RESET, 0.0),
    State.FAULTY: (Command.STATUS, 30.0),  # no storm on a broken reader
}


class Dialogue:
    """One reader and, at most, one card.

    Args:
        baud: what the line is opened at; other rates are tried when all is silent.
        wishes: what to read of a card beside text and portrait.
        rf_size: see card_waking.
    """

    def __init__(
        self,
        *,
        baud: int = FULL_SPEED_BAUD,
        wishes: Wishes = NO_WISHES,
        rf_size: int = 0,
    ) -> None:
        self.exchange = Exchange(baud)  # its trace and tally are there for diagnosis
        self._waking = Waking(baud, rf_size)
        self._card = CardCycle(wishes)
        self._state = State.CLOSED
        self._ask_at: float | None = None
        self._first_answer_s = 0.0
        self._dead = 0  # commands in a row without a usable answer
        self._resent = False  # the last command was asked twice
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
                self._card.reader_is_new()
                self._first_answer_s = FIRST_ANSWER_S
                return self._wake(now)
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
        command, more = self._asks()
        self.exchange.begin(command, now, first_s=self._first_answer_s)
        self._first_answer_s = 0.0
        self._ask_at = None
        return [Write(command.name.lower(), command.frame(more))]

    def _conclude(self, outcome: Answer | Failure | None, now: float) -> list[Effect]:
        if outcome is None:
            return []
        if isinstance(outcome, Answer) and self._is_fault(outcome):
            return self._fault(outcome.status_text, now)
        match outcome:
            case _ if self._state is State.WAKING:
                return self._woken(outcome, now)
            case Failure():
                self._resent = False
                return self._failed(Trouble.READER_SILENT, outcome.value, now)
            case Answer() if self._state is State.SERVING:
                return self._served(outcome, now)
            case Answer() if outcome.meaning is Meaning.OK:
                return self._well(now)
            case Answer():
                return self._failed(Trouble.READER_FAULT, outcome.status_text, now)

    def _is_fault(self, answer: Answer) -> bool:
        tuning = self._state is State.WAKING and self._waking.indifferent()
        return answer.meaning is Meaning.READER_FAULT and not tuning

    def _fault(self, status: str, now: float) -> list[Effect]:
        known = self._state is State.FAULTY
        self._card.interrupted()
        self._go(State.FAULTY, now + ASKS[State.FAULTY][1])
        return [] if known else [ReaderTrouble(Trouble.READER_FAULT, status)]

    def _served(self, answer: Answer, now: float) -> list[Effect]:
        meaning = answer.meaning
        if meaning in (Meaning.NOT_HEARD, Meaning.NOT_SUPPORTED):
            # Our bytes may have been damaged on their way: the same once more (A.7).
            self._resent = not self._resent
            if self._resent:
                self._ask_at = now
                return []
            if meaning is Meaning.NOT_HEARD or not self._card.can_do_without:
                return self._failed(Trouble.READER_FAULT, answer.status_text, now)
        self._dead, self._was_reset, self._resent = 0, False, False
        moments = self._card.answered(answer, now)
        self._serve(now)
        return [*moments]

    def _woken(self, outcome: Answer | Failure, now: float) -> list[Effect]:
        match self._waking.take(outcome, now):
            case None:
                self._ask_at = self._waking.ask_at
                return []
            case SetBaud() as other:
                return self._tune(other)
            case Awake(reader_id):
                self._dead = 0
                self._card.reader_id = reader_id
                self._serve(now)
                return [ReaderReady(reader_id)]
            case Asleep(kind, why):
                return self._give_up(kind, why)

    def _tune(self, rate: SetBaud) -> list[Effect]:
        self.exchange.baud = rate.baud
        self._ask_at = self._waking.ask_at
        return [rate]

    def _well(self, now: float) -> list[Effect]:
        """RESTING, RESETTING or FAULTY was answered well."""
        self._dead = 0
        match self._state:
            case State.RESETTING:
                return self._wake(now)
            case State.FAULTY:
                self._waking.recovered(now)
                self._go(State.WAKING, now)
            case _:
                self._was_reset = False
                self._serve(now)
        return []

    def _failed(self, kind: Trouble, why: str, now: float) -> list[Effect]:
        """A command stayed without a usable answer."""
        self._dead += 1
        match self._state:
            case State.RESETTING:
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

    def _wake(self, now: float) -> list[Effect]:
        rates = self._waking.begin(now)
        self._go(State.WAKING, now)
        return [effect for rate in rates for effect in self._tune(rate)]

    def _serve(self, now: float) -> None:
        if self._card.take_reset():
            self._reset(now)
            return
        self._state = State.RESTING if self._card.idle else State.SERVING
        idle = self._state is State.RESTING
        self._ask_at = now + (ASKS[self._state] if idle else self._card.asks)[1]

    def _asks(self) -> tuple[Command, bytes]:
        match self._state:
            case State.WAKING:
                return self._waking.asks
            case State.SERVING:
                return self._card.asks[0], b""
            case _:
                return ASKS[self._state][0], b""

    def _go(self, state: State, ask_at: float) -> None:
        self._state = state
        self._ask_at = ask_at

    def _close(self) -> None:
        self.exchange.forget()
        self._card.interrupted()
        self._state = State.CLOSED
        self._ask_at = None
        self._dead = 0
        self._was_reset = self._resent = False
