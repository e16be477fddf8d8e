"""How the carrier connects to its database, and what each connection promises.

SQLite: durable, and a change says at once that it is one. PostgreSQL: READ COMMITTED.
Leaves to others: all that is done over a connection (`database`).
"""

import sqlite3
import time
from typing import Any

import sqlalchemy as sa

from likeness.errors import ConfigError

POSTGRESQL = "postgresql"
BUSY_S = 30.0  # so long a writer of SQLite waits for another program's change
READS = "likeness_reads"  # an option of a connection that changes nothing


def url_of(place: str) -> sa.URL:
    """Read an address; it may hold a password, so it is not said again."""
    try:
        return sa.make_url(place)
    except (sa.exc.ArgumentError, ValueError):
        raise ConfigError(
            "database: this is no address; write a file, or postgresql://user@host/name"
        ) from None


def engine_of(url: sa.URL, pool: int) -> sa.Engine:
    """Return what connects; `pool` is the number of connections to PostgreSQL."""
    if url.get_backend_name() == POSTGRESQL:
        return sa.create_engine(
            url,
            pool_size=pool,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
            connect_args={"client_encoding": "utf8"},
            # What `lock` and the changes behind it rely on: each statement sees
            # what was committed before it (PostgreSQL 13.2.1), whatever the default.
            isolation_level="READ COMMITTED",
        )
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_S}, hide_parameters=True
    )
    sa.event.listen(engine, "connect", _make_durable)
    sa.event.listen(engine, "begin", _begin)
    return engine


# Any: the raw connection and its record, as SQLAlchemy's event gives them.
def _make_durable(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # who begins, and how, is said in `_begin`
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            break
        except sqlite3.OperationalError as problem:
            # Two programs that make one file at the same moment: for this change of the
            # file's kind SQLite waits for nobody, whatever the timeout.
            busy = problem.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(0.02)
    connection.execute("PRAGMA synchronous = FULL")


def _begin(db: sa.Connection) -> None:
    # A change that begins by reading and then finds that somebody else has written
    # would fail at once, whatever the timeout; so a change says at once that it is one.
    reads = db.get_execution_options().get(READS)
    db.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")


def is_utf8(db: sa.Connection) -> bool:
    """Say whether any text can be kept; SQLite always keeps UTF-8 or UTF-16."""
    if db.dialect.name != POSTGRESQL:
        return True
    return bool(db.exec_driver_sql("SHOW server_encoding").scalar() == "UTF8")
