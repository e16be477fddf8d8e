"""What an attacker performs when: acts asked, each tried twice, eased as hands move.

The attacker does not see whether a try was counted, so each act is tried twice.
Leaves to others: by what means an act is imitated.
"""

from dataclasses import dataclass

from likeness.bench.attacks.draws import Draws
from likeness.core.vocabulary import Act

REST_S = 1.3  # before the first try: the terminal takes the rest pose
TRIES = 2
TURN_S = (0.4, 0.35, 0.4)  # away, held, back
SHUT_S = (0.08, 0.10, 0.12)
TURNS = (Act.TURN_LEFT, Act.TURN_RIGHT)


@dataclass(frozen=True, slots=True)
class Cue:
    """One try at an act."""

    act: Act
    at_s: float


@dataclass(frozen=True, slots=True)
class Script:
    """The asked acts and every try at them."""

    acts: tuple[Act, ...]
    cues: tuple[Cue, ...]
    length_s: float

    def turned(self, at_s: float) -> float:
        """How far the face is turned: -1 own right .. 0 ahead .. 1 own left."""
        return sum(
            (1 if cue.act is Act.TURN_LEFT else -1) * eased(at_s - cue.at_s, TURN_S)
            for cue in self.cues
            if cue.act in TURNS
        )

    def shut(self, at_s: float) -> float:
        """How far the eyes are shut: 0 open .. 1 shut."""
        return self.blinking(at_s, SHUT_S)

    def blinking(self, at_s: float, spans: tuple[float, float, float]) -> float:
        """Like `shut`, but taking other times: down, held, up."""
        return sum(
            eased(at_s - cue.at_s, spans) for cue in self.cues if cue.act is Act.BLINK
        )


def draw_script(draws: Draws) -> Script:
    """Draw what is asked: a blink and a turn, half of what the field asks for.

    Two acts are easier to imitate than four, so the attacks are harder to stop.
    """
    turn = draws.one_of("asked_turn", TURNS)
    first = draws.one_of("asked_first", ("blink", "turn"))
    acts = (Act.BLINK, turn) if first == "blink" else (turn, Act.BLINK)
    step_s = draws.between("seconds_between_tries", 1.3, 1.7)
    cues = [
        Cue(act, REST_S + step_s * (TRIES * number + again))
        for number, act in enumerate(acts)
        for again in range(TRIES)
    ]
    return Script(acts, tuple(cues), REST_S + step_s * len(cues) + 0.3)


def eased(since_s: float, spans: tuple[float, float, float]) -> float:
    """Rise from 0 to 1, hold, fall again, without a corner; 0 outside."""
    rise, hold, fall = spans
    if since_s <= 0 or since_s >= rise + hold + fall:
        return 0.0
    share = min(since_s / rise, (rise + hold + fall - since_s) / fall, 1.0)
    return share * share * (3 - 2 * share)
