"""A list as CSV with named columns, in any order among others.

What is wrong is said in one line with its number. Leaves to others: what a row means.
"""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from likeness.errors import UsageError

Row = dict[str, str]
Meaning = TypeVar("Meaning")


def read_list(
    path: Path,
    needed: Sequence[str],
    meaning: Callable[[Row], Meaning],
    *,
    nothing: str,
    instead: str = "",
) -> list[Meaning]:
    """Return what each row means.

    Args:
        path: the file.
        needed: columns that must be there.
        meaning: of one row; raises ValueError with what is wrong. A row that is too
            short gives None for what it lacks.
        nothing: said of a list without rows.
        instead: what would do in place of missing columns.

    Raises:
        UsageError: in one line, with the number of the line that is wrong.
    """
    try:
        # A byte order mark is what spreadsheets write; names need not be UTF-8.
        with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as f:
            rows = csv.DictReader(f, strict=True)
            absent = [name for name in needed if name not in (rows.fieldnames or ())]
            if absent:
                columns = f"{' and '.join(absent)}{instead}"
                raise UsageError(
                    f"{path}: its first line must name the columns {columns}"
                )
            listed = []
            for row in rows:
                try:
                    listed.append(meaning(row))
                except ValueError as wrong:
                    where = f"{path}, line {rows.line_num}"
                    raise UsageError(f"{where}: {wrong}") from wrong
    except OSError as problem:
        raise UsageError(f"{path}: {problem.strerror}") from problem
    except csv.Error as problem:
        raise UsageError(f"{path}: is no CSV file: {problem}") from problem
    if not listed:
        raise UsageError(f"{path}: {nothing}")
    return listed
