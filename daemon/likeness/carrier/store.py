"""The carrier's database: records with their raw tokens, chains, alarms, visits.

All is committed before anything is receipted. One thread uses one store. Leaves to
others: how a record finds its place (`keeping`), which database it is (`database`),
signatures, sending.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from likeness.carrier import (
    alarms,
    asked_together,
    dating,
    inquiries,
    issued_orders,
    keeping_batch,
    key_history,
    nonces,
    stated,
    tables,
)
from likeness.carrier.asked_together import AnchorSaid, VisitAsked
from likeness.carrier.database import Database, lock
from likeness.carrier.incoming import Incoming
from likeness.carrier.issued_orders import NewOrder
from likeness.carrier.keeping import Chain, Kept
from likeness.carrier.stated import Stated
from likeness.carrier.unknown_keys import Stranger
from likeness.carrier.verify import Problem
from likeness.core import asks, messages
from likeness.core.chain import Link


@dataclass(frozen=True, slots=True)
class Gap:
    """Records are here, but not those before them."""

    device: str
    epoch: str
    first_missing: int
    next_here: int


class CarrierStore:
    """All methods belong on one thread; each change is one transaction."""

    def __init__(self, place: str | Path) -> None:
        """Open or make the database; see `Database`.

        Raises:
            ConfigError: it cannot be opened.
        """
        self.database = Database(place)

    def close(self) -> None:
        """Let go of it."""
        self.database.close()

    # --- records --------------------------------------------------------------------
    def keep(
        self, batch: Sequence[Incoming], now_s: int
    ) -> tuple[list[Kept], list[Chain]]:
        """Keep a batch in one transaction; see `keeping_batch.keep_all`."""
        with self.database.begin() as db:
            return keeping_batch.keep_all(db, batch, now_s)

    def raise_unknown_key(self, by: Stranger, token: str, now_s: int) -> None:
        """Raise an alarm for a key that nobody knows; once a day for each device."""
        alarm = alarms.Alarm(by.device, "", 0, Problem.UNKNOWN_KEY, by.detail, now_s)
        with self.database.begin() as db:
            lock(db, [by.device])
            alarms.keep(db, alarm, record=f"day {by.day}", token=token)

    def changed_key(self, device: str, kid: str) -> messages.PublicKey | None:
        """Return a key that a key change of this device has brought."""
        with self.database.read() as db:
            return key_history.key(db, device, kid)

    def is_current(self, device: str, kid: str) -> bool:
        """Say whether a key of this device has not been replaced."""
        with self.database.read() as db:
            return key_history.is_current(db, device, kid)

    def open_visit(
        self, device: str, ask: messages.Ask, fresh: nonces.Fresh
    ) -> nonces.Issued:
        """Return the visit of this commitment; see `asked_together.open_visits`."""
        return self.open_visits([VisitAsked(device, ask, fresh)])[0]

    def open_visits(self, asked: Sequence[VisitAsked]) -> list[nonces.Issued]:
        """Return the visits of these commitments, in their order."""
        with self.database.begin() as db:
            return asked_together.open_visits(db, asked)

    def keep_anchors(self, said: Sequence[AnchorSaid], now_s: int) -> int:
        """Keep what terminals say about their clocks; return how many were new."""
        with self.database.begin() as db:
            return asked_together.keep_anchors(db, said, now_s)

    def replaced(self, devices: Collection[str]) -> set[tuple[str, str]]:
        """Return device and thumbprint of each key of theirs that was replaced."""
        with self.database.read() as db:
            return asked_together.replaced(db, devices)

    def keep_statement(
        self, device: str, said: asks.Statement, token: str, now_s: int
    ) -> stated.Ruling | None:
        """Keep what a terminal states, once; None: it cannot be judged yet."""
        with self.database.begin() as db:
            lock(db, [device])
            return stated.keep(db, device, said, token, now_s)

    def grant(
        self, device: str, asked: asks.Question, of: str, now_s: int
    ) -> inquiries.Granted | str | None:
        """Say whether a question may be answered; see `inquiries.grant`."""
        with self.database.begin() as db:
            lock(db, [device])
            return inquiries.grant(db, device, asked, of, now_s)

    def keep_inquiry(
        self,
        device: str,
        asked: asks.Question,
        of: str,
        granted: inquiries.Granted,
        found: Sequence[asks.Number],
        now_s: int,
    ) -> None:
        """Note by which references a question is answered, before it is."""
        with self.database.begin() as db:
            lock(db, [device])
            inquiries.keep(db, device, asked, of, granted, found, now_s)

    def issue(self, order: NewOrder, now_s: int) -> str:
        """Sign an order under the next number of its device, keep it, return it."""
        with self.database.begin() as db:
            lock(db, [order.device])
            return issued_orders.issue(db, order, now_s)

    def keep_answer(self, token: str, answer: str) -> None:
        """Keep what a terminal has answered to an order."""
        with self.database.begin() as db:
            issued_orders.keep_answer(db, token, answer)

    # --- what a person may ask ------------------------------------------------------
    def evidence(self, device: str) -> list[str]:
        """Return what raised an alarm, as it was signed; also what was not taken."""
        query = sa.select(tables.alarms.c.token).where(tables.alarms.c.device == device)
        with self.database.read() as db:
            return [row.token for row in db.execute(query)]

    def chains(self) -> list[Chain]:
        """Return the head of every chain."""
        with self.database.read() as db:
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
        with self.database.read() as db:
            rows = db.execute(beyond).all()
        return [Gap(r.device, r.epoch, r.missing, r.here) for r in rows]

    def alarms(self) -> list[alarms.Alarm]:
        """Return everything that was ever raised, the newest last."""
        with self.database.read() as db:
            return alarms.raised(db)

    def stated(self) -> list[Stated]:
        """Return every decision and every dispute, the newest last."""
        with self.database.read() as db:
            return stated.all_stated(db)

    def disputed(self, one: Stated) -> tuple[str, str]:
        """Return the sealed person of a dispute, and the key of its references."""
        with self.database.read() as db:
            return stated.disputed(db, one)

    def dates(self, device: str) -> list[dating.DatedRecord]:
        """Say when each of a device's records was made, as well as it is known now."""
        with self.database.read() as db:
            return list(dating.dates(db, device))

    def tokens(self, device: str) -> list[str]:
        """Return a device's records, in order of their places."""
        query = (
            sa.select(tables.records.c.token)
            .where(tables.records.c.device == device)
            .order_by(tables.records.c.epoch, tables.records.c.seq)
        )
        with self.database.read() as db:
            return [row.token for row in db.execute(query)]
