"""What is told of a chip beyond what is told of every card.

Leaves to others: when each is told (service), which words it becomes (reception).
"""

from dataclasses import dataclass

from likeness.core.key_lines import NotAKey


@dataclass(frozen=True, slots=True)
class KeyWanted:
    """The chip opens with what is printed on the card: scan or type it."""

    mrz_only: bool = False  # a CAN does not open this one


@dataclass(frozen=True, slots=True)
class KeyWrong:
    """It does not open with this; so many further keys are taken."""

    tries_left: int


@dataclass(frozen=True, slots=True)
class KeyNotUnderstood:
    """What was entered is no key at all; nothing went to the chip."""

    why: NotAKey


@dataclass(frozen=True, slots=True)
class KeyUnfinished:
    """One line of an MRZ was entered, and its second one is awaited or no longer."""

    waits: bool


@dataclass(frozen=True, slots=True)
class ChipProgress:
    """The chip is being read; so much came out of it."""

    kib: int


ChipMoment = KeyWanted | KeyWrong | KeyNotUnderstood | KeyUnfinished | ChipProgress
