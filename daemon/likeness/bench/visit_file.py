"""Reads visit files (design 3.2): one recorded visit, its card, what it should give.

A folder of pictures has `fps`, or `times`: a text file beside the visit file with the
capture time of each picture in seconds, a line each, rising from 0 on; `likeness
record` writes one, since a camera's frames do not come evenly. Leaves to others:
playing it. What stands under `expect` never reaches the pipeline.
"""

import os.path
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import msgspec

from likeness import strict_toml
from likeness.core import profile
from likeness.core.vocabulary import Act, Purpose
from likeness.errors import ConfigError, UsageError

NotNegative = Annotated[float, msgspec.Meta(ge=0)]


class CardPart(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the chip holds."""

    portrait: str | None = None
    degrade: bool = False


class Expect(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the visit should give; for reports only."""

    label: Literal["genuine", "impostor", "attack", ""] = ""
    species: str = ""


class VisitFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file as it is written."""

    visit: Literal[1]
    video: str
    start_s: NotNegative = 0.0
    end_s: NotNegative | None = None
    fps: Annotated[float, msgspec.Meta(gt=0, le=1000)] | None = None
    times: str | None = None
    purpose: Purpose = Purpose.NEW_NUMBER
    acts: Annotated[tuple[Act, ...], msgspec.Meta(min_length=1)] | None = None
    profile: str = "standard"
    card: CardPart = CardPart()
    expect: Expect = Expect()


@dataclass(frozen=True, slots=True)
class PlannedVisit:
    """One visit with its paths made whole. `problem` says why it cannot be played."""

    id: str
    file: VisitFile | None
    video: Path
    portrait: Path | None
    problem: str = ""
    times: Path | None = None


def find(
    paths: list[Path], named: Sequence[tuple[str, Path]] = ()
) -> list[PlannedVisit]:
    """Read every visit file among files and folders, in order of their names.

    Then those that are called otherwise than their files: pairs of name and file.

    Raises:
        UsageError: a path does not exist or a folder holds no visit file.
        ConfigError: none of the files could be used; names the first fault.
    """
    planned = [plan for path in paths for plan in _below(path)]
    planned += [_read(path, name) for name, path in named]
    twice = [name for name, n in Counter(plan.id for plan in planned).items() if n > 1]
    if twice:
        raise UsageError(f"two visits are called '{twice[0]}': play them apart")
    if all(plan.file is None for plan in planned):
        raise ConfigError(planned[0].problem)
    return planned


def _below(path: Path) -> list[PlannedVisit]:
    if _is_file(path):
        return [_read(path, path.stem)]
    if not os.path.isdir(path):  # noqa: PTH112 - Path raises for a name too long
        raise UsageError(f"{path}: no such visit file or folder")
    files = sorted(path.rglob("*.toml"))
    if not files:
        raise UsageError(f"{path}: holds no visit file (*.toml)")
    return [_read(f, f.relative_to(path).with_suffix("").as_posix()) for f in files]


def _read(path: Path, name: str) -> PlannedVisit:
    try:
        file = strict_toml.load(path, VisitFile)
    except ConfigError as fault:
        return PlannedVisit(name, None, path, None, str(fault))
    try:
        profile.named(file.profile)
    except ConfigError as fault:
        return PlannedVisit(name, None, path, None, f"{path}: profile: {fault}")
    portrait = path.parent / file.card.portrait if file.card.portrait else None
    times = path.parent / file.times if file.times else None
    problem = ""
    if file.end_s is not None and file.end_s <= file.start_s:
        problem = f"{path}: end_s must be greater than start_s"
    if portrait is not None and not _is_file(portrait):
        problem = f"{path}: card.portrait {portrait} does not exist"
    if times is not None and file.fps is not None:
        problem = f"{path}: give fps or times, not both"
    if times is not None and not _is_file(times):
        problem = f"{path}: times {times} does not exist"
    return PlannedVisit(name, file, path.parent / file.video, portrait, problem, times)


def _is_file(path: Path) -> bool:
    return os.path.isfile(path)  # noqa: PTH113 - Path raises for a name too long
