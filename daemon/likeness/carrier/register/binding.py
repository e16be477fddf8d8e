"""Binds, confirms and transfers: the result is judged, used, and the number bound.

Transactions are locked before persons and numbers, and these before disputes, so that
two programs at the same moment wait for each other and never in a circle. What may not
be done is raised with its doubt: the caller's transaction must come to nothing then.
Leaves to others: the rules (`core.binding`), the facts (`judging`), rows
(`registrations`).
"""

from dataclasses import dataclass

import sqlalchemy as sa

from likeness.carrier.database import lock
from likeness.carrier.register import disputing, judging, registrations, transactions
from likeness.carrier.register.persons import Persons
from likeness.carrier.register.registrations import Event, Proof, Registration, What
from likeness.carrier.register.transactions import Opened, State, Use
from likeness.carrier.trust import Trust
from likeness.core import binding
from likeness.core.binding import BINDS, CONFIRMS, Doubt, Rules
from likeness.core.numbering import Kind
from likeness.core.vocabulary import Purpose
from likeness.errors import LikenessError

LOOKUP = frozenset({Purpose.CHECK_NUMBERS})
_WHAT = {
    Purpose.NEW_NUMBER: What.BOUND,
    Purpose.NEW_INTERNET: What.BOUND,
    Purpose.REPLACE_SIM: What.SIM_REPLACED,
    Purpose.REVERIFY_OWNER: What.REVERIFIED,
}


class NotDone(LikenessError):
    """It may not be done; nothing has happened."""

    def __init__(self, doubt: Doubt) -> None:
        super().__init__(f"not done: {doubt}")
        self.doubt = doubt


@dataclass(frozen=True, slots=True)
class Desk:
    """Whom the register believes, by which rules, and what time it is."""

    trust: Trust
    persons: Persons
    rules: Rules
    now_s: int
    by: str = ""  # who asks, as the token's line names him


@dataclass(frozen=True, slots=True)
class Line:
    """A number in its one form, and where it is given out."""

    kind: Kind
    number: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class _Usable:
    """A result that may be used now, and who is in it."""

    opened: Opened
    person: str
    proof: Proof


def bind(
    db: sa.Connection, desk: Desk, name: str, line: Line
) -> tuple[Registration, bool]:
    """Bind a number by a transaction's result, or confirm who holds it.

    Said twice it is the same registration. Returns it, and whether it is new.

    Raises:
        NotDone: it may not be.
    """
    lock(db, [transaction_lock(name)])
    if (done := _done(db, name, "bind", line)) is not None:
        return done, False
    usable = _usable(db, desk, name, frozenset({*BINDS, *CONFIRMS}))
    purpose = usable.opened.purpose
    _check_number(desk, usable.opened, line)
    found = _found(db, desk, line, usable.person)
    doubt = binding.doubt_binding(
        purpose,
        line.kind,
        usable.person,
        registrations.holding(db, found),
        registrations.count(db, usable.person, line.kind),
        desk.rules,
    )
    if doubt is not None:
        raise NotDone(doubt)
    is_new = found is None
    one = found or _write(db, desk, line, usable)
    _use(db, desk, usable, "bind", one, _WHAT[purpose])
    return one, is_new


def transfer(
    db: sa.Connection, desk: Desk, line: Line, *, holder: str, successor: str
) -> tuple[Registration, bool]:
    """Give a number to another person, by a result of each of the two.

    Args:
        db: with a transaction.
        desk: who asks.
        line: for which number.
        holder: transaction of the present holder, for `reverify_owner`.
        successor: transaction of the other person, for a new number of this kind.

    Raises:
        NotDone: it may not be.
    """
    lock(db, [transaction_lock(holder), transaction_lock(successor)])
    if (done := _done(db, successor, "transfer", line)) is not None:
        return done, False
    taking = frozenset(one for one, of in BINDS.items() if of is line.kind)
    leaves = _usable(db, desk, holder, frozenset({Purpose.REVERIFY_OWNER}))
    takes = _usable(db, desk, successor, taking)
    for one in (leaves, takes):
        _check_number(desk, one.opened, line)
    found = _found(db, desk, line, leaves.person, takes.person)
    doubt = binding.doubt_transfer(
        line.kind,
        leaves.person,
        takes.person,
        registrations.holding(db, found),
        registrations.count(db, takes.person, line.kind),
        desk.rules,
    )
    if doubt is not None or found is None:
        raise NotDone(doubt or Doubt.NUMBER_FREE)
    registrations.end(db, found.id)
    made = _write(db, desk, line, takes)
    _use(db, desk, leaves, "transfer", found, What.TRANSFERRED)
    _use(db, desk, takes, "transfer", made, What.BOUND)
    return made, True


