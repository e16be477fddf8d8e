"""What is done with the rows of the result store, each inside the caller's transaction.

Nothing here opens, commits or catches. A row waits, is receipted, or is set aside; only
receipted ones are ever deleted, and never the last receipted one of the epoch that is
written into: a new epoch names it. Leaves to others: the file (`store_file`), threads,
transactions, errors (`store`).
"""

import sqlite3
import time

from likeness.core import jws
from likeness.core.chain import ChainHead, Link, Stored, Waiting

Row = tuple[str, int, str, str, int]  # epoch, seq, hash, token, made_utc_s
StatementRow = tuple[str, str, str, int]  # jti, hash, token, made_utc_s

PRUNE_ROWS = 100  # in one transaction: some 300 KiB of changed pages

_INSERT = (
    "INSERT INTO record (epoch, seq, hash, token, state, made_utc_s)"
    " VALUES (?, ?, ?, ?, 'waiting', ?)"
)


def keep(db: sqlite3.Connection, head: ChainHead, token: str) -> None:
    """Keep one signed record at its place."""
    made_utc_s = int(time.time())
    kept = (head.epoch, head.seq, jws.chain_hash(token), token, made_utc_s)
    db.execute(_INSERT, kept)


def keep_rescued(db: sqlite3.Connection, rows: tuple[Row, ...]) -> None:
    """Keep what was carried over from a broken database; it waits again."""
    db.executemany(_INSERT, rows)


def keep_rescued_statements(
    db: sqlite3.Connection, rows: tuple[StatementRow, ...]
) -> None:
    """Keep the statements that were carried over in the same way."""
    db.executemany(
        "INSERT INTO statement (jti, hash, token, state, made_utc_s)"
        " VALUES (?, ?, ?, 'waiting', ?)",
        rows,
    )


def newest(db: sqlite3.Connection, epoch: str) -> Link:
    """Return the last record of an epoch; each has at least its row 0."""
    row = db.execute(
        "SELECT epoch, seq, hash FROM record WHERE epoch = ? ORDER BY seq DESC LIMIT 1",
        (epoch,),
    ).fetchone()
    return Link(*row)


def last_receipted(db: sqlite3.Connection, epoch: str) -> Link | None:
    """Return the last record of an epoch that the carrier has said it keeps."""
    row = db.execute(
        "SELECT epoch, seq, hash FROM record WHERE epoch = ? AND state = 'receipted'"
        " ORDER BY seq DESC LIMIT 1",
        (epoch,),
    ).fetchone()
    return None if row is None else Link(*row)


def name_epoch(db: sqlite3.Connection, epoch: str) -> None:
    """From now on this epoch is written into."""
    db.execute("DELETE FROM epoch")
    db.execute("INSERT INTO epoch VALUES (?)", (epoch,))


def waiting(db: sqlite3.Connection, epoch: str) -> list[Waiting]:
    """Return what has no receipt: this epoch first, then older ones."""
    rows = db.execute(
        "SELECT epoch, seq, hash, made_utc_s FROM record"
        " WHERE state = 'waiting' ORDER BY epoch <> ?, epoch, seq",
        (epoch,),
    ).fetchall()
    return [Waiting(Link(*row[:3]), row[3]) for row in rows]


def newest_records(db: sqlite3.Connection, most: int) -> list[Stored]:
    """Return the records that were kept last, of any epoch, the oldest of them first.

    Set aside ones and rescued ones are among them.
    """
    rows = db.execute(
        "SELECT epoch, seq, token FROM record ORDER BY rowid DESC LIMIT ?", (most,)
    ).fetchall()
    return [Stored(*row) for row in reversed(rows)]


def made_since(db: sqlite3.Connection, epoch: str, seq: int) -> list[Link]:
    """Return the waiting records of one epoch that stand after this one."""
    rows = db.execute(
        "SELECT epoch, seq, hash FROM record"
        " WHERE state = 'waiting' AND epoch = ? AND seq > ? ORDER BY seq",
        (epoch, seq),
    ).fetchall()
    return [Link(*row) for row in rows]


def record(db: sqlite3.Connection, epoch: str, seq: int) -> tuple[str, str] | None:
    """Return token and hash of one record."""
    row = db.execute(
        "SELECT token, hash FROM record WHERE epoch = ? AND seq = ?", (epoch, seq)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def mark_receipted(db: sqlite3.Connection, epoch: str, upto: int) -> None:
    """The carrier keeps all of this epoch up to here."""
    db.execute(
        "UPDATE record SET state = 'receipted'"
        " WHERE epoch = ? AND seq <= ? AND state = 'waiting'",
        (epoch, upto),
    )


def set_aside(db: sqlite3.Connection, epoch: str, seq: int, reason: str) -> None:
    """The carrier will never take this one."""
    db.execute(
        "UPDATE record SET state = 'set_aside', reason = ?"
        " WHERE epoch = ? AND seq = ? AND state = 'waiting'",
        (reason, epoch, seq),
    )


def prune(
    db: sqlite3.Connection,
    epoch: str,
    *,
    now_s: int | None,
    keep_s: int,
    keep_bytes: int,
) -> int:
    """Delete one small batch of receipted records that are too old or too many.

    Age counts from the first believed moment after the receipt: `now_s` is None while
    the clock is in doubt, and then nothing is too old.

    Returns:
        How many were deleted; less than a batch: there is no more to do now.
    """
    if used_bytes(db) > keep_bytes:
        return _delete(db, epoch, receipted_before_s=None)
    if now_s is None:
        return 0
    db.execute(
        "UPDATE record SET receipted_utc_s = ? WHERE rowid IN (SELECT rowid FROM record"
        " WHERE state = 'receipted' AND receipted_utc_s IS NULL LIMIT ?)",
        (now_s, PRUNE_ROWS),
    )
    return _delete(db, epoch, receipted_before_s=now_s - keep_s)


def used_bytes(db: sqlite3.Connection) -> int:
    """Return how much of the file holds data; the rest is used again first."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _delete(
    db: sqlite3.Connection, epoch: str, *, receipted_before_s: int | None
) -> int:
    """Delete the oldest, but never the last receipted one of this epoch.

    That one is the `former` of an epoch to come, and may be the chain's newest, which
    the next record must name.
    """
    stays = last_receipted(db, epoch)
    old, order = "", "rowid"
    if receipted_before_s is not None:
        old, order = " AND receipted_utc_s < :before", "receipted_utc_s"
    # All pieces are constants of this file.
    return db.execute(
        "DELETE FROM record WHERE rowid IN (SELECT rowid FROM record"  # noqa: S608
        " WHERE state = 'receipted' AND NOT (epoch = :epoch AND seq = :stays)"
        f"{old} ORDER BY {order} LIMIT :rows)",
        {
            "epoch": epoch,
            "stays": stays.seq if stays else -1,
            "before": receipted_before_s,
            "rows": PRUNE_ROWS,
        },
    ).rowcount


def recall(db: sqlite3.Connection, name: str) -> str | None:
    """Return what was last remembered under this name."""
    row = db.execute("SELECT value FROM memory WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def forget(db: sqlite3.Connection, name: str) -> None:
    """Forget a small fact."""
    db.execute("DELETE FROM memory WHERE name = ?", (name,))


def remember(db: sqlite3.Connection, name: str, value: str) -> None:
    """Keep a small fact; it replaces the one before."""
    db.execute(
        "INSERT INTO memory VALUES (?, ?)"
        " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        (name, value),
    )
