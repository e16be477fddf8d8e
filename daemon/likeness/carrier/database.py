"""The carrier's database: a file of SQLite, or PostgreSQL by its address.

Both are used through SQLAlchemy Core, and what differs between them stands here alone:
how a write begins, how two programs keep out of each other's way, how a row is written
that may be there already. A change is one transaction and durable when it returns.
Leaves to others: how it is connected to (`engine`), the tables (`tables*`), their
history (`migrations`), what is done.
"""

import contextlib
import hashlib
import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from alembic import command, config, migration
from alembic.script import ScriptDirectory
from psycopg import sql
from sqlalchemy.dialects import postgresql, sqlite

from likeness.carrier import tables
from likeness.carrier.engine import POSTGRESQL, READS, engine_of, is_utf8, url_of
from likeness.errors import ConfigError, StoreBroken

logging.getLogger("alembic").setLevel(logging.WARNING)  # it tells what it is, each time
_MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """Belongs to one thread at a time; each program has its own."""

    def __init__(
        self, place: str | Path, *, pool: int = 1, migrates: bool = False
    ) -> None:
        """Open it; a file that is not there, or older than this release, is made ready.

        Args:
            place: a path, or postgresql://user@host/name (libpq's own words and
                environment hold the rest; a password belongs in PGPASSFILE).
            pool: connections at most, of PostgreSQL.
            migrates: make the tables what this release needs. A file is always made
                so; of PostgreSQL several programs may be in use: a person says when.

        Raises:
            ConfigError: it cannot be opened, or its tables are of another release.
        """
        self.is_file = "://" not in str(place)
        url = url_of(f"sqlite:///{place}" if self.is_file else str(place))
        # Without the password, which is not ours to show.
        self.name = str(place) if self.is_file else url.render_as_string()
        if not self.is_file:
            if url.get_backend_name() != POSTGRESQL:
                raise ConfigError(
                    f"database: '{url.get_backend_name()}' is not known; write a file,"
                    " or postgresql://user@host/name"
                )
            url = url.set(drivername="postgresql+psycopg")
        self.engine = engine_of(url, pool)
        try:
            self._check_or_make(may_make=migrates or self.is_file)
        except sa.exc.DBAPIError as problem:
            self.engine.dispose()
            raise ConfigError(self._unusable(problem)) from problem
        except ConfigError:
            self.engine.dispose()
            raise

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()

    @contextlib.contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Change something: all of it, or nothing.

        Raises:
            StoreBroken: it cannot be kept.
        """
        with self._faults(), self.engine.begin() as db:
            yield db

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Look at something; what is seen belongs to one moment in SQLite only.

        Raises:
            StoreBroken: it cannot be read.
        """
        with (
            self._faults(),
            self.engine.connect().execution_options(**{READS: True}) as db,
        ):
            yield db

    @contextlib.contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.DBAPIError as problem:
            if isinstance(problem, sa.exc.IntegrityError):
                raise  # a rule of ours is broken, and no database
            raise StoreBroken(self._broken(problem)) from problem

    def _broken(self, problem: sa.exc.DBAPIError) -> str:
        said = " ".join(str(problem.orig).split())  # libpq says it in several lines
        if not isinstance(problem, sa.exc.OperationalError):
            what_to_do = "tell the makers: this release and its tables do not agree"
        elif self.is_file:
            what_to_do = "mend the disk and start again; the terminals will send again"
        else:
            what_to_do = "see to PostgreSQL, start again; the terminals will send again"
        return f"{self.name}: nothing can be kept: {said}; {what_to_do}"

    def _unusable(self, problem: sa.exc.DBAPIError) -> str:
        what_to_do = (
            "see that its folder is there and may be written to"
            if self.is_file
            else "see that PostgreSQL runs, and that 'database' names it rightly"
        )
        said = " ".join(str(problem.orig).split())  # libpq says it in several lines
        what = f"{self.name}: cannot be used as the carrier's database"
        return f"{what}: {said}; {what_to_do}"

    @classmethod
    def make(cls, place: str | Path) -> None:
        """Make the tables what this release needs; nothing is lost by it.

        Raises:
            ConfigError: as for opening it.
        """
        cls(place, migrates=True).close()

    def _check_or_make(self, *, may_make: bool) -> None:
        with self.engine.connect().execution_options(**{READS: True}) as db:
            if not is_utf8(db):
                raise ConfigError(
                    f"{self.name}: its encoding is not UTF8; make the database with"
                    " ENCODING 'UTF8'"
                )
            here = _revision(db)
            is_empty = here is None and not sa.inspect(db).get_table_names()
        if here == newest_revision():
            return
        if not may_make:
            raise ConfigError(
                f"{self.name}: its tables are not those of this release; run"
                " 'likeness carrier migrate --config FILE' once"
            )
        with self.engine.begin() as db:
            lock(db, ["migrate"])
            if is_empty and _revision(db) is None:
                # What the migrations come to; a test holds the two together.
                tables.metadata.create_all(db)
                _alembic(db, "stamp")
            else:
                _alembic(db, "upgrade")


def newest_revision() -> str | None:
    """Return the name of the newest migration."""
    return ScriptDirectory(str(_MIGRATIONS)).get_current_head()


