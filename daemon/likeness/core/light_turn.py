"""Offers the colours of the screen to one face, and takes in how it answers them.

The warning comes first. Who does nothing, or taps "skip" at any moment, has skipped:
that says nothing about anybody. Leaves to others: the colours (light.py), judging them
(light_answer.py), whose face it is (looking.py), what follows (verdict.py).

    OFFERED --accepted--> AWAITED --begun--> SHINING --seen to its end--> OVER
       +-------skipped, or too long-+-----------+--------------------------^
"""

from enum import Enum, auto
from typing import Final

from likeness.core.light import LightSequence
from likeness.core.light_answer import LightRules, Lit, judge
from likeness.core.seen import Face, Observation
from likeness.core.visit_events import (
    LightAccepted,
    LightBegun,
    LightSkipped,
    OfLight,
    Show,
    TimePassed,
)
from likeness.core.vocabulary import LightOutcome, Reason
from likeness.core.wishes import Wishes

# From the tap to the first colour: one message each way, and a repaint.
PAINTED_WITHIN_S: Final = 2.0
# The page says how long the first colour stands already; more than a frame or two, or a
# time before the tap, is no measurement.
SHOWN_AGO_S: Final = 0.5
# A frame captured before the end may reach us this much later.
LATE_FRAME_S: Final = 0.5
LOOKS_AWAY_DEG: Final = 25.0  # such a frame is not measured


class Phase(Enum):
    """Where it stands."""

    OFFERED = auto()
    AWAITED = auto()  # the page was told to shine and has not said that it does
    SHINING = auto()
    OVER = auto()


class LightTurn:
    """One offer; the page and time are heard by `handle`, frames by `see`."""

    def __init__(
        self, sequence: LightSequence, *, now: float, within_s: float, wishes: Wishes
    ) -> None:
        """Begin with the warning, which stands for so long."""
        self.sequence = sequence
        self.phase = Phase.OFFERED
        self.outcome = LightOutcome.SKIPPED
        self.speaks_against = False
        self.broken: Reason | None = None  # what the visit must end for
        self.begun_s: float | None = None  # on the capture clock
        self._within_s = within_s
        self._wishes = wishes  # they may change while the warning stands
        self._since_s = now  # since when this phase lasts
        self._lit: list[Lit] = []

    @property
    def deadline(self) -> float | None:
        """When to come back with TimePassed, if no frame comes."""
        match self.phase:
            case Phase.OFFERED:
                return self._since_s + self._wishes.window(self._within_s)
            case Phase.AWAITED:
                return self._since_s + PAINTED_WITHIN_S
            case Phase.SHINING:
                return self._since_s + self.sequence.length_s + LATE_FRAME_S
            case Phase.OVER:
                return None

    @property
    def is_over(self) -> bool:
        """Say whether nothing more is shown or measured."""
        return self.phase is Phase.OVER

    @property
    def shown(self) -> tuple[str, ...]:
        """Say what was shown, as a result states it; nothing before it has begun."""
        return () if self.begun_s is None else self.sequence.words

    @property
    def wants_light(self) -> bool:
        """Say whether the next frame's colours should be measured."""
        return self.phase in (Phase.AWAITED, Phase.SHINING)

    def handle(self, event: OfLight | TimePassed, now: float) -> list[Show]:
        """Take in what the page says, or that time has passed."""
        deadline = self.deadline
        if deadline is None:
            return []
        if now >= deadline:
            self._judge()
            return []
        match event:
            case LightAccepted() if self.phase is Phase.OFFERED:
                self.phase, self._since_s = Phase.AWAITED, now
                return [Show("light")]
            case LightSkipped():
                self._end(LightOutcome.SKIPPED)
            case LightBegun(_, shown_s):
                self._begin(shown_s, now)
            case _:
                pass
        return []

    def see(self, seen: Observation, broken: Reason | None) -> None:
        """Take in one frame, and whether the face did not stay with it."""
        if self.phase is Phase.OVER:
            return
        if broken is not None:
            self._break(broken)
        elif seen.face is not None and self.wants_light:
            self._measure(seen.face, seen.captured_s)

    def _begin(self, shown_s: float, now: float) -> None:
        """Begin; what begins twice was shown twice: the page was loaded anew."""
        if self.phase is Phase.SHINING:
            self._end(LightOutcome.NOT_VISIBLE)
        elif self.phase is Phase.AWAITED:
            if max(self._since_s, now - SHOWN_AGO_S) <= shown_s <= now:
                self.phase = Phase.SHINING
                self.begun_s = self._since_s = shown_s
            else:
                self._end(LightOutcome.NOT_VISIBLE)

    def _break(self, reason: Reason) -> None:
        """End it: who hides from the colours may do so, who comes in between may not.

        Before them nothing was asked; a face that only leans over to tap comes back.
        """
        hidden = reason is Reason.FACE_LOST
        match self.phase:
            case Phase.OFFERED if hidden:
                pass
            case Phase.SHINING:
                self.broken = None if hidden else reason
                self._end(LightOutcome.NOT_VISIBLE)
            case _:
                self._end(LightOutcome.SKIPPED)

    def _measure(self, face: Face, captured_s: float) -> None:
        if face.light is not None and abs(face.yaw_deg) <= LOOKS_AWAY_DEG:
            self._lit.append(Lit(captured_s, face.light))
        begun_s = self.begun_s
        if begun_s is not None and captured_s >= begun_s + self.sequence.length_s:
            self._judge()

    def _judge(self) -> None:
        begun_s = self.begun_s
        if begun_s is None:
            self._end(LightOutcome.SKIPPED)
            return
        rules = LightRules()
        # Also those were kept that came before the page's word of the first colour.
        frames = [one for one in self._lit if one.captured_s >= begun_s]
        found = judge(self.sequence, began_s=begun_s, frames=frames, rules=rules)
        self.speaks_against = rules.speaks_against(found)
        self._end(found.outcome)

    def _end(self, outcome: LightOutcome) -> None:
        self.phase, self.outcome = Phase.OVER, outcome
        self._lit.clear()
