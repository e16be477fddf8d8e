"""What a maker of attacks gives: pictures one after the other, and what is asked.

Leaves to others: making and writing them.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from likeness.bench.attacks.draws import Draws
from likeness.bench.attacks.genuine import Genuine
from likeness.core.vocabulary import Act
from likeness.vision.detect import Picture


@dataclass(frozen=True, slots=True)
class Attack:
    """One attack, not yet rendered."""

    pictures: Iterator[Picture]
    count: int
    fps: float
    acts: tuple[Act, ...]  # what the terminal is to ask for; empty: as in the field
    notes: dict[str, object] = field(default_factory=dict)
    label: Literal["attack", "genuine"] = "attack"  # genuine: the control


# A maker takes the visit, the draws and the other visits of the run.
Maker = Callable[[Genuine, Draws, Iterable[Genuine]], Attack]
