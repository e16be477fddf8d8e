"""Signed records in SQLite: an answer from here means that it is on the disk.

One connection on one thread, WAL with synchronous=FULL (with NORMAL the last commits
may vanish at a power cut). A record takes its place in the chain, is composed, signed
and kept in one transaction, so that no place is used twice and none is left out.
Nothing personal is in it in clear: a record holds the person only as a JWE. Leaves to
others: composing, signing, when to send; `store_file` opens and sets aside.
"""

import asyncio
import contextlib
import fcntl
import logging
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from likeness.core import jws
from likeness.core.chain import ChainHead, Link, Stored, Waiting
from likeness.edges import store_file
from likeness.errors import ConfigError, StoreBroken, StoreFull, UsageError

log = logging.getLogger(__name__)

# Receipted records stay for a while, so that a late or repeated receipt can still be
# compared; at some 2 kB each this is 2 MB.
KEEP_RECEIPTED = 1_000
MIN_FREE_BYTES = 16 * 1024 * 1024

Answer = TypeVar("Answer")
# Composes and signs the epoch record; the link is the last receipted of the one before.
Begin = Callable[[ChainHead, Link | None], str]


class SqliteStore:
    """`ResultStore` of `service.ports`; one daemon for each directory."""

    def __init__(
        self, directory: Path, begin: Begin, *, min_free_bytes: int = MIN_FREE_BYTES
    ) -> None:
        self._directory = directory
        self._begin = begin
        self._min_free_bytes = min_free_bytes
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._lock: int | None = None
        self._db: sqlite3.Connection | None = None
        self._epoch = ""
        self.broken: Path | None = None  # where a broken database was set aside

    @property
    def epoch(self) -> str:
        """The epoch that new records belong to."""
        return self._epoch

    async def open(self) -> None:
        """Open the database, or begin a new one with its epoch record.

        A database that is not sound is set aside whole; see `broken`.

        Raises:
            ConfigError: the directory cannot be used.
            UsageError: another daemon works in it.
            StoreFull: there is no room.
        """
        self._lock = _lock(self._directory)
        try:
            await self._on_thread(self._open)
        except BaseException:
            await self.close()
            raise
        if self.broken is not None:
            log.error("event=store_set_aside file=%s epoch=%s", self.broken, self.epoch)

    async def close(self) -> None:
        """Let go of file and lock."""
        await self._on_thread(self._close)
        self._thread.shutdown()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        """Let `make` compose and sign for the next place; keep that; then return.

        `make` runs on the store's thread, inside the transaction.

        Raises:
            StoreFull: there is no room; nothing was kept, the place stays free.
            StoreBroken: the database cannot be trusted.
        """
        return await self._on_thread(lambda: self._append(make))

    async def waiting(self) -> list[Waiting]:
        """Return what has no receipt: this epoch first, then rescued older ones."""
        return await self._on_thread(self._waiting)

    async def token(self, epoch: str, seq: int) -> str | None:
        """Return one record, byte for byte as it was signed."""
        return await self._on_thread(lambda: self._one("token", epoch, seq))

    async def hash_at(self, epoch: str, seq: int) -> str:
        """Return one record's hash, or "" if there is none."""
        found = await self._on_thread(lambda: self._one("hash", epoch, seq))
        return found or ""

    async def mark_receipted(self, epoch: str, upto: int) -> None:
        """The carrier keeps all records of this epoch up to here."""
        await self._on_thread(lambda: self._mark_receipted(epoch, upto))

    async def set_aside(self, epoch: str, seq: int, reason: str) -> None:
        """Keep this record and send it no more."""
        await self._on_thread(lambda: self._set_aside(epoch, seq, reason))

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under this name, or None."""
        return await self._on_thread(lambda: self._recall(name))

    async def remember(self, name: str, value: str) -> None:
        """Keep a small fact, durably; it replaces the one before.

        A database that is set aside takes its memory with it.

        Raises:
            StoreFull: there is no room; the former value stays.
            StoreBroken: the database cannot be trusted.
        """
        await self._on_thread(lambda: self._remember(name, value))

    def room(self) -> bool:
        """Say whether another visit would find room on the disk."""
        try:
            return shutil.disk_usage(self._directory).free >= self._min_free_bytes
        except OSError:
            return False

    # --- on the store's thread ------------------------------------------------------
    async def _on_thread(self, job: Callable[[], Answer]) -> Answer:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, job)

    @property
    def _open_db(self) -> sqlite3.Connection:
        if self._db is None:
            raise StoreBroken(f"{self._directory}: the store is not open")
        return self._db

    def _open(self) -> None:
        path = self._directory / store_file.NAME
        with self._our_errors("opening"):
            self._db, rescued = store_file.open_sound(path)
            self.broken = rescued.aside
            row = self._db.execute("SELECT id FROM epoch").fetchone()
            if row is not None:
                self._epoch = row[0]
                return
            with self._transaction() as db:
                head = ChainHead(epoch=os.urandom(16).hex(), seq=0, prev="")
                token = self._begin(head, rescued.former)
                db.execute("INSERT INTO epoch VALUES (?)", (head.epoch,))
                db.executemany(_INSERT, rescued.rows)
                db.execute(_INSERT, _row(head, token))
            self._epoch = head.epoch

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _append(self, make: Callable[[ChainHead], str]) -> Stored:
        with self._our_errors("keeping a result"), self._transaction() as db:
            seq, prev = db.execute(
                "SELECT seq, hash FROM record WHERE epoch = ?"
                " ORDER BY seq DESC LIMIT 1",
                (self._epoch,),
            ).fetchone()
            head = ChainHead(self._epoch, seq + 1, prev)
            token = make(head)
            db.execute(_INSERT, _row(head, token))
        return Stored(head.epoch, head.seq, token)

    def _waiting(self) -> list[Waiting]:
        with self._our_errors("reading what waits"):
            rows = self._open_db.execute(
                "SELECT epoch, seq, hash, made_utc_s FROM record"
                " WHERE state = 'waiting' ORDER BY epoch <> ?, epoch, seq",
                (self._epoch,),
            ).fetchall()
        return [Waiting(Link(*row[:3]), row[3]) for row in rows]

    def _one(self, column: str, epoch: str, seq: int) -> str | None:
        with self._our_errors("reading a result"):
            row = self._open_db.execute(
                "SELECT token, hash FROM record WHERE epoch = ? AND seq = ?",
                (epoch, seq),
            ).fetchone()
        if row is None:
            return None
        found: str = row[column == "hash"]
        return found

    def _mark_receipted(self, epoch: str, upto: int) -> None:
        with self._our_errors("marking receipts"), self._transaction() as db:
            db.execute(
                "UPDATE record SET state = 'receipted'"
                " WHERE epoch = ? AND seq <= ? AND state = 'waiting'",
                (epoch, upto),
            )
            db.execute(
                "DELETE FROM record"
                " WHERE epoch = ? AND seq <= ? AND state = 'receipted'",
                (epoch, upto - KEEP_RECEIPTED),
            )

    def _set_aside(self, epoch: str, seq: int, reason: str) -> None:
        with self._our_errors("setting a result aside"), self._transaction() as db:
            db.execute(
                "UPDATE record SET state = 'set_aside', reason = ?"
                " WHERE epoch = ? AND seq = ? AND state = 'waiting'",
                (reason, epoch, seq),
            )

    def _recall(self, name: str) -> str | None:
        with self._our_errors("remembering"):
            row = self._open_db.execute(
                "SELECT value FROM memory WHERE name = ?", (name,)
            ).fetchone()
        return None if row is None else str(row[0])

    def _remember(self, name: str, value: str) -> None:
        with self._our_errors("remembering"), self._transaction() as db:
            db.execute(
                "INSERT INTO memory VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                (name, value),
            )

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        db = self._open_db
        db.execute("BEGIN IMMEDIATE")
        try:
            yield db
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise

    @contextlib.contextmanager
    def _our_errors(self, doing: str) -> Iterator[None]:
        try:
            yield
        except (sqlite3.ProgrammingError, sqlite3.IntegrityError):
            raise  # our own mistake: crash, and be mended
        except sqlite3.DatabaseError as problem:
            where = f"{doing} in {self._directory}: {problem}"
            if store_file.is_full(problem) or not self.room():
                raise StoreFull(f"{where}; free some room on this disk") from problem
            raise StoreBroken(f"{where}; restart to set it aside") from problem


_INSERT = (
    "INSERT INTO record (epoch, seq, hash, token, state, made_utc_s)"
    " VALUES (?, ?, ?, ?, 'waiting', ?)"
)


def _row(head: ChainHead, token: str) -> store_file.Row:
    return (head.epoch, head.seq, jws.chain_hash(token), token, int(time.time()))


def _lock(directory: Path) -> int:
    """Hold the directory until the process ends, even by SIGKILL."""
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(directory / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise ConfigError(
            f"{directory}: terminal.state_dir cannot be used: {problem.strerror}"
        ) from problem
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(lock)
        raise UsageError(
            f"{directory}: another likeness daemon works here; stop it first, or set"
            " another terminal.state_dir"
        ) from problem
    return lock
