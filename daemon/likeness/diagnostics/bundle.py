"""Gathers what an engineer needs of a terminal, looks through it, and says what it is.

Each file is made of named members only. One in which something is found that must not
leave is left out whole, and named. Leaves to others: the tar (`archive`), the forms
(`redaction`).
"""

import hashlib
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from likeness import config, models_in_use
from likeness.core.transcript_doubts import doubts
from likeness.core.transcript_replay import parse
from likeness.diagnostics import head, machine, redaction
from likeness.doctor.examination import checks, examine
from likeness.edges import directory_lock, fault_files, store_file
from likeness.edges.model_sets import ModelSets
from likeness.errors import LikenessError, UsageError
from likeness.vision.manifest import read_manifest

MANIFEST: Final = "manifest.json"
# What is never in it, so that nobody need ask for it.
NEVER: Final[Mapping[str, str]] = {
    "results and statements": "they name or seal a person: only their counts are here",
    "keys, tokens, certificates": "only their paths, in settings.json",
    "pictures, portraits, recordings": "none is on the disk",
    "names and numbers of visitors": "they are in no file of ours in clear",
    "debug lines of the log": "they say more than is needed to mend a terminal",
}
Part = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Bundle:
    """The files by name, the manifest among them, and what had to be left out."""

    files: Mapping[str, bytes]
    left_out: Mapping[str, str]


def gather(settings: config.Config, now: datetime | None = None) -> Bundle:
    """Make all files; a part that cannot be had says why in its place."""
    state_dir = Path(settings.terminal.state_dir)
    pid = directory_lock.holder(state_dir)
    parts: dict[str, Part] = {
        "versions.json": machine.versions,
        "settings.json": lambda: settings,
        "models.json": lambda: _models(settings, state_dir),
        "doctor.json": lambda: examine(checks(settings)),
        "outbox.json": lambda: _outbox(state_dir),
        "machine.json": lambda: machine.figures(state_dir, pid),
        "unit.json": machine.unit,
        "log.json": machine.log_lines,
    }
    files = {name: _written(part) for name, part in parts.items()}
    left_out = dict(NEVER)
    for path in fault_files.kept(state_dir):
        name = f"faults/{path.name}"
        try:
            files[name] = _transcript(path.read_bytes())
        except (UsageError, OSError) as wrong:
            left_out[name] = str(wrong)
    return _checked(settings, files, left_out, now or datetime.now(UTC))


def _checked(
    settings: config.Config,
    files: Mapping[str, bytes],
    left_out: dict[str, str],
    now: datetime,
) -> Bundle:
    kept = {}
    for name, data in files.items():
        found = redaction.findings(data)
        if found:
            left_out[name] = f"found in it: {', '.join(found)}"
        else:
            kept[name] = data
    manifest = _json(
        {
            "bundle": 1,
            "device": settings.terminal.device,
            "made": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "holds": {
                name: {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
                for name, data in sorted(kept.items())
            },
            "left_out": left_out,
            "looked_for": list(redaction.FORMS),
        }
    )
    if wrong := redaction.findings(manifest):
        raise UsageError(
            f"nothing was written: in the manifest was found: {', '.join(wrong)};"
            " see terminal.device and the names in the state directory"
        )
    return Bundle({**kept, MANIFEST: manifest}, left_out)


def _models(settings: config.Config, state_dir: Path) -> dict[str, Any]:
    sets = ModelSets(state_dir)
    ledger = sets.ledger()
    folder = models_in_use.folder_of(sets, settings, ledger.current)
    variant = settings.models.variant
    return {
        "set": ledger.current or "packaged",
        "variant": variant,
        "sha256": {
            str(one.role): one.variant(variant).sha256
            for one in read_manifest(folder).model
        },
    }


def _outbox(state_dir: Path) -> dict[str, Any]:
    found = store_file.survey(state_dir / store_file.NAME)
    return {
        "waiting": found.waiting,
        "oldest_utc_s": found.oldest_utc_s,
        "receipted": found.receipted,
        "set_aside": len(found.aside),
        "statements_waiting": found.statements,  # decisions and disputes
    }


def _transcript(data: bytes) -> bytes:
    """Write a transcript again, of what a transcript can hold and nothing else.

    Raises:
        UsageError: it is none, or holds more.
    """
    parsed, lines = parse(data)
    first = head.checked(parsed)
    for doubt in doubts(lines):
        raise UsageError(doubt)
    return b"\n".join(msgspec.json.encode(one) for one in (first, *lines)) + b"\n"


def _written(part: Part) -> bytes:
    try:
        return _json(part())
    except (LikenessError, OSError, sqlite3.DatabaseError) as fault:
        return _json({"fault": str(fault)})


def _json(value: object) -> bytes:
    return msgspec.json.format(msgspec.json.encode(value), indent=1) + b"\n"
