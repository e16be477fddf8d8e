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
from likeness.core.vocabulary import Face, LightOutcome

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
    """One offer; `see` takes frames, `tick` takes time."""

    def __init__(self, sequence: LightSequence, *, now: float, within_s: float) -> None:
        """Begin with the warning, which stands for so long."""
        self.sequence = sequence
        self.phase = Phase.OFFERED
        self.outcome = LightOutcome.SKIPPED
        self.speaks_against = False
        self.begun_s: float | None = None  # on the capture clock
        self._until_s = now + within_s
        self._accepted_s = now
        self._lit: list[Lit] = []

    @property
    def deadline(self) -> float | None:
        """When to call `tick` if no frame comes."""
        return None if self.phase is Phase.OVER else self._until_s

    @property
    def wants_light(self) -> bool:
        """Say whether the next frame's colours should be measured."""
        return self.phase in (Phase.AWAITED, Phase.SHINING)

    def extend(self, now: float, within_s: float) -> None:
        """Let the warning stand for so long from now; what shines keeps its pace."""
        if self.phase is Phase.OFFERED:
            self._until_s = max(self._until_s, now + within_s)

    def accept(self, now: float) -> bool:
        """Go on with the colours; False: they are not on offer."""
        if self.phase is not Phase.OFFERED:
            return False
        self.phase = Phase.AWAITED
        self._accepted_s, self._until_s = now, now + PAINTED_WITHIN_S
        return True

    def skip(self) -> None:
        """No colours, or no more of them."""
        if self.phase is not Phase.OVER:
            self._end(LightOutcome.SKIPPED)

    def begin(self, shown_s: float, now: float) -> None:
        """The first colour stands on the screen since `shown_s`, on the capture clock.

        Said twice, it was shown twice (the page was loaded anew): no answer counts.
        """
        if self.phase is Phase.SHINING:
            self._end(LightOutcome.NOT_VISIBLE)
        if self.phase is not Phase.AWAITED:
            return
        if not max(self._accepted_s, now - SHOWN_AGO_S) <= shown_s <= now:
            self._end(LightOutcome.NOT_VISIBLE)
            return
        self.phase, self.begun_s = Phase.SHINING, shown_s
        self._until_s = shown_s + self.sequence.length_s + LATE_FRAME_S

    def see(self, face: Face, captured_s: float) -> None:
        """Take in one frame; those from before the first colour are dropped later."""
        if not self.wants_light:
            return
        if face.light is not None and abs(face.yaw_deg) <= LOOKS_AWAY_DEG:
            self._lit.append(Lit(captured_s, face.light))
        begun_s = self.begun_s
        if begun_s is not None and captured_s >= begun_s + self.sequence.length_s:
            self._judge(begun_s)

    def lose(self) -> None:
        """The face is gone: it may look away from the colours, as it likes."""
        match self.phase:
            case Phase.OFFERED | Phase.AWAITED:
                self._end(LightOutcome.SKIPPED)
            case Phase.SHINING:
                self._end(LightOutcome.NOT_VISIBLE)
            case Phase.OVER:
                pass

    def tick(self, now: float) -> None:
        """Let time pass."""
        if self.phase is Phase.OVER or now < self._until_s:
            return
        if self.begun_s is None:
            self._end(LightOutcome.SKIPPED)
        else:
            self._judge(self.begun_s)

    def _judge(self, begun_s: float) -> None:
        rules = LightRules()
        frames = [one for one in self._lit if one.captured_s >= begun_s]
        found = judge(self.sequence, began_s=begun_s, frames=frames, rules=rules)
        self.speaks_against = rules.speaks_against(found)
        self._end(found.outcome)

    def _end(self, outcome: LightOutcome) -> None:
        self.phase, self.outcome = Phase.OVER, outcome
        self._lit.clear()
