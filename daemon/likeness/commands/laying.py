"""What `likeness reader simulate` needs of a simulated reader, whatever its kind."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


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
