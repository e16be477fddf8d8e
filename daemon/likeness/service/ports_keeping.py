"""What the service needs to be kept: results, statements, small facts, the log.

One Protocol per edge, no implementation; see `ports`.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from likeness.core.chain import ChainHead, EpochReason, Link, Stored, Waiting
from likeness.core.desired import Ledger
from likeness.core.statement_queue import Signed


class ResultStore(Protocol):
    """Where signed records are safe; an answer means: it is on the disk."""

    @property
    def epoch(self) -> str:
        """The epoch that new records belong to."""
        ...

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        """Let `make` compose and sign for the next place, and keep that.

        Raises:
            StoreFull: there is no room; nothing was kept, the place stays free.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def begin_epoch(self, reason: EpochReason) -> None:
        """Begin a new chain beside the old one, whose records still go out.

        Raises:
            StoreFull: there is no room; the old epoch goes on.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def newest(self) -> Link:
        """Return the last record of this epoch."""
        ...

    async def waiting(self) -> list[Waiting]:
        """Return the records without a receipt, oldest first."""
        ...

    async def made_since(self, epoch: str, seq: int) -> list[Link]:
        """Return the waiting records of one epoch that stand after this one."""
        ...

    async def token(self, epoch: str, seq: int) -> str | None:
        """Return one signed record."""
        ...

    async def hash_at(self, epoch: str, seq: int) -> str:
        """Return one record's hash, or "" if there is none."""
        ...

    async def mark_receipted(self, epoch: str, upto: int) -> None:
        """The carrier keeps all records of this epoch up to here."""
        ...

    async def set_aside(self, epoch: str, seq: int, reason: str) -> None:
        """The carrier will never take this one: keep it, send it no more."""
        ...

    def room(self) -> bool:
        """Say whether there is room for another visit."""
        ...


class StatementStore(Protocol):
    """Where signed statements are safe; an answer means: it is on the disk."""

    async def keep_statement(self, statement: Signed) -> None:
        """Keep one; it takes the place of an earlier one of this `jti`.

        Raises:
            StoreFull: there is no room, or too many wait; nothing was kept.
            StoreBroken: the database cannot be trusted.
        """
        ...

    async def statements(self) -> list[Signed]:
        """Return those that wait for their answer, oldest first."""
        ...

    async def forget_statement(self, jti: str) -> None:
        """The carrier keeps this one."""
        ...

    async def set_statement_aside(self, jti: str, reason: str) -> None:
        """The carrier will never take this one: keep it, send it no more."""
        ...


class Memory(Protocol):
    """Small facts that outlive a restart, e.g. the last command's counter.

    They live in the result store's database: a broken one takes them with it.
    """

    async def recall(self, name: str) -> str | None:
        """Return what was last remembered under this name, or None."""
        ...

    async def remember(self, name: str, value: str) -> None:
        """Keep it durably; an answer means: it is on the disk.

        Raises:
            StoreFull: there is no room; the former value stays.
            StoreBroken: the database cannot be trusted.
        """
        ...


class LedgerFile(Protocol):
    """Which desired configuration is in force, on the disk."""

    def read(self) -> Ledger:
        """Return what is kept; an empty one if there is nothing."""
        ...

    def keep(self, ledger: Ledger) -> None:
        """Keep it, whole or not at all; raise OSError if that fails."""
        ...


class Journal(Protocol):
    """The program's own log."""

    def recent(self) -> list[str]:
        """Return the last lines, the oldest first; nothing personal is ever in one."""
        ...

    def set_level(self, level: str | None) -> None:
        """Log from "debug", "info", "warning" or "error" on; None: as configured."""
        ...


class FaultFiles(Protocol):
    """Where a transcript is kept when a part failed."""

    def keep(self, why: str, lines: Iterable[bytes]) -> str:
        """Write one file, whole or not at all; return its name.

        May be called on any thread. Older ones make room for it.

        Raises:
            OSError: it cannot be written.
        """
        ...
