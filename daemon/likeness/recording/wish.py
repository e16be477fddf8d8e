"""What is to be recorded, and what came of it."""

from dataclasses import dataclass, field
from pathlib import Path

from likeness.core.vocabulary import Act, Conclusion


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be recorded."""

    acts: tuple[Act, ...]
    seconds: float
    with_card: bool = False
    note: str = field(default="", repr=False)


@dataclass(slots=True)
class Outcome:
    """What came of it; without a path nothing was kept, and `why` says why not."""

    path: Path | None = None
    why: str = ""
    frames: int = 0
    length_s: float = 0.0
    conclusion: Conclusion | None = None
