"""Reads advisories that an operator brings along, and says which of our pins they hit.

Two forms: OSV records (a JSON file, a folder of them, or the PyPI `all.zip` that OSV
gives out; ranges by OSV schema 1.x, "evaluation"), and the JSON report of pip-audit.
Leaves to others: fetching them, and what to do about a hit.
"""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lock_file import Pin


class AdvisoryError(ValueError):
    """What was given is not an export that we can read; the text says why."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One advisory about one pinned distribution, with its other names."""

    package: str
    version: str
    names: frozenset[str]
    fixed: str


def hits(path: Path, pins: list[Pin]) -> tuple[list[Hit], int]:
    """Return what is known of the pins, and how many records were read.

    Raises:
        AdvisoryError: the path is missing, not JSON, or in neither form.
    """
    found: list[Hit] = []
    count = 0
    for name, text in _texts(path):
        try:
            record = json.loads(text)
        except ValueError as wrong:
            raise AdvisoryError(f"{name} is not JSON: {wrong}") from wrong
        if isinstance(record, dict) and "dependencies" in record:
            found += _pip_audit_hits(record, pins)
        elif isinstance(record, dict) and "id" in record:
            found += _osv_hits(record, pins)
        else:
            raise AdvisoryError(f"{name} is neither an OSV record nor pip-audit's JSON")
        count += 1
    if not count:
        raise AdvisoryError(f"{path} holds no JSON file")
    return found, count


def _texts(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        for file in sorted(path.rglob("*.json")):
            yield file.name, file.read_bytes()
    elif path.suffix == ".zip" and path.is_file():
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                if name.endswith(".json"):
                    yield name, archive.read(name)
    elif path.is_file():
        yield path.name, path.read_bytes()
    else:
        raise AdvisoryError(f"{path} does not exist")


def _osv_hits(record: dict[str, Any], pins: list[Pin]) -> Iterator[Hit]:
    if "withdrawn" in record:
        return
    names = frozenset({record["id"], *record.get("aliases", [])})
    for affected in record.get("affected", []):
        package = affected.get("package", {})
        if package.get("ecosystem") != "PyPI":
            continue
        for pin in pins:
            if canonicalize_name(package["name"]) == pin.name and _is_affected(
                pin.version, affected
            ):
                yield Hit(pin.name, pin.version, names, _fixed(affected))


def _is_affected(version: str, affected: dict[str, Any]) -> bool:
    """Say it as OSV does: the version is listed, or lies in one of the ranges."""
    if version in affected.get("versions", []):
        return True
    return any(
        _in_range(Version(version), part["events"])
        for part in affected.get("ranges", [])
        if part.get("type") == "ECOSYSTEM"
    )


def _in_range(version: Version, events: list[dict[str, str]]) -> bool:
    """Go through the events by their versions; the last that counts wins."""
    inside = False
    for event in sorted(events, key=_when):
        kind, text = next(iter(event.items()))
        if kind == "introduced" and (text == "0" or version >= Version(text)):
            inside = True
        elif kind == "fixed":
            inside &= version < Version(text)
        elif kind == "last_affected":
            inside &= version <= Version(text)
    return inside


def _when(event: dict[str, str]) -> Version:
    try:
        return Version(next(iter(event.values())))
    except InvalidVersion as wrong:
        raise AdvisoryError(f"an OSV range with an odd version: {wrong}") from wrong


def _fixed(affected: dict[str, Any]) -> str:
    texts = [
        event["fixed"]
        for part in affected.get("ranges", [])
        if part.get("type") == "ECOSYSTEM"
        for event in part["events"]
        if "fixed" in event
    ]
    return ", ".join(texts) or "no version yet"


def _pip_audit_hits(report: dict[str, Any], pins: list[Pin]) -> Iterator[Hit]:
    """Take what pip-audit found for the very versions that we pin."""
    ours = {(pin.name, pin.version) for pin in pins}
    for one in report["dependencies"]:
        key = (canonicalize_name(one["name"]), str(one.get("version")))
        for hole in one.get("vulns", []) if key in ours else []:
            names = frozenset({hole["id"], *hole.get("aliases", [])})
            fixed = ", ".join(hole.get("fix_versions", [])) or "no version yet"
            yield Hit(*key, names, fixed)
