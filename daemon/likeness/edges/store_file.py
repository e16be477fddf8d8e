"""The database file under the store: opened sound, or set aside whole and replaced.

A broken file is never mended in place: it is renamed with its companions, and what can
still be read of the waiting records is carried over, each one checked against its own
hash. Leaves to others: everything that is done with the rows, and what becomes of
broken files (`store_asides`).
"""

import contextlib
import errno
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from likeness.core import jws
from likeness.core.chain import Link
from likeness.edges import store_asides
from likeness.edges.store_rows import Row, StatementRow

NAME = "results.db"
FULL = 2  # PRAGMA synchronous
READ_BYTES = 1 << 20

_SCHEMA = """
BEGIN;
CREATE TABLE IF NOT EXISTS epoch (id TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS record (
    epoch TEXT NOT NULL,
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL,
    token TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'receipted', 'set_aside')),
    reason TEXT NOT NULL DEFAULT '',
    made_utc_s INTEGER NOT NULL,
    receipted_utc_s INTEGER, -- null: not yet, or no believed time since
    PRIMARY KEY (epoch, seq)
) STRICT;
CREATE INDEX IF NOT EXISTS waiting ON record (epoch, seq) WHERE state = 'waiting';
CREATE TABLE IF NOT EXISTS statement (
    jti TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    token TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'set_aside')),
    reason TEXT NOT NULL DEFAULT '',
    made_utc_s INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS memory (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
COMMIT;
"""
# Made anew at each start, so that a file of an earlier release gets it as well. Sorted
# by age: a query for the oldest must not read every token.
_ADD_RECEIPTED = "ALTER TABLE record ADD COLUMN receipted_utc_s INTEGER"
_INDEX_RECEIPTED = (
    "CREATE INDEX IF NOT EXISTS receipted ON record (receipted_utc_s)"
    " WHERE state = 'receipted'"
)

_RECORD_COLUMNS = "epoch, seq, hash, token, made_utc_s, state"
_STATEMENT_COLUMNS = "jti, hash, token, made_utc_s, state"
_WAIT_AGAIN = "UPDATE record SET state = 'waiting', reason = '', receipted_utc_s = NULL"


@dataclass(frozen=True, slots=True)
class Rescued:
    """What came out of a broken database; all empty when there was none."""

    aside: Path | None = None
    former: Link | None = None  # the last record that the carrier had receipted
    rows: tuple[Row, ...] = ()
    statements: tuple[StatementRow, ...] = ()


NOTHING = Rescued()


@dataclass(frozen=True, slots=True)
class Survey:
    """What an operator may see of a store: counts and places, no content."""

    epoch: str
    waiting: int
    oldest_utc_s: int | None
    receipted: int
    aside: tuple[tuple[str, int, str], ...]  # epoch, seq, reason
    statements: int  # decisions and disputes that wait for the carrier's answer


def open_sound(path: Path) -> tuple[sqlite3.Connection, Rescued]:
    """Open the database; if it is not sound, set it aside and begin a new one.

    A start may end at any point of this, also because the new epoch could not be
    signed or had no room: as long as the new database has none, the next start reads
    the one that was set aside again.

    Raises:
        sqlite3.DatabaseError: the new one cannot be made either.
    """
    if not path.exists() and (aside := store_asides.newest(path)) is not None:
        store_asides.move_companions(path, aside)
    try:
        db = _open(path)
    except sqlite3.DatabaseError as problem:
        if is_full(problem) or not (_is_unsound(problem) or _is_unreadable(path)):
            raise
        store_asides.set_aside(path)
        db = _open(path)
    if db.execute("SELECT id FROM epoch").fetchone() is not None:
        return db, NOTHING
    aside = store_asides.newest(path)
    return db, NOTHING if aside is None else _rescue(aside)


def survey(path: Path) -> Survey:
    """Look into a store, also while the daemon works in it.

    Raises:
        sqlite3.DatabaseError: there is none, or it cannot be read.
    """
    with contextlib.closing(_read_only(path)) as db:
        epoch = db.execute("SELECT id FROM epoch").fetchone()
        waiting, oldest = db.execute(
            "SELECT count(*), min(made_utc_s) FROM record WHERE state = 'waiting'"
        ).fetchone()
        (receipted,) = db.execute(
            "SELECT count(*) FROM record WHERE state = 'receipted'"
        ).fetchone()
        aside = db.execute(
            "SELECT epoch, seq, reason FROM record WHERE state = 'set_aside'"
            " ORDER BY epoch, seq"
        ).fetchall()
        # No daemon of this release may have opened the file yet.
        known = db.execute("PRAGMA table_info(statement)").fetchone()
        query = "SELECT count(*) FROM statement WHERE state = 'waiting'"
        (statements,) = db.execute(query).fetchone() if known else (0,)
    where = epoch[0] if epoch else ""
    return Survey(where, waiting, oldest, receipted, tuple(aside), statements)


def send_again(path: Path) -> int:
    """Let what was set aside wait again; return how many records that are.

    Call it only while the directory is held: a daemon would not see them.

    Raises:
        sqlite3.DatabaseError: it is not sound, or the disk is full.
    """
    with contextlib.closing(_open(path)) as db:
        return db.execute(f"{_WAIT_AGAIN} WHERE state = 'set_aside'").rowcount


