"""Wakes a reader: finds the rate it talks at, tunes it if asked to, learns its id.

    PROBING --answered--> TUNING --whatever comes--> NAMING --id--> Awake
       |  +---answered, nothing to tune-----------------^  |
       +--5 s in vain, then 1 s at each other rate---------+--> Asleep

A reader keeps its rate over power loss. The usual one is listened at first; a reader
that was set to another is found there and left as it is: no command changes it
(card-readers A.2, A.4, A.8). Leaves to others: the wire, what an awake reader is asked.
"""

from dataclasses import dataclass
from enum import Enum, auto

from likeness.core.card_answers import Answer, Command, Meaning, parse_reader_id
from likeness.core.card_events import SetBaud
from likeness.core.card_exchange import FULL_SPEED_BAUD, Failure
from likeness.core.card_trouble import Trouble

BAUDS = (FULL_SPEED_BAUD, 57600, 38400, 19200, 9600)
WAKE_WITHIN_S = 5.0  # a module needs up to 3.5 s after power-up
OTHER_RATE_S = 1.0  # by then it has powered up: two probes are enough
AGAIN_S = 0.25


@dataclass(frozen=True, slots=True)
class Awake:
    """The reader works; its id is empty where its kind has none (stx_frames)."""

    reader_id: str


@dataclass(frozen=True, slots=True)
class Asleep:
    """It was not to be woken at any rate."""

    kind: Trouble
    why: str


class _Step(Enum):
    PROBING = auto()
    TUNING = auto()
    NAMING = auto()


_ASKS = {
    _Step.PROBING: Command.STATUS,
    _Step.TUNING: Command.RF_SIZE,
    _Step.NAMING: Command.READER_ID,
}


class Waking:
    """From an open line to a reader with a name.

    `rf_size` is the most bytes in one radio transfer, for antenna boards that need
    another than their own; 0 leaves it alone.
    """

    def __init__(self, baud: int, rf_size: int = 0) -> None:
        self.baud = baud
        self.ask_at = 0.0
        self._rf_size = rf_size
        self._first = baud  # the rate that worked last
        self._untried: list[int] = []
        self._step = _Step.PROBING
        self._awake_by = 0.0

    @property
    def asks(self) -> tuple[Command, bytes]:
        """What to ask next, and what follows the command."""
        more = bytes([self._rf_size]) if self._step is _Step.TUNING else b""
        return _ASKS[self._step], more

    def begin(self, now: float) -> list[SetBaud]:
        """Begin anew, at the rate that worked last."""
        moved = self.baud != self._first
        self.baud = self._first
        self._untried = [baud for baud in BAUDS if baud != self._first]
        self._awake_by = now + WAKE_WITHIN_S
        self._go(_Step.PROBING, now)
        return [SetBaud(self.baud)] if moved else []

    def recovered(self, now: float) -> None:
        """It answered well after a fault: only its id is missing."""
        self._go(_Step.NAMING, now)

    def indifferent(self) -> bool:
        """Whether any answer will do: tuning is a try."""
        return self._step is _Step.TUNING

    def take(
        self, outcome: Answer | Failure, now: float
    ) -> SetBaud | Awake | Asleep | None:
        """Take in an answer, or that none came; None: ask again at `ask_at`."""
        match self._step:
            case _Step.TUNING:
                self._go(_Step.NAMING, now)
                return None
            case _Step.PROBING if _is_well(outcome):
                tune = self._rf_size > 0
                self._go(_Step.TUNING if tune else _Step.NAMING, now)
                return None
            case _Step.NAMING if (name := _name(outcome)) is not None:
                self._first = self.baud
                return Awake(name)
            case _ if now < self._awake_by:
                self._go(self._step, now + AGAIN_S)
                return None
            case _:
                return self._in_vain(outcome, now)

    def _in_vain(self, outcome: Answer | Failure, now: float) -> SetBaud | Asleep:
        if isinstance(outcome, Answer):
            detail = "its id has no 16 bytes" if _is_well(outcome) else ""
            return Asleep(Trouble.READER_FAULT, detail or outcome.status_text)
        if self._step is _Step.NAMING or not self._untried:
            return Asleep(Trouble.READER_SILENT, outcome.value)
        self.baud = self._untried.pop(0)
        self._awake_by = now + OTHER_RATE_S
        self._go(_Step.PROBING, now)
        return SetBaud(self.baud)

    def _go(self, step: _Step, ask_at: float) -> None:
        self._step, self.ask_at = step, ask_at


def _is_well(outcome: Answer | Failure) -> bool:
    return isinstance(outcome, Answer) and outcome.meaning is Meaning.OK


def _name(outcome: Answer | Failure) -> str | None:
    if not isinstance(outcome, Answer):
        return None
    if outcome.meaning is Meaning.NO_CONTENT:
        return ""
    return parse_reader_id(outcome.data) if _is_well(outcome) else None
