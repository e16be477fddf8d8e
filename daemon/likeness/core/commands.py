"""Decides what becomes of each command, and when it may be carried out.

    READY ──good──→ KEEPING ──on the disk──→ WAITING ──no visit──→ WORKING ──→ READY
                       │ not kept: READY        (if it must wait)     │
                       └──────────────────────────────────────────────┴──→ LEAVING

- Only what the carrier's command key has signed comes here at all.
- Single use: a counter is on the disk before anything is done, and none that is not
  greater is ever obeyed again, also after a restart. Without a clock it decides alone.
- A counter is forgotten with the database; but a command names its epoch.
- What expired before the time that has passed for sure has expired; what was signed
  after the time that a believed clock says is not obeyed yet.
- One at a time. What ends the daemon waits until this run is old enough: its unit takes
  starts that follow each other too fast for a fault, and reboots.
- Each refusal is answered, but not more than so many in a minute: who
  sends old commands must not keep the device key busy.

Leaves to others: signatures, what speaks against a command (`command_doubts`), the
disk, every deed, sending.
"""

from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Literal, assert_never

from likeness.core import orders
from likeness.core.brake import Brake
from likeness.core.command_doubts import Why as Why  # noqa: PLC0414 - for users
from likeness.core.command_doubts import doubt

REFUSALS_AT_MOST = 10  # answered in a minute
REFUSALS_WITHIN_S = 60.0

Outcome = Literal["done", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which command an answer is about."""

    of: str  # SHA-256 of its signing input
    jti: str | None = None
    correlation: bytes = b""


# --- events -------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Heard:
    """A well signed message has come.

    `earliest_s` is the least that the time can be, `epoch` what is written into now,
    `believed_s` what a believed clock says, if there is one.
    """

    asked: Asked
    claims: orders.Command | None
    action: orders.Action | None
    fault: Why | None  # it cannot be read
    earliest_s: int
    epoch: str
    believed_s: int | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """The counter is on the disk."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """There was no room for it."""


@dataclass(frozen=True, slots=True)
class AtRest:
    """No visit goes on."""


@dataclass(frozen=True, slots=True)
class Done:
    """It was carried out."""

    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Failed:
    """It could not be carried out."""

    why: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline asked for has come."""


Event = Heard | Kept | NotKept | AtRest | Done | Failed | TimePassed


# --- effects ------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Keep:
    """Put this counter on the disk; answer with Kept or NotKept.

    `issued_s` is when the carrier signed it: it is so late at least.
    """

    counter: int
    issued_s: int


@dataclass(frozen=True, slots=True)
class AwaitRest:
    """Say AtRest as soon as no visit goes on."""


@dataclass(frozen=True, slots=True)
class Do:
    """Carry it out; answer with Done or Failed."""

    action: orders.Action


@dataclass(frozen=True, slots=True)
class SetLevel:
    """Log from this level on; None: as it was configured."""

    level: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Say, signed, what became of it."""

    asked: Asked
    outcome: Outcome
    reason: str = ""
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ignore:
    """Count this refusal; too many were answered already."""

    why: Why


@dataclass(frozen=True, slots=True)
class Stop:
    """End the daemon in order; it is started again."""


Effect = Keep | AwaitRest | Do | SetLevel | Answer | Ignore | Stop


class State(Enum):
    """Where the one command stands that was accepted."""

    READY = auto()
    KEEPING = auto()
    WAITING = auto()
    WORKING = auto()
    LEAVING = auto()


class Commands:
    """One terminal's commands, one at a time."""

    def __init__(
        self, device: str, counter: int, *, restarts_from: float = 0.0
    ) -> None:
        """Begin in READY.

        Args:
            device: our name.
            counter: the last one that was accepted.
            restarts_from: nothing that was ordered ends the daemon before.
        """
        self._device = device
        self._counter = counter
        self._restarts_from = restarts_from
        self._restart_waits = False  # for that time
        self._asked = Asked("")
        self._action: orders.Action = orders.Announce()
        self._next_counter = counter
        self._level_until: float | None = None
        self._refusals = Brake(REFUSALS_AT_MOST, REFUSALS_WITHIN_S)
        self.state = State.READY

    @property
    def deadline(self) -> float | None:
        """When the log level falls back, or an end that was ordered may come."""
        due = [] if self._level_until is None else [self._level_until]
        if self._restart_waits:
            due.append(self._restarts_from)
        return min(due, default=None)

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event; return what must follow, in order."""
        match event:
            case Heard():
                return self._heard(event, now)
            case Kept():
                self._counter = self._next_counter
                return self._begin(now)
            case NotKept():
                return [self._answered("refused", Why.NOT_KEPT)]
            case AtRest():
                return self._at_rest()
            case Done(result):
                answer = self._answered("done", result=result)
                if isinstance(self._action, orders.RotateKey):
                    self.state = State.LEAVING
                    return [answer, *self._await_end(now)]
                return [answer]
            case Failed(why):
                return [self._answered("failed", why)]
            case TimePassed():
                return self._time_passed(now)
            case _:
                assert_never(event)

    def _heard(self, event: Heard, now: float) -> list[Effect]:
        why = self._doubt(event)
        if why is None and self.state is not State.READY:
            why = Why.BUSY
        if why is not None or event.claims is None or event.action is None:
            return [self._refuse(event.asked, why or Why.MALFORMED, now)]
        self.state = State.KEEPING
        self._asked, self._action = event.asked, event.action
        self._next_counter = event.claims.counter
        return [Keep(event.claims.counter, event.claims.iat)]

    def _doubt(self, event: Heard) -> Why | None:
        if event.claims is None:
            return event.fault or Why.MALFORMED
        why = doubt(
            event.claims,
            device=self._device,
            counter=self._counter,
            epoch=event.epoch,
            earliest_s=event.earliest_s,
            believed_s=event.believed_s,
        )
        return why or event.fault

    def _refuse(self, asked: Asked, why: Why, now: float) -> Effect:
        if not self._refusals.lets(now):
            return Ignore(why)
        return Answer(asked, "refused", why)

    def _begin(self, now: float) -> list[Effect]:
        match self._action:
            case orders.Restart():
                self.state = State.WAITING
                return self._await_end(now)
            case orders.SelfTest():
                self.state = State.WAITING
                return [AwaitRest()]
            case orders.SetLogLevel(level=level, for_s=for_s):
                self._level_until = now + for_s
                return [SetLevel(level), self._answered("done")]
            case orders.Diagnose() | orders.Announce() | orders.RotateKey():
                self.state = State.WORKING
                return [Do(self._action)]
            case _:
                assert_never(self._action)

    def _at_rest(self) -> list[Effect]:
        if self.state is State.LEAVING:
            return [Stop()]
        if self.state is not State.WAITING:
            return []
        if isinstance(self._action, orders.Restart):
            answer = self._answered("done")
            self.state = State.LEAVING
            return [answer, Stop()]
        self.state = State.WORKING
        return [Do(self._action)]

    def _await_end(self, now: float) -> list[Effect]:
        self._restart_waits = now < self._restarts_from
        return [] if self._restart_waits else [AwaitRest()]

    def _time_passed(self, now: float) -> list[Effect]:
        effects: list[Effect] = []
        if self._level_until is not None and now >= self._level_until:
            self._level_until = None
            effects.append(SetLevel(None))
        if self._restart_waits:
            effects += self._await_end(now)
        return effects

    def _answered(
        self, outcome: Outcome, reason: str = "", result: dict[str, Any] | None = None
    ) -> Answer:
        self.state = State.READY
        return Answer(self._asked, outcome, reason, result or {})
