"""Broken databases that stand beside the store: numbered, kept whole, let go in time.

Each may hold records that could not be read, and that a person may still save. So the
newest few stay for good; of the others one goes when it has been here for as long as a
receipted record stays, by believed time, and the carrier has signed for a record of the
epoch that began since: it knows then that a database broke. Leaves to others: when one
is set aside, what is read from it (`store_file`).
"""

import logging
import sqlite3
from pathlib import Path

from likeness.edges import new_file, store_rows

log = logging.getLogger(__name__)

STAY = 3  # the newest
_BROKEN = ".broken-"
_COMPANIONS = ("-wal", "-shm")


def asides(path: Path) -> dict[int, Path]:
    """Return what was set aside, by number; an operator may have taken some away."""
    prefix = f"{path.name}{_BROKEN}"
    found = {
        one.name.removeprefix(prefix): one for one in path.parent.glob(f"{prefix}*")
    }
    return {int(number): one for number, one in found.items() if number.isdecimal()}


def newest(path: Path) -> Path | None:
    """Return what was set aside last."""
    found = asides(path)
    return found[max(found)] if found else None


def set_aside(path: Path) -> None:
    """Rename a broken database with its companions.

    Raises:
        sqlite3.OperationalError: it cannot be renamed.
    """
    last = max(asides(path), default=0)
    aside = path.with_name(f"{path.name}{_BROKEN}{last + 1}")
    try:
        path.rename(aside)
    except OSError as problem:
        raise sqlite3.OperationalError(
            f"{path.name} is broken and cannot be set aside: {problem.strerror}"
        ) from problem
    move_companions(path, aside)


def move_companions(path: Path, aside: Path) -> None:
    """Last records may stand in the log only: SQLite deletes one without its file."""
    for suffix in _COMPANIONS:
        left = path.with_name(path.name + suffix)
        if left.exists() and not Path(f"{aside}{suffix}").exists():
            left.rename(f"{aside}{suffix}")
    new_file.sync_folder(path.parent)


def let_one_go(
    db: sqlite3.Connection, path: Path, epoch: str, *, now_s: int | None, keep_s: int
) -> bool:
    """Delete one that may go, in the caller's transaction; say whether there was one.

    Its days count from the first believed moment at which it was seen here; `now_s` is
    None while the clock is in doubt. What counts is kept in the store's memory: it goes
    with a database that breaks, and then the days begin anew.
    """
    if now_s is None or store_rows.last_receipted(db, epoch) is None:
        return False
    found = asides(path)
    for number in sorted(found)[:-STAY]:
        aside = found[number]
        since = store_rows.recall(db, aside.name)
        if since is None:
            store_rows.remember(db, aside.name, str(now_s))
        elif now_s - int(since) > keep_s:
            store_rows.forget(db, aside.name)
            _delete(aside)
            return True
    return False


def _delete(aside: Path) -> None:
    """Delete it and its companions; these first, since nobody would find them alone."""
    try:
        for suffix in (*_COMPANIONS, ""):
            Path(f"{aside}{suffix}").unlink(missing_ok=True)
        new_file.sync_folder(aside.parent)
    except OSError as problem:
        log.warning("event=broken_database_stays file=%s why=%s", aside, problem)
        return
    log.warning("event=broken_database_deleted file=%s", aside)
