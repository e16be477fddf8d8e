"""Signed records in SQLite: an answer from here means that it is on the disk.

One connection on one thread, WAL with synchronous=FULL (with NORMAL the last commits
may vanish at a power cut). A record takes its place in the chain, is composed, signed
and kept in one transaction, so that no place is used twice and none is left out.
Nothing personal is in it in clear: a record holds the person only as a JWE. Leaves to
others: composing, signing, when to send; the rows (`store_rows`); opening and setting
aside (`store_file`).
"""

import asyncio
import contextlib
import logging
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from likeness.core.chain import ChainHead, EpochReason, Link, Stored, Waiting
from likeness.edges import store_asides, store_file, store_rows
from likeness.edges.directory_lock import hold
from likeness.errors import StoreBroken, StoreFull

log = logging.getLogger(__name__)

MIN_FREE_BYTES = 16 * 1024 * 1024
DAY_S = 86_400
MIB = 1024 * 1024

Answer = TypeVar("Answer")
# Composes and signs the epoch record; the link is the last receipted of the one before.
Begin = Callable[[ChainHead, Link | None, EpochReason | None], str]


@dataclass(frozen=True, slots=True)
class Retention:
    """How long receipted records stay: the carrier has them, we can still be asked."""

    keep_s: int = 30 * DAY_S
    keep_bytes: int = 64 * MIB  # of the whole file; what waits is never deleted


