"""Reads a number that the daemon has kept in its store, also while it works there.

Leaves to others: what is kept under which name.
"""

import contextlib
import sqlite3
from pathlib import Path

from likeness.edges import store_rows


def kept_number(database: Path, name: str) -> int:
    """Return what is remembered under this name; 0: nothing, or no number."""
    if not database.is_file():
        return 0
    try:
        address = f"{database.resolve().as_uri()}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as db:
            kept = store_rows.recall(db, name) or ""
    except sqlite3.Error:
        return 0
    return int(kept) if kept.isdecimal() else 0
