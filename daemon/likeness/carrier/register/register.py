"""The register, opened: its keys, its rules, its database, and what is done with it.

Every change is one transaction of the database, all of it or nothing. What may not be
done is raised as `NotDone`, with its doubt. Leaves to others: the rules
(`core.binding`), each step (`binding`, `disputing`, `transactions`), HTTP.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from likeness.carrier.database import Database, lock
from likeness.carrier.register import (
    binding,
    disputing,
    judging,
    registrations,
    transactions,
)
from likeness.carrier.register.binding import Desk, Line, NotDone, transaction_lock
from likeness.carrier.register.disputing import Dispute, Outcome, number_lock
from likeness.carrier.register.persons import Persons
from likeness.carrier.register.registrations import Event, Registration, What
from likeness.carrier.register.transactions import Opened, State
from likeness.carrier.settings import Settings
from likeness.carrier.trust import Trust
from likeness.core.binding import Doubt, Rules
from likeness.core.numbering import Kind, normal_number
from likeness.core.vocabulary import Purpose


@dataclass(frozen=True, slots=True)
class Standing:
    """How a transaction stands."""

    opened: Opened
    verdict: str  # of its newest result; empty: there is none
    reasons: tuple[str, ...]
    doubt: Doubt | None  # why its result may not be used now; none: it may


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a number."""

    holds: Registration | None  # none: it is free
    is_disputed: bool
    history: list[Event]


