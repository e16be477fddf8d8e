"""When new models have passed their trial, or must go back.

    OPEN ── up for long enough, and faces seen in enough visits ──→ PASSED
      └──── vision failed, or no face seen in many visits ────────→ FAILED

A set that ends the daemon cannot be judged here: its starts are counted before it is
loaded (`core.update.start`). Leaves to others: keeping what is emitted, restarting.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import assert_never

import msgspec

from likeness.core.update import Trial


@dataclass(frozen=True, slots=True)
class VisitOver:
    """A visit in which frames were looked at has ended."""

    face_seen: bool


@dataclass(frozen=True, slots=True)
class VisionFailed:
    """A model could not be loaded or run."""

    why: str


@dataclass(frozen=True, slots=True)
class TimePassed:
    """The deadline came."""


Event = VisitOver | VisionFailed | TimePassed


@dataclass(frozen=True, slots=True)
class Keep:
    """Put how far the trial has come on the disk."""

    trial: Trial


@dataclass(frozen=True, slots=True)
class Confirm:
    """The set has passed."""


@dataclass(frozen=True, slots=True)
class GoBack:
    """Give the set back and start again with the one before it."""

    why: str


Effect = Keep | Confirm | GoBack


@dataclass(frozen=True, slots=True)
class HealthRules:
    """What a trial asks for."""

    up_s: float = 600.0  # of one run
    visits: int = 5  # with a face; they may be spread over several runs
    blind: int = 10  # visits without any face, and none with one


class State(Enum):
    """Where the trial stands."""

    OPEN = auto()
    PASSED = auto()
    FAILED = auto()


class HealthWindow:
    """One run's share of a trial."""

    def __init__(self, trial: Trial, rules: HealthRules, began: float) -> None:
        self._trial = trial
        self._rules = rules
        self._lives_at = began + rules.up_s
        self._counted = False  # that this run has lived
        self.state = State.OPEN

    @property
    def deadline(self) -> float | None:
        """When time alone changes something."""
        waits = self.state is State.OPEN and not self._counted
        return self._lives_at if waits else None

    def handle(self, event: Event, now: float) -> list[Effect]:
        """Take one event; return what must follow."""
        if self.state is not State.OPEN:
            return []
        before, trial = self._trial, self._trial
        if now >= self._lives_at:
            self._counted = True
            trial = msgspec.structs.replace(trial, lived=True, starts=0)
        match event:
            case VisionFailed(why):
                return self._fail(why)
            case VisitOver(face_seen):
                trial = _counted(trial, face_seen=face_seen)
            case TimePassed():
                pass
            case _:
                assert_never(event)
        self._trial = trial
        if trial.lived and trial.visits >= self._rules.visits:
            self.state = State.PASSED
            return [Confirm()]
        if trial.visits == 0 and trial.blind >= self._rules.blind:
            return self._fail(f"it saw no face in {trial.blind} visits")
        return [Keep(trial)] if trial != before else []

    def _fail(self, why: str) -> list[Effect]:
        self.state = State.FAILED
        return [GoBack(why)]


def _counted(trial: Trial, *, face_seen: bool) -> Trial:
    if face_seen:
        return msgspec.structs.replace(trial, visits=trial.visits + 1)
    return msgspec.structs.replace(trial, blind=trial.blind + 1)