def numbers_of(db: sa.Connection, desk: Desk, name: str) -> list[Registration]:
    """Return what the person in the result of a `check_numbers` holds.

    Raises:
        NotDone: its result may not be used for that.
    """
    lock(db, [transaction_lock(name)])
    usable = _usable(db, desk, name, LOOKUP)
    if transactions.use_of(db, name) is None:
        use = Use("lookup", "")
        transactions.use(db, name, usable.proof.hash, use, desk.now_s)
    elif transactions.used_by(db, usable.proof.hash) != name:
        raise NotDone(Doubt.USED_BEFORE)  # another result came since: of whom?
    return registrations.of_person(db, usable.person)


def find(db: sa.Connection, name: str) -> Opened:
    """Return a transaction.

    Raises:
        NotDone: there is none of this name.
    """
    opened = transactions.find(db, name)
    if opened is None:
        raise NotDone(Doubt.UNKNOWN_TRANSACTION)
    return opened


def transaction_lock(name: str) -> str:
    """Return by which name a transaction is locked."""
    return f"transaction {name}"


# --- inside -------------------------------------------------------------------------
def _usable(
    db: sa.Connection, desk: Desk, name: str, purposes: frozenset[Purpose]
) -> _Usable:
    opened = find(db, name)
    if opened.state is State.ENDED:
        raise NotDone(Doubt.TRANSACTION_ENDED)
    if opened.state is State.USED and purposes != LOOKUP:
        raise NotDone(Doubt.USED_BEFORE)
    found = judging.judge(db, desk.trust, opened, desk.rules, desk.now_s, purposes)
    if found.doubt is not None or found.result is None:
        raise NotDone(found.doubt or Doubt.NO_RESULT)
    person = desk.persons.of(found.result)
    if person is None:
        raise NotDone(Doubt.NO_PERSON)
    device = found.result.iss
    proof = Proof(name, device, found.epoch, found.seq, found.hash)
    return _Usable(opened, person, proof)


def _check_number(desk: Desk, opened: Opened, line: Line) -> None:
    """A transaction that was opened for one number is good for no other."""
    digest = desk.persons.digests.of_number(line.kind, line.number)
    is_kind = (opened.kind or line.kind) == line.kind
    if not is_kind or (opened.number_digest or digest) != digest:
        raise NotDone(Doubt.OTHER_NUMBER)


def _found(
    db: sa.Connection, desk: Desk, line: Line, *persons: str
) -> Registration | None:
    """Lock a number and these persons; return who holds it, all disputes noted."""
    lock(db, [disputing.number_lock(line.kind, line.number), *map(_of, persons)])
    disputing.take_up(db, desk.persons, desk.now_s)
    return registrations.active(db, line.kind, line.number)


def _of(person: str) -> str:
    return f"person {person}"


def _done(db: sa.Connection, name: str, use: str, line: Line) -> Registration | None:
    """Return what was done before by this transaction with this very number."""
    before = transactions.use_of(db, name)
    if before is None or before.use != use:
        return None
    found = registrations.by_id(db, before.registration)
    if found is None or (found.number, found.kind) != (line.number, line.kind):
        return None
    return found


def _write(db: sa.Connection, desk: Desk, line: Line, usable: _Usable) -> Registration:
    return registrations.bind(
        db,
        line.kind,
        line.number,
        usable.person,
        usable.proof,
        place=line.place,
        now_s=desk.now_s,
    )


def _use(
    db: sa.Connection,
    desk: Desk,
    usable: _Usable,
    use: str,
    found: Registration,
    what: What,
) -> None:
    proof = usable.proof
    use_of_it = Use(use, found.id)
    transactions.use(db, proof.transaction, proof.hash, use_of_it, desk.now_s)
    about = (desk.by, proof.transaction, proof.hash)
    registrations.note(db, Event(found.id, what, desk.now_s, *about))
