"""Reads the frame of an inspector's file: its first line, its summary, its seal.

Leaves to others: the form (`export_lines`), the records between (`export_check`).
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from joserfc.jwk import ECKey

from likeness.carrier import verify
from likeness.carrier.audit.export_lines import (
    AUDIT,
    VERSION,
    Line,
    Opening,
    Seal,
    Summary,
    encode,
)
from likeness.carrier.audit.words import when
from likeness.core import jws, messages
from likeness.errors import Untrusted, UsageError

LINE_BYTES = 4 * 1024 * 1024  # a summary of many chains; a record has some 3 KiB


@dataclass(slots=True)
class Checked:
    """What an export was found to be."""

    opening: Opening | None = None
    summary: Summary | None = None
    chains: list[str] = field(default_factory=list)  # a sentence about each
    troubles: list[str] = field(default_factory=list)  # of the file itself
    stated: list[str] = field(default_factory=list)  # what the carrier says is wrong
    notes: list[str] = field(default_factory=list)

    @property
    def is_genuine(self) -> bool:
        """Say whether it is what the carrier has written."""
        return not self.troubles

    @property
    def is_whole(self) -> bool:
        """Say whether it is genuine, and nothing is wrong with what it tells."""
        return self.is_genuine and not self.stated


def lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Give each line with its number, from 1."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(LINE_BYTES):
            number += 1
            yield number, line


def parse(number: int, line: bytes, told: Checked | None) -> Line | None:
    """Read one line; None: it is none of an export, which is told if it shall be."""
    try:
        jws.load_object(line)  # no member twice
        return msgspec.json.decode(line, type=Line)
    except (Untrusted, msgspec.MsgspecError):
        if told is not None:
            told.troubles.append(f"line {number}: not a line of an export")
        return None


def read_frame(path: Path, audit_key: ECKey, told: Checked) -> None:
    """Judge digest and seal; find the first line and the summary.

    Raises:
        UsageError: it is no export.
    """
    digest, last, before_last = hashlib.sha256(), b"", b""
    count = 0
    for number, line in lines(path):
        if number == 1:
            told.opening = _opening(path, line)
        if last:
            digest.update(last)
        before_last, last, count = last, line, number
    if count == 0:
        raise UsageError(f"{path}: holds nothing")
    summary = parse(count - 1, before_last, None)
    told.summary = summary.summary if summary else None
    if told.summary is None:
        told.troubles.append(f"line {count - 1}: no summary where it should be")
    found = parse(count, last, None)
    if found is None or found.seal is None:
        told.troubles.append(f"line {count}: no seal: lines at the end are missing")
        return
    if last.rstrip(b"\n") != encode(Line(seal=found.seal)).rstrip(b"\n"):
        told.troubles.append(f"line {count}: more than a seal stands there")
    _check_seal(found.seal, audit_key, told, count - 1, digest.digest())


def _opening(path: Path, line: bytes) -> Opening:
    found = parse(1, line, None)
    if found is None or found.export is None:
        raise UsageError(f"{path}: no export; 'likeness carrier export' makes one")
    if found.export.version != VERSION:
        raise UsageError(
            f"{path}: version {found.export.version}; this reads {VERSION}"
        )
    return found.export


def _check_seal(
    token: str, audit_key: ECKey, told: Checked, lines: int, digest: bytes
) -> None:
    try:
        parsed = jws.parse(token, types=(AUDIT,))
        if parsed.kid != audit_key.thumbprint():
            told.troubles.append(
                f"seal: by another key, {parsed.kid[:64]}, than the audit key given,"
                f" {audit_key.thumbprint()}"
            )
            return
        verify.check_signature(token, audit_key)
        seal = messages.from_json(parsed.payload, Seal)
    except Untrusted as fault:
        told.troubles.append(f"seal: not good: {fault}")
        return
    told.notes.append(f"sealed {when(seal.iat)} by audit key {parsed.kid}")
    if seal.lines != lines:
        told.troubles.append(f"seal: {seal.lines} lines were sealed, here are {lines}")
    if seal.sha256 != jws.encode(digest):
        told.troubles.append("seal: the lines are not those that were sealed")
    opening = told.opening
    if opening and (seal.device, seal.from_s, seal.to_s) != (
        opening.device,
        opening.from_s,
        opening.to_s,
    ):
        told.troubles.append("seal: of another device or period than the first line")
