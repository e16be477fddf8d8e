"""Where a rollout stands, as it is kept.

Leaves to others: how it comes from one phase to the next (`rollout`).
"""

from dataclasses import dataclass
from enum import StrEnum

from likeness.core.rollout_stop import Looks

NO_LOOKS = Looks()


class Phase(StrEnum):
    """Where a rollout stands."""

    PLANNED = "planned"
    SENDING = "sending"
    SOAKING = "soaking"
    PAUSED = "paused"
    STOPPED = "stopped"
    DONE = "done"
    GOING_BACK = "going_back"
    BACK = "back"


GOES_ON = frozenset({Phase.PLANNED, Phase.SENDING, Phase.SOAKING, Phase.GOING_BACK})
# In these it holds its terminals: no other rollout may touch them.
HOLDS = GOES_ON | {Phase.PAUSED}
PAUSABLE = GOES_ON - {Phase.GOING_BACK}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where it stands, as it is kept; times in seconds since 1970."""

    phase: Phase = Phase.PLANNED
    wave: int = 0
    since_s: float = 0.0  # in this phase
    why: str = ""  # it was stopped
    paused_in: Phase | None = None
    looks: Looks = NO_LOOKS  # at refusals
