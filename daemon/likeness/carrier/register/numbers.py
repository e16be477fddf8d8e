"""Answers `check_numbers` out of the register: what its person holds now.

Leaves to others: who may ask (`inquiries`), how little of it leaves (`numbers`).
"""

from collections.abc import Sequence

from likeness.carrier.database import Database
from likeness.carrier.numbers import Registered
from likeness.carrier.register import registrations
from likeness.carrier.register.persons import Digests
from likeness.core.messages import CardFacts, Person

REGISTER = "register"  # the word of the settings' `numbers`


class RegisterNumbers:
    """Belongs to the thread of its database."""

    def __init__(self, digests: Digests, database: Database) -> None:
        self._digests = digests
        self._database = database

    def numbers_of(
        self, person: Person, card: CardFacts | None = None
    ) -> Sequence[Registered]:
        """Return all numbers of whoever this document belongs to."""
        digest = self._digests.of_person(person, card)
        if digest is None:
            return []
        with self._database.read() as db:
            found = registrations.of_person(db, digest)
        return [Registered(one.number, one.place, one.since, one.kind) for one in found]
