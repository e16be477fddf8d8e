"""Signed statements in the result store's database: kept until the carrier answers.

`StatementStore` of `service.ports_keeping`, on the same thread, file and transactions
as the records, bounded in number. Leaves to others: the file (`store_file`), signing,
when to send (`core.statement_queue`).
"""

import sqlite3
import time

from likeness.core.statement_queue import Signed
from likeness.edges.store import SqliteStore
from likeness.errors import StoreFull

WAIT_AT_MOST = 200  # each may have some 4 KiB
ASIDE_AT_MOST = 50  # the oldest goes; the carrier has refused it, and said why

_KEEP = (
    "INSERT INTO statement (jti, hash, token, state, made_utc_s)"
    " VALUES (?, ?, ?, 'waiting', ?)"
    " ON CONFLICT (jti) DO UPDATE SET hash = excluded.hash, token = excluded.token"
)


class SqliteStatements:
    """Each call is one transaction; an answer means that it is on the disk."""

    def __init__(self, store: SqliteStore) -> None:
        """Take the store, open or not yet."""
        self._store = store

    async def keep_statement(self, statement: Signed) -> None:
        """Keep one; it takes the place of an earlier one of this `jti`.

        Raises:
            StoreFull: there is no room, or too many wait; nothing was kept.
            StoreBroken: the database cannot be trusted.
        """
        await self._store.change("keeping a statement", lambda db: _keep(db, statement))

    async def statements(self) -> list[Signed]:
        """Return those that wait for their answer, oldest first."""
        return await self._store.read(_waiting)

    async def forget_statement(self, jti: str) -> None:
        """The carrier keeps this one."""
        await self._store.change("forgetting a statement", lambda db: _forget(db, jti))

    async def set_statement_aside(self, jti: str, reason: str) -> None:
        """The carrier will never take this one: keep it, send it no more."""
        await self._store.change(
            "setting a statement aside", lambda db: _set_aside(db, jti, reason)
        )


def _keep(db: sqlite3.Connection, statement: Signed) -> None:
    others = db.execute(
        "SELECT count(*) FROM statement WHERE state = 'waiting' AND jti <> ?",
        (statement.jti,),
    ).fetchone()[0]
    if others >= WAIT_AT_MOST:
        raise StoreFull(
            f"{others} statements wait for the carrier's answer already; see whether it"
            " is reachable and has its answer.key"
        )
    one = (statement.jti, statement.hash, statement.token, int(time.time()))
    db.execute(_KEEP, one)


def _waiting(db: sqlite3.Connection) -> list[Signed]:
    rows = db.execute(
        "SELECT jti, hash, token FROM statement WHERE state = 'waiting' ORDER BY rowid"
    ).fetchall()
    return [Signed(*row) for row in rows]


def _forget(db: sqlite3.Connection, jti: str) -> None:
    db.execute("DELETE FROM statement WHERE jti = ? AND state = 'waiting'", (jti,))


def _set_aside(db: sqlite3.Connection, jti: str, reason: str) -> None:
    db.execute(
        "UPDATE statement SET state = 'set_aside', reason = ?"
        " WHERE jti = ? AND state = 'waiting'",
        (reason, jti),
    )
    db.execute(
        "DELETE FROM statement WHERE rowid IN (SELECT rowid FROM statement"
        " WHERE state = 'set_aside' ORDER BY rowid DESC LIMIT -1 OFFSET ?)",
        (ASIDE_AT_MOST,),
    )
