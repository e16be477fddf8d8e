"""Asks for the acts of one challenge, one after the other, each within its window.

Leaves to others: what an act looks like (liveness.py), what a missed one means.

    PAUSE --due--> ASKED --answered--> PAUSE … DONE
                     +---window over---> MISSED

DONE may last: whose acts they were may still be to be seen (continuity.py).
"""

from dataclasses import dataclass
from enum import Enum, auto

from likeness.core.challenge import Challenge, form
from likeness.core.liveness import Watch, watch
from likeness.core.profile import ActRules
from likeness.core.rest import Rest
from likeness.core.seen import Face
from likeness.core.vocabulary import Act, ActFinding
from likeness.core.wishes import Wishes

# A frame captured before the window closed may reach us this much later.
LATE_FRAME_S = 0.5


class Phase(Enum):
    """Where the sequence of acts stands."""

    PAUSE = auto()
    ASKED = auto()
    MISSED = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What just changed: a new prompt, or the answer to one."""

    phase: Phase
    act: Act | None = None


class Acts:
    """The acts of one visit; `see` takes frames, `tick` takes time.

    What the visitor wishes may change while they run.
    """

    def __init__(
        self,
        challenge: Challenge,
        rest: Rest,
        rules: ActRules,
        now: float,
        wishes: Wishes,
    ) -> None:
        self._challenge = challenge
        self._rest = rest
        self._rules = rules
        self._wishes = wishes
        self._findings: list[ActFinding] = []
        self._watch: Watch | None = None
        self.phase = Phase.PAUSE
        self._due_s = now + challenge.pauses_s[0]

    @property
    def findings(self) -> tuple[ActFinding, ...]:
        """Every act asked so far, answered or not."""
        return tuple(self._findings)

    @property
    def wanted(self) -> tuple[Act, ...]:
        """Every act, as it was asked or as it would be asked now."""
        asked = [finding.act for finding in self._findings]
        rest = self._challenge.acts[len(asked) :]
        return (*asked, *(form(act, self._wishes.chosen) for act in rest))

    @property
    def asking(self) -> Act | None:
        """The act that is asked right now."""
        return self._findings[-1].act if self.phase is Phase.ASKED else None

    @property
    def wants_view(self) -> bool:
        """Say whether the answer waits only for the face to be recognised."""
        return self._watch is not None and self._watch.wants_view

    @property
    def deadline(self) -> float | None:
        """When to come back if no frame comes; once DONE, how long it may last."""
        match self.phase:
            case Phase.PAUSE:
                return self._due_s
            case Phase.ASKED:
                return self._asked_s + self._window_s + LATE_FRAME_S
            case Phase.DONE:
                return self._answered_s + self._window_s + LATE_FRAME_S
            case _:
                return None

    @property
    def _asked_s(self) -> float:
        return self._findings[-1].asked_s

    @property
    def _answered_s(self) -> float:
        answered_s = self._findings[-1].answered_s
        return self._asked_s if answered_s is None else answered_s

    @property
    def _window_s(self) -> float:
        return self._wishes.window(self._rules.window_s)

    def tick(self, now: float) -> Step | None:
        """Let time pass: a prompt falls due, or an answer is overdue."""
        if self.phase is Phase.PAUSE and now >= self._due_s:
            return self._ask(now)
        deadline = self.deadline
        if self.phase is Phase.ASKED and deadline is not None and now >= deadline:
            return self._miss()
        return None

    def see(self, face: Face, captured_s: float) -> Step | None:
        """Judge one frame; frames from before the prompt are not looked at."""
        if self.phase is not Phase.ASKED or self._watch is None:
            return None
        if captured_s <= self._asked_s:
            return None
        if captured_s > self._asked_s + self._window_s:
            return self._miss()
        if not self._watch.see(face, captured_s):
            return None
        asked = self._findings[-1]
        self._findings[-1] = ActFinding(asked.act, asked.asked_s, captured_s)
        self._watch = None
        count = len(self._findings)
        if count == len(self._challenge.acts):
            self.phase = Phase.DONE
        else:
            self.phase = Phase.PAUSE
            self._due_s = captured_s + self._challenge.pauses_s[count]
        return Step(self.phase, asked.act)

    def ask_anew(self, now: float) -> Step | None:
        """Ask the running act in its other form, if another was wished for since."""
        asking = self.asking
        if asking is None or form(asking, self._wishes.chosen) is asking:
            return None
        del self._findings[-1]
        return self._ask(now)

    def _ask(self, now: float) -> Step:
        act = form(self._challenge.acts[len(self._findings)], self._wishes.chosen)
        self._findings.append(ActFinding(act, asked_s=now, answered_s=None))
        self._watch = watch(act, self._rest, self._rules)
        self.phase = Phase.ASKED
        return Step(self.phase, act)

    def _miss(self) -> Step:
        self.phase = Phase.MISSED
        return Step(self.phase, self._findings[-1].act)
