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
from likeness.edges.verifier import CarrierAnswers, CarrierVerifier
from likeness.edges.visit_key import EphemeralKey
from likeness.remote import Remote
from likeness.service.commanding import Say
from likeness.service.delivery import Delivery
from likeness.service.inquiry import CarrierInquiry, NoInquiry
from likeness.service.notary import Notary
from likeness.service.ports import Clock
from likeness.service.ports_parts import Inquiry
from likeness.service.remote_start import Openable, RemoteStart
from likeness.service.statements import SignedStatements
from likeness.service.timekeeping import Timekeeping

SEALED_DOTS = 4  # between the five parts of a JWE (RFC 7516, 7.1)


@dataclass(frozen=True, slots=True)
class Answers:
    """Who waits for the carrier's answers, and whom it knows them by."""

    statements: SignedStatements
    inquiry: CarrierInquiry
    verifier: CarrierAnswers
    time: Timekeeping

    def hear(self, message: Arrived) -> None:
        """Take in a message from `answer`.

        Raises:
            Untrusted: it is not the carrier's, or not for what we asked.
        """
        if message.payload.count(b".") == SEALED_DOTS:
            self.inquiry.hear_sealed(message.payload)
            return
        # It names our own words by their digest, so an old one is no lie.
        said = self.verifier.answer(message.payload, self.time.floor_s)
        if not self.inquiry.takes(said):
            self.statements.hear(said)


@dataclass(frozen=True, slots=True)
class Talk:
    """All of it, and the orders; what the delivery hears comes here."""

    answers: Answers | None
    start: RemoteStart
    far: Remote | None

    @property
    def statements(self) -> SignedStatements | None:
        """Who keeps decisions and disputes; None: `carrier_answer_key` is not set."""
        return self.answers.statements if self.answers else None

    @property
    def inquiry(self) -> Inquiry:
        """Who asks which numbers are in a name; it says so where nobody can."""
        return self.answers.inquiry if self.answers else NoInquiry()

    @property
    def topics(self) -> Mapping[str, Callable[[Arrived], None]]:
        """Who hears what, on topics beside the usual ones."""
        answers = {"answer": self.answers.hear} if self.answers else {}
        orders = self.far.topics if self.far else {}
        return {"visit": self.start.hear, **answers, **orders}

    def counts(self) -> Mapping[str, int]:
        """Return what telemetry says."""
        said = {f"visit_order_{name}": n for name, n in self.start.counts.items()}
        said |= self.far.counts() if self.far else {}
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
            group.create_task(self.start.run())
            if self.answers:
                group.create_task(self.answers.statements.run())
                group.create_task(self.answers.inquiry.run())


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the daemon is made of, as far as it is needed here."""

    settings: Config
    notary: Notary
    store: SqliteStore
    time: Timekeeping
    clock: Clock
    verifier: CarrierVerifier
    terminal: Openable
    delivery: Callable[[], Delivery]
    far: Remote | None


def build(parts: Parts) -> Talk:
    """Make all that the configuration allows.

    Raises:
        ConfigError: the answer key cannot be used.
    """
    start = RemoteStart(
        device=parts.settings.terminal.device,
        verifier=parts.verifier,
        notary=parts.notary,
        memory=parts.store,
        time=parts.time,
        clock=parts.clock,
        terminal=parts.terminal,
        say=_say(parts),
    )
    return Talk(_answers(parts), start, parts.far)


def _say(parts: Parts) -> Say:
    return lambda *said, **how: parts.delivery().say(*said, **how)


def _answers(parts: Parts) -> Answers | None:
    given = parts.settings.keys.carrier_answer_key
    if not given:
        return None
    verifier = CarrierAnswers(parts.settings.terminal.device, Path(given))
    statements = SignedStatements(
        notary=parts.notary,
        store=SqliteStatements(parts.store),
        time=parts.time,
        clock=parts.clock,
        say=_say(parts),
        choose=random.random,
    )
    inquiry = CarrierInquiry(
        notary=parts.notary,
        verifier=verifier,
        make_key=EphemeralKey,
        statements=statements,
        time=parts.time,
        say=_say(parts),
    )
    return Answers(statements, inquiry, verifier, parts.time)
