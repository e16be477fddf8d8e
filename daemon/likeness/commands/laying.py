"""What `likeness reader simulate` needs of a simulated reader, and which options fit.

Leaves to others: the simulators.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

import click
from click.core import ParameterSource

from likeness.errors import UsageError


class ReaderKind(Enum):
    """Which reader is simulated, as its options' errors call it."""

    SDT = "an SDT reader"
    PN532 = "a chip before a PN532"
    VPCD = "a chip in a virtual PC/SC reader"


FITS = {
    "link": {ReaderKind.SDT, ReaderKind.PN532},
    "baud": {ReaderKind.SDT, ReaderKind.PN532},
    "power_up_s": {ReaderKind.SDT},
    "stx": {ReaderKind.SDT},
    "over": {ReaderKind.PN532, ReaderKind.VPCD},
    "line_faults": {ReaderKind.PN532},
    "radio": {ReaderKind.PN532},
    "port": {ReaderKind.VPCD},
}


class Simulator(AbstractContextManager[Any], Protocol):
    """A reader that runs while it is entered."""

    @property
    def path(self) -> str:
        """Where it is found."""
        ...

    def take_away(self) -> None:
        """Lift its card."""
        ...


@dataclass(frozen=True, slots=True)
class Laid:
    """A simulator, and how its one card is laid again."""

    simulator: Simulator
    lay: Callable[[], None]


def refuse_unfit(kind: ReaderKind) -> None:
    """An option of another reader would be taken for one that works here."""
    context = click.get_current_context()
    for option in context.command.params:
        fits = FITS.get(option.name or "")
        source = context.get_parameter_source(option.name or "")
        if fits and kind not in fits and source is ParameterSource.COMMANDLINE:
            raise UsageError(f"{option.opts[0]} is not for {kind.value}")
