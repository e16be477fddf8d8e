"""Where a visit stands, for whoever shows it or watches it.

Leaves to others: the rules that get it there (session.py).
"""

from dataclasses import dataclass
from enum import Enum, auto

from likeness.core.light import LightSequence
from likeness.core.vocabulary import Act, Purpose


class State(Enum):
    """Where a visit stands."""

    IDLE = auto()
    CONSENT = auto()
    CARD = auto()
    LOOK = auto()
    ACTS = auto()
    LIGHT = auto()
    VERDICT = auto()
    RECEIPT = auto()


@dataclass(frozen=True, slots=True)
class Glance:
    """A visit from outside; in IDLE all but the state is empty."""

    state: State
    visit: int = 0
    purpose: Purpose | None = None
    transaction: str = ""
    asked: int = 0  # acts of this visit, and how many of them were answered
    done: int = 0
    asking: Act | None = None  # the act that is asked right now
    until_s: float | None = None  # when the present state ends by itself
    card_held: bool = False  # laid before the consent: kept in memory until it is given
    # What the visitor may still ask for; never says which acts are to come.
    offers_close_eyes: bool = False
    offers_nod: bool = False
    offers_more_time: bool = False
    offers_light: bool = False  # the warning stands, before the colours
    light: LightSequence | None = None  # what the screen is to show now