def send_all_after(path: Path, epoch: str, after: int) -> list[int]:
    """Let all of an epoch beyond a place wait again, receipted or not.

    For a carrier that has lost what it signed for. Call it as `send_again`.

    Returns:
        The places, in order; what was deleted here is not among them.

    Raises:
        sqlite3.DatabaseError: it is not sound, or the disk is full.
    """
    beyond = "WHERE epoch = ? AND seq > ?"
    with contextlib.closing(_open(path)) as db:
        db.execute(f"{_WAIT_AGAIN} {beyond}", (epoch, after))
        found = db.execute(
            f"SELECT seq FROM record {beyond} ORDER BY seq",  # noqa: S608 - constants
            (epoch, after),
        ).fetchall()
    return [seq for (seq,) in found]


def is_full(problem: sqlite3.DatabaseError) -> bool:
    """Say whether the disk, or the file's own limit, is full."""
    return _code(problem) == sqlite3.SQLITE_FULL


def _is_unsound(problem: sqlite3.DatabaseError) -> bool:
    return _code(problem) in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _is_unreadable(path: Path) -> bool:
    """Say whether the disk itself gives parts of it back no more: a worn card."""
    try:
        with path.open("rb") as file:
            while file.read(READ_BYTES):
                pass
    except OSError as problem:
        return problem.errno == errno.EIO
    return False


def _code(problem: sqlite3.DatabaseError) -> int:
    # Extended codes carry the primary one in the low byte.
    return getattr(problem, "sqlite_errorcode", 0) & 0xFF


def _open(path: Path) -> sqlite3.Connection:
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # its companions follow suit
    db = sqlite3.connect(path, isolation_level=None)
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        mode = db.execute("PRAGMA journal_mode").fetchone()[0]
        level = db.execute("PRAGMA synchronous").fetchone()[0]
        if (mode, level) != ("wal", FULL):
            raise sqlite3.OperationalError(  # noqa: TRY301 - closed below
                f"journal {mode}, synchronous {level}: commits would not be safe"
            )
        if db.execute("PRAGMA integrity_check(1)").fetchone()[0] != "ok":
            _raise_unsound("the integrity check found damage")
        db.executescript(_SCHEMA)
        columns = {row[1] for row in db.execute("PRAGMA table_info(record)")}
        if "receipted_utc_s" not in columns:
            db.execute(_ADD_RECEIPTED)
        db.execute(_INDEX_RECEIPTED)
    except BaseException:
        db.close()
        raise
    return db


def _raise_unsound(text: str) -> None:
    problem = sqlite3.DatabaseError(text)
    problem.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    raise problem


def _read_only(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _rescue(path: Path) -> Rescued:
    """Read what can be read: from the back up to damage, and from the front."""
    found: dict[tuple[str, int], tuple[Row, str]] = {}
    latest = ""  # the epoch that was written into
    with (
        contextlib.suppress(sqlite3.DatabaseError),
        contextlib.closing(_read_only(path)) as db,
    ):
        for order in ("DESC", "ASC"):
            for *row, state in _up_to_damage(db, "record", _RECORD_COLUMNS, order):
                epoch, seq, kept, token, made = row
                if isinstance(token, str) and jws.chain_hash(token) == kept:
                    found[epoch, seq] = ((epoch, seq, kept, token, made), state)
                    latest = latest or epoch  # the newest row comes first
    by_state: dict[str, list[Row]] = {"waiting": [], "receipted": []}
    for kept_row, state in found.values():
        by_state.setdefault(state, []).append(kept_row)
    former = max(
        by_state["receipted"],
        key=lambda row: (row[0] == latest, row[1]),
        default=None,
    )
    return Rescued(
        aside=path,
        former=Link(*former[:3]) if former else None,
        rows=tuple(sorted(by_state["waiting"])),
        statements=_rescue_statements(path),
    )


def _rescue_statements(path: Path) -> tuple[StatementRow, ...]:
    """Read the statements that wait, in the same way; each checked by its hash."""
    found: dict[str, StatementRow] = {}
    with (
        contextlib.suppress(sqlite3.DatabaseError),
        contextlib.closing(_read_only(path)) as db,
    ):
        for order in ("DESC", "ASC"):
            for jti, kept, token, made, state in _up_to_damage(
                db, "statement", _STATEMENT_COLUMNS, order
            ):
                if (
                    state == "waiting"
                    and isinstance(jti, str)
                    and isinstance(token, str)
                    and isinstance(made, int)
                    and jws.chain_hash(token) == kept
                ):
                    found[jti] = (jti, kept, token, made)
    return tuple(sorted(found.values(), key=lambda row: row[3]))


# Any: whatever stands in a broken file.
def _up_to_damage(
    db: sqlite3.Connection, table: str, columns: str, order: str
) -> Iterator[tuple[Any, ...]]:
    """Walk the table itself, no index; damage ends the walk."""
    with contextlib.suppress(sqlite3.DatabaseError):
        # All pieces are constants of this file.
        yield from db.execute(
            f"SELECT {columns} FROM {table} NOT INDEXED ORDER BY rowid {order}"  # noqa: S608
        )