class SqliteStore:
    """`ResultStore` of `service.ports_keeping`; one daemon for each directory."""

    def __init__(
        self,
        directory: Path,
        begin: Begin,
        *,
        min_free_bytes: int = MIN_FREE_BYTES,
        retention: Retention | None = None,
        lock: int | None = None,
        rescued: Callable[[Sequence[str]], None] = lambda _tokens: None,
    ) -> None:
        """Take the directory.

        Args:
            directory: where the database stands.
            begin: makes the first record of an epoch, on the store's thread.
            min_free_bytes: below this there is no room for another visit.
            retention: how long receipted records stay.
            lock: as `hold` gave it to who holds the directory already.
            rescued: told, before `begin`, what still waited in a broken database.
        """
        self._directory = directory
        self._begin = begin
        self._min_free_bytes = min_free_bytes
        self._retention = retention or Retention()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._given_lock = lock
        self._rescued = rescued
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
        given = self._given_lock
        self._lock = hold(self._directory) if given is None else os.dup(given)
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

    async def probe(self) -> None:
        """Go to the store's thread and to its disk, and come back.

        Nothing is written: a file that is clean asks the disk only to empty its cache.
        A disk that answers with a fault has answered; the next record hears of it.
        """
        if (lock := self._lock) is not None:
            with contextlib.suppress(OSError):
                await self._on_thread(lambda: os.fsync(lock))

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        """Let `make` compose and sign for the next place; keep that; then return.

        `make` runs on the store's thread, inside the transaction.

        Raises:
            StoreFull: there is no room; nothing was kept, the place stays free.
            StoreBroken: the database cannot be trusted.
        """
        return await self.change("keeping a result", lambda db: self._append(db, make))

    async def begin_epoch(self, reason: EpochReason) -> None:
        """Begin a new chain beside the old one, whose records still go out.

        Raises:
            StoreFull: there is no room; the old epoch goes on.
            StoreBroken: the database cannot be trusted.
        """
        await self._on_thread(lambda: self._begin_epoch(reason))
        log.error("event=epoch_begun reason=%s epoch=%s", reason, self._epoch)

    async def newest(self) -> Link:
        """Return the last record of this epoch."""
        return await self.read(lambda db: store_rows.newest(db, self._epoch))

    async def waiting(self) -> list[Waiting]:
        """Return what has no receipt: this epoch first, then older ones."""
        return await self.read(lambda db: store_rows.waiting(db, self._epoch))

    async def newest_records(self, most: int) -> list[Stored]:
        """Return what was kept last, of any epoch, the oldest of it first."""
        return await self.read(lambda db: store_rows.newest_records(db, most))

    async def made_since(self, epoch: str, seq: int) -> list[Link]:
        """Return the waiting records of one epoch that stand after this one."""
        return await self.read(lambda db: store_rows.made_since(db, epoch, seq))

    async def token(self, epoch: str, seq: int) -> str | None:
        """Return one record, byte for byte as it was signed."""
        found = await self.read(lambda db: store_rows.record(db, epoch, seq))
        return found[0] if found else None

    async def hash_at(self, epoch: str, seq: int) -> str:
        """Return one record's hash, or "" if there is none."""
        found = await self.read(lambda db: store_rows.record(db, epoch, seq))
        return found[1] if found else ""

    async def mark_receipted(self, epoch: str, upto: int) -> None:
        """The carrier keeps all records of this epoch up to here."""
        await self.change(
            "marking receipts",
            lambda db: store_rows.mark_receipted(db, epoch, upto),
        )

    async def set_aside(self, epoch: str, seq: int, reason: str) -> None:
        """Keep this record and send it no more."""
        await self.change(
            "setting a result aside",
            lambda db: store_rows.set_aside(db, epoch, seq, reason),
        )

    async def prune(self, now_s: int | None) -> bool:
        """Delete one small batch of old receipted records, or a broken database.

        See `Retention` and `store_asides`.

        Args:
            now_s: seconds since 1970; None while the clock is in doubt.

        Returns:
            Whether there may be more to delete.
        """
        rule = self._retention
        gone = await self.change(
            "deleting old records",
            lambda db: store_rows.prune(
                db,
                self._epoch,
                now_s=now_s,
                keep_s=rule.keep_s,
                keep_bytes=rule.keep_bytes,
            ),
        )
        if gone == store_rows.PRUNE_ROWS:
            return True
        path = self._directory / store_file.NAME
        return await self.change(
            "letting a broken database go",
            lambda db: store_asides.let_one_go(
                db, path, self._epoch, now_s=now_s, keep_s=rule.keep_s
            ),
        )

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under this name, or None."""
        return await self.read(lambda db: store_rows.recall(db, name))

    async def remember(self, name: str, value: str) -> None:
        """Keep a small fact, durably; it replaces the one before.

        A database that is set aside takes its memory with it.

        Raises:
            StoreFull: there is no room; the former value stays.
            StoreBroken: the database cannot be trusted.
        """
        await self.change(
            "remembering", lambda db: store_rows.remember(db, name, value)
        )

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

    async def read(self, job: Callable[[sqlite3.Connection], Answer]) -> Answer:
        """Let `job` look into the open database, on the store's thread."""

        def read() -> Answer:
            with self._our_errors("reading"):
                return job(self._open_db)

        return await self._on_thread(read)

    async def change(
        self, doing: str, job: Callable[[sqlite3.Connection], Answer]
    ) -> Answer:
        """Do it in one transaction: the answer comes after the commit."""

        def change() -> Answer:
            with self._our_errors(doing), self._transaction() as db:
                return job(db)

        return await self._on_thread(change)

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
        self._rescued([token for *_, token, _made_s in rescued.rows])
        reason = EpochReason.DATABASE_BROKEN if rescued.aside else None
        self._begin_epoch(reason, rescued)

    def _begin_epoch(
        self,
        reason: EpochReason | None,
        rescued: store_file.Rescued = store_file.NOTHING,
    ) -> None:
        epoch = os.urandom(16).hex()
        with self._our_errors("beginning an epoch"), self._transaction() as db:
            former = rescued.former or store_rows.last_receipted(db, self._epoch)
            store_rows.keep_rescued(db, rescued.rows)
            store_rows.keep_rescued_statements(db, rescued.statements)
            head = ChainHead(epoch, seq=0, prev="")
            store_rows.keep(db, head, self._begin(head, former, reason))
            store_rows.name_epoch(db, epoch)
        self._epoch = epoch

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None

    def _append(
        self, db: sqlite3.Connection, make: Callable[[ChainHead], str]
    ) -> Stored:
        before = store_rows.newest(db, self._epoch)
        head = ChainHead(self._epoch, before.seq + 1, before.hash)
        token = make(head)
        store_rows.keep(db, head, token)
        return Stored(head.epoch, head.seq, token)

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
