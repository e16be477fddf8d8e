"""What `likeness reader simulate` needs of a simulated reader, and which options fit.

Leaves to others: the simulators.
"""

import tomllib
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Protocol

import click
from click.core import ParameterSource

from likeness.errors import ConfigError, UsageError


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


# Keys that stand in the card files of one family alone.
OF_CHIPS = {"form", "surname", "given", "expiry", "can", "access", "signer", "proofs"}
OF_SDT = {"kind", "name", "address", "ethnic", "valid_from", "valid_to"}


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
    waits_for: Callable[[], str] = str  # what it cannot begin without; empty: nothing


def refuse_unfit(kind: ReaderKind) -> None:
    """An option of another reader would be taken for one that works here."""
    context = click.get_current_context()
    for option in context.command.params:
        fits = FITS.get(option.name or "")
        source = context.get_parameter_source(option.name or "")
        if fits and kind not in fits and source is ParameterSource.COMMANDLINE:
            raise UsageError(f"{option.opts[0]} is not for {kind.value}")


def refuse_other_family(path: Path, *, emrtd: bool) -> None:
    """Say which option a card file is for, rather than that its keys are unknown.

    Raises:
        ConfigError: it is a card file of the other family.
    """
    try:
        keys = set(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return  # who loads it says what is wrong
    if emrtd and keys & OF_SDT and not keys & OF_CHIPS:
        raise ConfigError(f"{path}: this is a card file without --emrtd")
    if not emrtd and keys & OF_CHIPS and not keys & OF_SDT:
        raise ConfigError(f"{path}: this is a card file for --emrtd")