def insert(db: sa.Connection, table: sa.Table) -> "sqlite.Insert | postgresql.Insert":
    """Return an INSERT that knows `on_conflict_do_nothing` and `…_do_update`."""
    if db.dialect.name == POSTGRESQL:
        return postgresql.insert(table)
    return sqlite.insert(table)


# Any: of whatever type the column is.
def among(
    db: sa.Connection, column: sa.ColumnElement[Any], values: Collection[Any]
) -> sa.ColumnElement[bool]:
    """Say that it is one of these; to PostgreSQL thousands of them are one value."""
    if db.dialect.name != POSTGRESQL:
        return column.in_(values)
    array = postgresql.ARRAY(column.type)
    return column == sa.any_(sa.bindparam(None, list(values), array))


def insert_rows(
    db: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, object]]
) -> None:
    """Write rows that cannot be there yet: all with the same columns, all or none."""
    if not rows:
        return
    if db.dialect.name != POSTGRESQL:
        db.execute(table.insert(), rows)
        return
    columns = list(rows[0])
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    copy = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table.name), names)
    driver = db.connection.driver_connection
    if not isinstance(driver, psycopg.Connection):
        raise TypeError("no connection of psycopg")
    try:
        with driver.cursor() as cursor, cursor.copy(copy) as out:
            for row in rows:
                out.write_row([row[name] for name in columns])
    except psycopg.OperationalError as problem:  # as SQLAlchemy tells it
        raise sa.exc.OperationalError("COPY", None, problem) from problem


def rows_at(
    db: sa.Connection,
    table: sa.Table,
    names: Sequence[str],
    values: Iterable[Sequence[object]],
) -> sa.Select[Any]:
    """Select the rows whose columns of these names hold one of these values together.

    A join, since SQLite looks through the whole table for `(a, b) IN (…)`.
    """
    columns = [table.c[name] for name in names]
    if db.dialect.name == POSTGRESQL:
        arrays = (
            sa.bindparam(None, list(one), postgresql.ARRAY(column.type))
            for column, one in zip(columns, zip(*values, strict=True), strict=True)
        )
        wanted: sa.FromClause = (
            sa.func.unnest(*arrays).table_valued(*names).render_derived()
        )
    else:
        typed = (sa.column(column.name, column.type) for column in columns)
        wanted = sa.values(*typed).data([tuple(one) for one in values]).cte("wanted")
    ours = (table.c[name] == wanted.c[name] for name in names)
    return sa.select(table).join(wanted, sa.and_(*ours))


def update_rows(
    db: sa.Connection,
    table: sa.Table,
    keys: Sequence[str],
    rows: Sequence[Mapping[str, object]],
) -> None:
    """Change rows that are found by these columns; each row names all that it sets."""
    if not rows:
        return
    columns = [table.c[name] for name in rows[0]]
    if db.dialect.name == POSTGRESQL:
        arrays = (
            sa.bindparam(
                None, [row[one.name] for row in rows], postgresql.ARRAY(one.type)
            )
            for one in columns
        )
        unnested = sa.func.unnest(*arrays)
        new = unnested.table_valued(*(one.name for one in columns)).render_derived()
        ours = [table.c[name] == new.c[name] for name in keys]
        sets = {one.name: new.c[one.name] for one in columns if one.name not in keys}
        db.execute(table.update().where(*ours).values(sets))
        return
    # A name of a bound value must not be that of a column that is set.
    ours = [table.c[name] == sa.bindparam(f"at_{name}") for name in keys]
    given = [{f"at_{k}" if k in keys else k: v for k, v in row.items()} for row in rows]
    db.execute(table.update().where(*ours), given)


def lock(db: sa.Connection, names: Iterable[str]) -> None:
    """Keep every other program away from these names until this transaction ends.

    Whoever changes what belongs to a device locks the device first, and all devices of
    a batch at once: the locks are taken in one order, so nobody waits in a circle. Two
    names may share a lock (64 bits of SHA-256); they wait for each other, no more. In
    SQLite a change is alone in any case.
    """
    if db.dialect.name != POSTGRESQL:
        return
    keys = sorted({_lock_key(name) for name in names})
    # PostgreSQL 13.3.2: advisory locks; an array is unnested in its own order.
    one_by_one = sa.text(
        "SELECT count(pg_advisory_xact_lock(key)) FROM unnest(:keys) AS key"
    ).bindparams(sa.bindparam("keys", type_=postgresql.ARRAY(sa.BigInteger)))
    db.execute(one_by_one, {"keys": keys})


def _lock_key(name: str) -> int:
    digest = hashlib.sha256(name.encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)


def _revision(db: sa.Connection) -> str | None:
    return migration.MigrationContext.configure(db).get_current_revision()


def _alembic(db: sa.Connection, what: str) -> None:
    """Run one of alembic's commands on this connection, in its transaction."""
    told = config.Config()
    told.set_main_option("script_location", str(_MIGRATIONS))
    told.attributes["connection"] = db
    if what == "stamp":
        command.stamp(told, "head")
        return
    if _revision(db) is None and sa.inspect(db).has_table("record"):
        command.stamp(told, "0001")  # made before there were migrations
    command.upgrade(told, "head")