class Register:
    """Belongs to one thread at a time, as its database does."""

    def __init__(self, settings: Settings, utc: Callable[[], float]) -> None:
        """Open keys and database; `utc` gives seconds since 1970.

        Raises:
            ConfigError: one of them cannot be used.
        """
        given = settings.register
        keys = Path(settings.keys)
        self._persons = Persons(keys)
        self._trust = Trust(keys / "devices")
        self._rules = Rules(
            fresh_s=given.fresh_s,
            at_most={
                Kind.MOBILE: given.mobile_at_most,
                Kind.INTERNET: given.internet_at_most,
            },
            decided=given.decided,
            country=given.country,
        )
        self._transaction_s = given.transaction_s
        self._utc = utc
        self._database = Database(settings.database)

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    # --- transactions ---------------------------------------------------------------
    def open(
        self,
        name: str,
        purpose: Purpose,
        *,
        device: str = "",
        kind: Kind | None = None,
        number: str = "",
        by: str = "",
    ) -> tuple[Opened, bool]:
        """Open a transaction; return it, and whether it is new.

        Raises:
            NotDone: another one has this name, no such terminal, or no such number.
        """
        if device and not self._trust.knows(device):
            raise NotDone(Doubt.UNKNOWN_DEVICE)
        digest = ""
        if kind and number:
            plain = self._line(kind, number).number
            digest = self._persons.digests.of_number(kind, plain)
        now_s = self._now_s()
        asked = Opened(
            name=name,
            purpose=purpose,
            opened_s=now_s,
            expires_s=now_s + self._transaction_s,
            device=device,
            kind=kind or "",
            number_digest=digest,
            by=by,
        )
        with self._database.begin() as db:
            lock(db, [transaction_lock(name)])
            before = transactions.find(db, name)
            if before is None:
                transactions.keep(db, asked)
                return asked, True
        if not before.asks_the_same(asked):
            raise NotDone(Doubt.NAME_TAKEN)
        return before, False

    def standing(self, name: str) -> Standing:
        """Say how a transaction stands; nothing is changed by it.

        Raises:
            NotDone: there is none of this name.
        """
        with self._database.read() as db:
            opened = binding.find(db, name)
            purposes = frozenset({opened.purpose})
            found = judging.judge(
                db, self._trust, opened, self._rules, self._now_s(), purposes
            )
        verdict = found.result.verdict if found.result else ""
        reasons = tuple(found.result.reasons) if found.result else ()
        return Standing(opened, verdict, reasons, found.doubt)

    def end(self, name: str) -> Opened:
        """End a transaction: nothing is bound by it from now on.

        Raises:
            NotDone: there is none of this name, or it is used.
        """
        with self._database.begin() as db:
            lock(db, [transaction_lock(name)])
            opened = binding.find(db, name)
            if opened.state is State.USED:
                raise NotDone(Doubt.USED_BEFORE)
            transactions.put(db, name, State.ENDED)
        return opened

    # --- numbers --------------------------------------------------------------------
    def bind(
        self, name: str, kind: Kind, number: str, *, place: str = "", by: str = ""
    ) -> tuple[Registration, bool]:
        """Bind a number, or confirm who holds it; see `binding.bind`."""
        line = self._line(kind, number, place)
        with self._database.begin() as db:
            return binding.bind(db, self._desk(by), name, line)

    def transfer(
        self,
        kind: Kind,
        number: str,
        *,
        holder: str,
        successor: str,
        place: str = "",
        by: str = "",
    ) -> tuple[Registration, bool]:
        """Give a number to another person; see `binding.transfer`."""
        line, desk = self._line(kind, number, place), self._desk(by)
        with self._database.begin() as db:
            return binding.transfer(db, desk, line, holder=holder, successor=successor)

    def numbers_of(self, name: str) -> list[Registration]:
        """Return what a verified person holds; see `binding.numbers_of`."""
        with self._database.begin() as db:
            return binding.numbers_of(db, self._desk(), name)

    def end_number(
        self, kind: Kind, number: str, *, reference: str, by: str = ""
    ) -> str:
        """End the registration of a number; return its id, also when said again.

        Raises:
            NotDone: it is free.
        """
        line = self._line(kind, number)
        with self._database.begin() as db:
            lock(db, [number_lock(kind, line.number)])
            found = registrations.active(db, kind, line.number)
            if found is not None:
                registrations.end(db, found.id)
                ended = Event(found.id, What.ENDED, self._now_s(), by, reference)
                registrations.note(db, ended)
                return found.id
            past = registrations.history(db, kind, line.number)
        if past and (past[-1].what, past[-1].about) == (What.ENDED, reference):
            return past[-1].registration
        raise NotDone(Doubt.NUMBER_FREE)

    def look_up(self, kind: Kind, number: str) -> Found:
        """Return what is known of a number.

        Raises:
            NotDone: there is no such number.
        """
        line = self._line(kind, number)
        with self._database.begin() as db:
            disputing.take_up(db, self._persons, self._now_s())
            found = registrations.active(db, kind, line.number)
            holding = registrations.holding(db, found)
            past = registrations.history(db, kind, line.number)
        return Found(found, holding is not None and holding.is_disputed, past)

    # --- disputes -------------------------------------------------------------------
    def disputes(self, state: str = "open") -> list[Dispute]:
        """Return the disputes in a state, or all where it is empty."""
        with self._database.begin() as db:
            disputing.take_up(db, self._persons, self._now_s())
            return disputing.listed(db, state)

    def dispute(
        self, kind: Kind, number: str, *, reference: str, by: str = ""
    ) -> Dispute:
        """Open a dispute in the carrier's own name.

        Raises:
            NotDone: the number is free.
        """
        line = self._line(kind, number)
        with self._database.begin() as db:
            lock(db, [number_lock(kind, line.number)])
            found = registrations.active(db, kind, line.number)
            if found is None:
                raise NotDone(Doubt.NUMBER_FREE)
            made = disputing.open_by_carrier(db, found.id, reference, by, self._now_s())
            one = disputing.find(db, made)
        if one is None:
            raise AssertionError("a row of this very transaction is not there")
        return one

    def settle(self, dispute: str, outcome: Outcome, *, by: str = "") -> Dispute:
        """Settle a dispute; where it is upheld, its registration ends.

        Raises:
            NotDone: there is no such dispute, or it was settled otherwise.
        """
        with self._database.begin() as db:
            before = disputing.find(db, dispute)
            if before is None:
                raise NotDone(Doubt.UNKNOWN_DISPUTE)
            lock(db, [number_lock(before.kind, before.number)])
            lock(db, [disputing.LOCK])
            one = disputing.find(db, dispute) or before
            if one.state not in ("open", outcome):
                raise NotDone(Doubt.SETTLED_BEFORE)
            if one.state == "open":
                disputing.settle(db, one, outcome, by, self._now_s())
            return disputing.find(db, dispute) or one

    # --- inside ---------------------------------------------------------------------
    def _now_s(self) -> int:
        return int(self._utc())

    def _desk(self, by: str = "") -> Desk:
        return Desk(self._trust, self._persons, self._rules, self._now_s(), by)

    def _line(self, kind: Kind, number: str, place: str = "") -> Line:
        plain = normal_number(number, kind, self._rules.country)
        if plain is None:
            raise NotDone(Doubt.NUMBER_MALFORMED)
        return Line(kind, plain, place)
