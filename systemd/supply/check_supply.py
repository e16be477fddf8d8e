"""Checks the locks: licences that are allowed, no version with a hole known to us.

Offline it sees the holes that stand in supply.toml, and nothing younger than that.
With --advisories (an OSV export or pip-audit's JSON) it sees what stands there. It
never sees libraries that wheels bring inside (OpenSSL, FFmpeg, libjpeg, …) unless an
advisory names the wheel, nor the system's packages, nor what nobody has found yet.
A hole that is accepted for a reason stands in supply.toml with a day to look again.
Leaves to others: reading advisories (`advisories`), making the locks (`make_lock`).
"""

import argparse
import datetime
import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.version import Version

import advisories
import lock_file
from lock_file import Pin


@dataclass(frozen=True, slots=True)
class Accepted:
    """A hole that cannot reach us: why, and until which day we believe so."""

    package: str
    hole: str
    until: datetime.date


def main(arguments: list[str] | None = None) -> int:
    """Print what is wrong, one line each; return 0 if nothing is, else 1."""
    parser = argparse.ArgumentParser(description="Check the locks' licences and holes.")
    parser.add_argument(
        "--advisories", type=Path, metavar="PATH", help="OSV, pip-audit"
    )
    parser.add_argument("--locks", type=Path, default=lock_file.LOCKS, metavar="DIR")
    asked = parser.parse_args(arguments)
    rules = tomllib.loads((lock_file.HERE / "supply.toml").read_text(encoding="utf-8"))
    try:
        pins = all_pins(asked.locks)
        found, seen = _hits(asked.advisories, pins)
    except (lock_file.LockError, advisories.AdvisoryError) as wrong:
        print(f"check_supply: {wrong}", file=sys.stderr)
        return 1
    today = datetime.datetime.now(datetime.UTC).date()
    faults = licence_faults(pins, rules) + hole_faults(pins, rules, found, today)
    for fault in faults:
        print(fault)
    print(
        f"{len(pins)} distributions, {len(rules['hole'])} known holes, {seen},"
        f" {len(rules['accepted'])} accepted: {len(faults)} wrong"
    )
    return 1 if faults else 0


def all_pins(folder: Path) -> list[Pin]:
    """Return each distribution of all locks in the folder, once a version."""
    pins = {
        (pin.name, pin.version): pin
        for path in sorted(folder.glob("*.txt"))
        for pin in lock_file.read(path)
    }
    if not pins:
        raise lock_file.LockError(f"no lock in {folder.name}: `make lock` makes them")
    return [pins[key] for key in sorted(pins)]


def licence_faults(pins: list[Pin], rules: dict[str, Any]) -> list[str]:
    """Return a line for each distribution whose licence is not allowed."""
    licences = rules["licences"]
    allowed = set(licences["allowed"])
    return [
        f"{pin.name} {pin.version}: licence {pin.licence} is not in the allowed list"
        for pin in pins
        if pin.name not in licences["exceptions"] and not _may(pin.licence, allowed)
    ]


def hole_faults(
    pins: list[Pin],
    rules: dict[str, Any],
    found: list[advisories.Hit],
    today: datetime.date,
) -> list[str]:
    """Return a line for each hole that is neither closed nor accepted."""
    accepted = [
        Accepted(one["package"], one["hole"], one["until"]) for one in rules["accepted"]
    ]
    lines = [
        f"{one.package} {one.hole}: accepted until {one.until} only; look again"
        for one in accepted
        if one.until < today
    ]
    for hit in [*_known(pins, rules["hole"]), *found]:
        if not _is_accepted(hit, accepted):
            names = ", ".join(sorted(hit.names))
            lines.append(f"{hit.package} {hit.version}: {names}; mended in {hit.fixed}")
    return sorted(set(lines))


def _known(pins: list[Pin], holes: list[dict[str, str]]) -> Iterable[advisories.Hit]:
    """Apply the rules of supply.toml: every version from `since` to below `fixed`."""
    for pin in pins:
        for hole in holes:
            version = Version(pin.version)
            if pin.name == hole["package"] and (
                Version(hole.get("since", "0")) <= version < Version(hole["fixed"])
            ):
                names = frozenset({hole["hole"]})
                yield advisories.Hit(pin.name, pin.version, names, hole["fixed"])


def _is_accepted(hit: advisories.Hit, accepted: list[Accepted]) -> bool:
    return any(one.package == hit.package and one.hole in hit.names for one in accepted)


def _may(expression: str, allowed: set[str]) -> bool:
    """Judge "A OR B AND C": one side of an OR is enough, an AND needs each part."""
    return any(
        all(part in allowed for part in side.split(" AND "))
        for side in expression.split(" OR ")
    )


def _hits(path: Path | None, pins: list[Pin]) -> tuple[list[advisories.Hit], str]:
    if path is None:
        return [], "no advisories given"
    found, count = advisories.hits(path, pins)
    return found, f"{count} advisory files"


if __name__ == "__main__":
    sys.exit(main())
