"""What tests of statements and questions need: visits, and both ends of a talk."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from broker import Mosquitto
from deliveries import DEVICE, running
from likeness.carrier.answering import Answering
from likeness.carrier.asked import Said
from likeness.carrier.ingest import Ingest
from likeness.carrier.numbers import NumberFile, NumberRegistry
from likeness.carrier.register.numbers import REGISTER, RegisterNumbers
from likeness.carrier.register.persons import Digests
from likeness.carrier.serve import serve
from likeness.carrier.settings import Settings
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import jws, messages
from likeness.core.chain import Link, Stored
from likeness.core.glance import Glance, State
from likeness.core.line import Arrived
from likeness.core.visit_events import Cancelled, Event
from likeness.core.vocabulary import Conclusion, Environment, Purpose, Reason, Verdict
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.clock import SystemClock
from likeness.edges.store_statements import SqliteStatements
from likeness.edges.verifier import CarrierAnswers, CarrierVerifier
from likeness.edges.visit_key import EphemeralKey
from likeness.service.delivery import Delivery
from likeness.service.inquiry import CarrierInquiry
from likeness.service.remote_start import RemoteStart
from likeness.service.statements import SignedStatements
from likeness.service.timekeeping import Timekeeping
from likeness.talk import Answers, Talk
from results import ACCEPTED, MOMENT, NUMBER, REFUSED, Bench, FixedClock, bench

CHECKED = replace(ACCEPTED, purpose=Purpose.CHECK_NUMBERS, transaction="t-check")
REFERRED = replace(
    ACCEPTED,
    verdict=Verdict.REFERRED,
    reasons=(Reason.MATCH_IN_DOUBT,),
    transaction="t-referred",
)
TURNED_AWAY = replace(REFUSED, transaction="t-refused")
WHOLE = ("13812345678", "02187654321")  # never seen outside the carrier
NUMBERS = f"""\
[[holder]]
document = "{NUMBER}"
[[holder.number]]
number = "{WHOLE[0]}"
place = "杭州"
since = 2024-05-01
[[holder.number]]
number = "{WHOLE[1]}"
[[holder]]
document = "somebody else's"
[[holder.number]]
number = "13900000000"
"""


def number_file(folder: Path, text: str = NUMBERS) -> Path:
    path = folder / "numbers.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def link(stored: Stored) -> Link:
    return Link(stored.epoch, stored.seq, jws.chain_hash(stored.token))


class Carrier:
    """A carrier that is handed batches; `now` is its clock."""

    def __init__(
        self,
        near: Bench,
        folder: Path,
        *,
        numbers: str | None,
        answers: bool,
        place: str = "",
        environment: Environment = Environment.TEST,
    ) -> None:
        keys, self.now = near.keys, MOMENT.utc_s
        self.store = CarrierStore(place or folder / "carrier.db")
        registry: NumberRegistry | None = None
        if numbers == REGISTER:
            registry = RegisterNumbers(Digests(keys.carrier), self.store.database)
        elif numbers is not None:
            registry = NumberFile(number_file(folder, numbers))
        answering = Answering(
            self.store,
            answer_key=keys.private("answer"),
            person_key=keys.private("person") if registry else None,
            registry=registry,
        )
        self.ingest = Ingest(
            line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
            store=self.store,
            trust=Trust(keys.devices),
            words=CarrierWords(
                receipt_key=keys.private("receipt"), visit_key=keys.private("visit")
            ),
            environment=environment,
            utc=lambda: self.now,
            answering=answering if answers else None,
        )

    def take(self, *tokens: str, leaf: str = "result", device: str = DEVICE) -> None:
        """Hand in what must get no answer."""
        assert self.said(*tokens, leaf=leaf, device=device) == []

    def said(self, *tokens: str, leaf: str = "ask", device: str = DEVICE) -> list[Said]:
        """Hand in; return what is said on `visit` and `answer`."""
        topic = messages.topic(device, leaf)
        return self.ingest.handle([Arrived(topic, one.encode()) for one in tokens]).said

    def answer(self, token: str, device: str = DEVICE) -> str:
        """Hand in one ask; return its one answer."""
        (said,) = self.said(token, device=device)
        assert (said.device, said.leaf) == (device, "answer")
        return said.token


@contextlib.contextmanager
def handed(
    near: Bench, folder: Path, *, numbers: str | None = NUMBERS, answers: bool = True
) -> Iterator[Carrier]:
    """Make a carrier whose line is never run: batches are handed in."""
    carrier = Carrier(near, folder, numbers=numbers, answers=answers)
    try:
        yield carrier
    finally:
        carrier.store.close()


async def first(near: Bench) -> str:
    """Return the record that begins the chain: without it nothing follows."""
    token = await near.store.token(near.store.epoch, 0)
    assert token is not None
    return token


class FakeTerminal:
    """Begins visits, and does nothing else."""

    def __init__(self) -> None:
        self.obstacle = ""
        self.glance = Glance(State.IDLE)
        self.begun: list[tuple[Purpose, str]] = []
        self.posted: list[Event] = []

    def begin(self, *, purpose: Purpose, transaction: str) -> int | None:
        self.begun.append((purpose, transaction))
        number = len(self.begun)
        self.glance = Glance(
            State.CONSENT, visit=number, purpose=purpose, transaction=transaction
        )
        self.obstacle = "busy"
        return number

    def post(self, event: Event) -> None:
        self.posted.append(event)
        if isinstance(event, Cancelled):
            self.obstacle, self.glance = "", Glance(State.IDLE)


@dataclass(frozen=True)
class Near:
    """A terminal's side over a real line."""

    bench: Bench
    talk: Talk
    delivery: Delivery
    terminal: FakeTerminal

    @property
    def statements(self) -> SignedStatements:
        assert self.talk.statements is not None
        return self.talk.statements

    async def visit(self, conclusion: Conclusion) -> Stored:
        """Make a result and give it to the delivery."""
        stored = await self.bench.record(conclusion)
        self.delivery.stored(stored.seq)
        return stored

    async def waiting(self) -> int:
        return len(await SqliteStatements(self.bench.store).statements())


