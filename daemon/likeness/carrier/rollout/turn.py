"""One `carrier rollout run` at a time: two would cut each other's line.

The turn is held until it is given back or the process ends, even by SIGKILL. Leaves to
others: that two programs cannot do the same step anyway (`rollout`).
"""

import contextlib
import fcntl
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

from likeness.carrier.database import Database
from likeness.errors import UsageError

KEY = int.from_bytes(b"rollouts")  # any number that nobody else uses
_TAKEN = (
    "another 'carrier rollout run' is at work, and there is one line for all: name all"
    " rollouts that shall go on in one command"
)


@contextlib.contextmanager
def turn(database: Database) -> Iterator[None]:
    """Hold the turn for the length of a block.

    Args:
        database: with a second connection, if it is PostgreSQL.

    Raises:
        UsageError: somebody else holds it.
    """
    held = _by_file(Path(database.name)) if database.is_file else _by_session(database)
    with held:
        yield


@contextlib.contextmanager
def _by_file(database: Path) -> Iterator[None]:
    with database.with_name(f"{database.name}.rollout").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as problem:
            raise UsageError(_TAKEN) from problem
        yield


@contextlib.contextmanager
def _by_session(database: Database) -> Iterator[None]:
    # PostgreSQL 13.3.2: a lock of the session, which ends with its connection.
    ask = sa.text("SELECT pg_try_advisory_lock(:key)")
    with database.engine.connect() as db:
        alone = db.execution_options(isolation_level="AUTOCOMMIT")
        if not alone.execute(ask, {"key": KEY}).scalar():
            raise UsageError(_TAKEN)
        try:
            yield
        finally:
            db.invalidate()  # the session ends, and so does its lock
