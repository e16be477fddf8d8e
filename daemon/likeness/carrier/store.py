"""The carrier's database: records with their raw tokens, chains, alarms, visits.

SQLite by default, committed with synchronous=FULL before anything is receipted. One
thread uses one store. Leaves to others: how a record finds its place (`keeping`),
signatures, sending.
"""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from likeness.carrier import nonces, tables
from likeness.carrier.keeping import (
    Chain,
    Incoming,
    Kept,
    advance,
    issued_visit,
    keep,
)
from likeness.core import messages
from likeness.core.chain import Link
from likeness.errors import ConfigError, StoreBroken


@dataclass(frozen=True, slots=True)
class Gap:
    """Records are here, but not those before them."""

    device: str
    epoch: str
    first_missing: int
    next_here: int


@dataclass(frozen=True, slots=True)
class Alarm:
    """Something that a person must look at."""

    device: str
    epoch: str
    seq: int
    kind: str
    detail: str


class CarrierStore:
    """All methods belong on one thread; each change is one transaction."""

    def __init__(self, path: Path) -> None:
        """Open or make the database.

        Raises:
            ConfigError: it cannot be opened.
        """
        self._engine = sa.create_engine(f"sqlite:///{path}")
        sa.event.listen(self._engine, "connect", _make_durable)
        try:
            tables.metadata.create_all(self._engine)
        except sa.exc.DBAPIError as problem:
            raise ConfigError(
                f"{path}: cannot be used as the carrier's database: {problem.orig}"
            ) from problem

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    # --- records --------------------------------------------------------------------
    def keep(
        self, batch: Iterable[Incoming], now_s: int
    ) -> tuple[list[Kept], list[Chain]]:
        """Keep a batch in one transaction; return what became of it, and the heads.

        The heads are those of all chains that a record of the batch belongs to, also of
        a resent one: the terminal may not have heard the receipt before.
        """
        with self._transaction() as db:
            kept = [keep(db, incoming, now_s) for incoming in batch]
            touched = dict.fromkeys(
                (one.record.device, one.record.epoch) for one in kept if not one.fork
            )
            chains = [advance(db, *chain, now_s) for chain in touched]
        return kept, [chain for chain in chains if chain is not None]

    def open_visit(
        self, device: str, ask: messages.Ask, fresh: nonces.Fresh
    ) -> nonces.Issued:
        """Return the visit of this commitment: the same one however often it is asked.

        One commitment gets one nonce, so that nobody can ask until the order of acts
        pleases him.
        """
        with self._transaction() as db:
            if (issued := issued_visit(db, device, commitment=ask.commitment)) is None:
                db.execute(
                    tables.visits.insert().values(
                        device=device,
                        commitment=ask.commitment,
                        transaction_name=ask.transaction,
                        purpose=ask.purpose,
                        nonce=fresh.nonce,
                        expires_utc_s=fresh.expires_utc_s,
                        used_by="",
                    )
                )
                issued = issued_visit(db, device, commitment=ask.commitment)
        if issued is None:
            raise AssertionError("a row of this very transaction is not there")
        return issued

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as db:
                yield db
        except sa.exc.OperationalError as problem:
            raise StoreBroken(
                f"{self._engine.url.database}: nothing can be kept: {problem.orig};"
                " mend the disk and start again, the terminals will send again"
            ) from problem

    # --- what a person may ask ------------------------------------------------------
    def chains(self) -> list[Chain]:
        """Return the head of every chain."""
        with self._engine.connect() as db:
            rows = db.execute(sa.select(tables.chains)).all()
        return [Chain(r.device, Link(r.epoch, r.upto, r.head)) for r in rows]

    def gaps(self) -> list[Gap]:
        """Return every chain that has records beyond its head."""
        beyond = (
            sa.select(
                tables.chains.c.device,
                tables.chains.c.epoch,
                (tables.chains.c.upto + 1).label("missing"),
                sa.func.min(tables.records.c.seq).label("here"),
            )
            .join(
                tables.records,
                (tables.records.c.device == tables.chains.c.device)
                & (tables.records.c.epoch == tables.chains.c.epoch)
                & (tables.records.c.seq > tables.chains.c.upto),
            )
            .group_by(tables.chains.c.device, tables.chains.c.epoch)
        )
        with self._engine.connect() as db:
            rows = db.execute(beyond).all()
        return [Gap(r.device, r.epoch, r.missing, r.here) for r in rows]

    def alarms(self) -> list[Alarm]:
        """Return everything that was ever raised."""
        columns = ("device", "epoch", "seq", "kind", "detail")
        query = sa.select(*(tables.alarms.c[name] for name in columns))
        with self._engine.connect() as db:
            return [Alarm(*row) for row in db.execute(query)]

    def tokens(self, device: str) -> list[str]:
        """Return a device's records, in order of their places."""
        query = (
            sa.select(tables.records.c.token)
            .where(tables.records.c.device == device)
            .order_by(tables.records.c.epoch, tables.records.c.seq)
        )
        with self._engine.connect() as db:
            return [row.token for row in db.execute(query)]


# Any: the raw connection and its record, as SQLAlchemy's event gives them.
def _make_durable(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