@contextlib.asynccontextmanager
async def terminal(near: Bench, broker: Mosquitto) -> AsyncIterator[Near]:
    """Run a terminal's statements, questions and remote start over a real line."""
    clock = SystemClock()
    time = Timekeeping(FixedClock())
    shop = FakeTerminal()
    verifier = CarrierVerifier(
        DEVICE,
        receipt_key=near.keys.public("receipt"),
        visit_key=near.keys.public("visit"),
    )

    def say(*said: Any, **how: Any) -> int | None:
        return delivery.say(*said, **how)

    statements = SignedStatements(
        notary=near.notary,
        store=SqliteStatements(near.store),
        time=time,
        clock=clock,
        say=say,
        choose=lambda: 0.0,
    )
    known = CarrierAnswers(DEVICE, near.keys.public("answer"))
    inquiry = CarrierInquiry(
        notary=near.notary,
        verifier=known,
        make_key=EphemeralKey,
        statements=statements,
        time=time,
        say=say,
        again_s=0.2,
    )
    start = RemoteStart(
        device=DEVICE,
        verifier=verifier,
        notary=near.notary,
        memory=near.store,
        time=Timekeeping(clock),
        clock=clock,
        terminal=shop,
        say=say,
    )
    talk = Talk(Answers(statements, inquiry, known, time), start, None)
    delivery = Delivery(
        device=DEVICE,
        store=near.store,
        broker=MqttLine(
            LineSettings(
                host=broker.host,
                port=broker.port,
                client_id=DEVICE,
                topics=tuple(
                    messages.topic(DEVICE, leaf)
                    for leaf in dict.fromkeys(("receipt", *talk.topics))
                ),
                retry_to_s=1.0,
            )
        ),
        verifier=verifier,
        notary=near.notary,
        clock=clock,
        time=time,
        choose=lambda: 0.0,
        others=talk.topics,
        on_up=talk.line_is_up,
    )
    async with running(delivery.run()), running(talk.run()):
        yield Near(near, talk, delivery, shop)


def carrier(
    folder: Path, broker: Mosquitto, *, numbers: bool = True
) -> Awaitable[None]:
    """Return the real carrier, to be run."""
    settings = Settings(
        keys=str(folder / "keys/carrier"),
        database=str(folder / "carrier.db"),
        environment="test",
        host=broker.host,
        port=broker.port,
        retry_to_s=1.0,
        numbers=str(number_file(folder)) if numbers else "",
    )
    return serve(settings)


@contextlib.asynccontextmanager
async def shop(folder: Path) -> AsyncIterator[Bench]:
    """Open a terminal's store."""
    near = bench(folder)
    await near.store.open()
    try:
        yield near
    finally:
        await near.store.close()
