"""What lamps and a beeper say of a visit, and when: ready, busy, now, done, help.

They are seen and heard by the whole shop, so they never tell how a visit ended:
accepted, refused and referred look and sound alike (decision 44). Time is an argument.
Leaves to others: the screen, which tells the visitor alone; the wires (edges).
"""

from dataclasses import dataclass
from enum import StrEnum


class Signal(StrEnum):
    """What is told."""

    READY = "ready"  # somebody may come
    BUSY = "busy"  # a visit goes on
    ASKED = "asked"  # the visitor is to do something now: a tick
    DONE = "done"  # the answer stands on the screen: a tone
    ATTENTION = "attention"  # nobody can be served: the terminal needs somebody


@dataclass(frozen=True, slots=True)
class Levels:
    """What is switched on."""

    ready: bool = False
    busy: bool = False
    attention: bool = False
    beeper: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """Levels for some seconds."""

    levels: Levels
    lasts_s: float


TICK_S, TONE_S, BLINK_S = 0.06, 0.2, 0.5

# The last step of a pattern stays.
PATTERNS: dict[Signal, tuple[Step, ...]] = {
    Signal.READY: (Step(Levels(ready=True), 0.0),),
    Signal.BUSY: (Step(Levels(busy=True), 0.0),),
    Signal.ASKED: (
        Step(Levels(busy=True, beeper=True), TICK_S),
        Step(Levels(busy=True), 0.0),
    ),
    Signal.DONE: (
        Step(Levels(ready=True, beeper=True), TONE_S),
        Step(Levels(ready=True), BLINK_S - TONE_S),
        Step(Levels(), BLINK_S),
        Step(Levels(ready=True), BLINK_S),
        Step(Levels(), BLINK_S),
        Step(Levels(ready=True), 0.0),
    ),
    Signal.ATTENTION: (Step(Levels(attention=True), 0.0),),
}
DARK = Levels()
_ALONE = {"idle": Signal.READY, "ask_act": Signal.ASKED}
_NOBODY = ("out_of_service", "no_reader")


def signal_of(state: str) -> Signal:
    """Return what a state of the screen means here; `state` as `Screen.show` has it."""
    if state in _NOBODY:
        return Signal.ATTENTION
    if state.startswith("verdict_"):
        return Signal.DONE
    return _ALONE.get(state, Signal.BUSY)


def levels(signal: Signal, since_s: float) -> tuple[Levels, float | None]:
    """Return what is on, and in how many seconds that changes; None: it stays.

    Args:
        signal: what is told.
        since_s: for how many seconds it has been.
    """
    steps = PATTERNS[signal]
    ends_s = 0.0
    for step in steps[:-1]:
        ends_s += step.lasts_s
        if since_s < ends_s:
            return step.levels, ends_s - since_s
    return steps[-1].levels, None
