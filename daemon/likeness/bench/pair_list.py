"""Reads a list of picture pairs: CSV with the columns a, b, same.

Optional columns: `group` (error rates are also given for each), `identity_a` and
`identity_b` (who is who). Others are ignored. Leaves to others: the pictures.
"""

import os.path
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Literal

from likeness.bench.csv_list import Row, read_list
from likeness.errors import UsageError

NEEDED = ("a", "b", "same")
SAME = {"1": True, "true": True, "0": False, "false": False}

Identities = Literal["columns", "folder"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures by their paths as written; identities are "" when unknown."""

    a: str
    b: str
    same: bool
    group: str = ""
    identity_a: str = ""
    identity_b: str = ""


def read_pairs(path: Path, identities: Identities | None = None) -> list[Pair]:
    """Read the list.

    Args:
        path: the CSV file.
        identities: from the columns, or from the name of each picture's folder; None
            leaves them unknown.

    Raises:
        UsageError: in one line, with the number of the line that is wrong.
    """
    needed = list(NEEDED)
    if identities == "columns":
        needed += ["identity_a", "identity_b"]
    known: dict[str, str] = {}

    def meaning(row: Row) -> Pair:
        pair = _pair(row, identities)
        _agree(pair, known, identities)
        return pair

    return read_list(
        path,
        needed,
        meaning,
        nothing="names no pair; write lines of a,b,same",
        instead=", or give --identity folder" if identities == "columns" else "",
    )


def read_lists(
    paths: Sequence[Path], identities: Identities | None = None
) -> list[Pair]:
    """Read several lists as one; each is a group of its own unless it names groups."""
    pairs: list[Pair] = []
    for path in paths:
        group = path.stem if len(paths) > 1 else ""
        pairs += [
            replace(pair, group=pair.group or group)
            for pair in read_pairs(path, identities)
        ]
    return pairs


def find_pictures(pairs: Sequence[Pair], root: Path) -> None:
    """Refuse a list that names a picture which is not there.

    A rate over pictures that are missing is no rate, so this is looked at first.

    Raises:
        UsageError: names the first one and counts the rest.
    """
    names = dict.fromkeys(name for pair in pairs for name in (pair.a, pair.b))
    # os.path: Path raises for a name too long.
    missing = [name for name in names if not os.path.isfile(root / name)]  # noqa: PTH113
    if missing:
        raise UsageError(
            f"{root / missing[0]!s}: no such picture ({len(missing)} of {len(names)}"
            " are missing); check --root"
        )


def identities_of(pairs: Sequence[Pair]) -> dict[str, str]:
    """Return who is on each picture, in order of first mention."""
    return {
        name: identity
        for pair in pairs
        for name, identity in ((pair.a, pair.identity_a), (pair.b, pair.identity_b))
    }


def _pair(row: Row, identities: Identities | None) -> Pair:
    a, b, same = (row[name] or "" for name in NEEDED)
    if not a or not b:
        raise ValueError("a and b must each name a picture")
    if same.strip().lower() not in SAME:
        raise ValueError(f"same is '{same}'; write 1 or 0")
    who = ("", "")
    if identities == "folder":
        who = (PurePosixPath(a).parent.name, PurePosixPath(b).parent.name)
    elif identities == "columns":
        who = (row["identity_a"] or "", row["identity_b"] or "")
    if identities and not all(who):
        raise ValueError("it does not say who is on both pictures")
    return Pair(a, b, SAME[same.strip().lower()], row.get("group") or "", *who)


def _agree(pair: Pair, known: dict[str, str], identities: Identities | None) -> None:
    """Refuse a line that contradicts itself or an earlier one."""
    if identities is None:
        return
    for name, identity in ((pair.a, pair.identity_a), (pair.b, pair.identity_b)):
        if known.setdefault(name, identity) != identity:
            raise ValueError(f"{name} is {identity} here, {known[name]} further up")
    if pair.same != (pair.identity_a == pair.identity_b):
        raise ValueError(
            f"same is {int(pair.same)}, but the identities are"
            f" {pair.identity_a} and {pair.identity_b}"
        )
