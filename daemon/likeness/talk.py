"""Puts together what terminal and carrier say to each other beside results and orders.

Attendants' decisions and visitors' disputes, the question which numbers are in a name,
and visits that the carrier starts. Leaves to others: everything else (`wiring`).
"""

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from likeness.config import Config
from likeness.core.line import Arrived
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from likeness.edges.verifier import CarrierAnswers
from likeness.remote import Remote
from likeness.service.delivery import Delivery
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.statements import SignedStatements
from likeness.service.timekeeping import Timekeeping


@dataclass(frozen=True, slots=True)
class Answers:
    """Who waits for the carrier's answers, and whom it knows them by."""

    statements: SignedStatements
    verifier: CarrierAnswers
    time: Timekeeping

    def hear(self, message: Arrived) -> None:
        """Take in a message from `answer`.

        Raises:
            Untrusted: it is not the carrier's, or not for what we asked.
        """
        # It names our own statement by its digest, so an old one is no lie.
        self.statements.hear(self.verifier.answer(message.payload, self.time.floor_s))


@dataclass(frozen=True, slots=True)
class Talk:
    """All of it, and the orders; what the delivery hears comes here."""

    answers: Answers | None
    far: Remote | None

    @property
    def statements(self) -> SignedStatements | None:
        """Who keeps decisions and disputes; None: `carrier_answer_key` is not set."""
        return self.answers.statements if self.answers else None

    @property
    def topics(self) -> Mapping[str, Callable[[Arrived], None]]:
        """Who hears what, on topics beside the usual ones."""
        ours = {"answer": self.answers.hear} if self.answers else {}
        return {**ours, **(self.far.topics if self.far else {})}

    def counts(self) -> Mapping[str, int]:
        """Return what telemetry says."""
        said = dict(self.far.counts()) if self.far else {}
        if self.answers:
            counts = self.answers.statements.counts()
            said |= {f"statement_{name}": n for name, n in counts.items()}
        return said

    def line_is_up(self) -> None:
        """Say what waits, on a new line."""
        if self.answers:
            self.answers.statements.line_is_up()
        if self.far:
            self.far.line_is_up()

    async def run(self) -> None:
        """Serve until cancelled; orders have a task of their own."""
        async with asyncio.TaskGroup() as group:
            if self.answers:
                group.create_task(self.answers.statements.run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, as far as it is needed here."""

    settings: Config
    notary: Notary
    store: SqliteStore
    time: Timekeeping
    clock: Clock
    delivery: Callable[[], Delivery]
    far: Remote | None


def build(parts: Parts) -> Talk:
    """Make all that the configuration allows.

    Raises:
        ConfigError: the answer key cannot be used.
    """
    return Talk(_answers(parts), parts.far)


def _answers(parts: Parts) -> Answers | None:
    given = parts.settings.keys.carrier_answer_key
    if not given:
        return None
    statements = SignedStatements(
        notary=parts.notary,
        store=SqliteStatements(parts.store),
        time=parts.time,
        clock=parts.clock,
        say=lambda *said, **how: parts.delivery().say(*said, **how),
        choose=random.random,
    )
    verifier = CarrierAnswers(parts.settings.terminal.device, Path(given))
    return Answers(statements, verifier, parts.time)
