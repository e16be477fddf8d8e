"""Several that take in results, sharing what comes: real programs, a real broker."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from broker import Mosquitto, mosquitto
from likeness.carrier.database import Database
from likeness.carrier.store import CarrierStore
from likeness.core import jws, messages
from likeness.edges.verifier import CarrierVerifier
from likeness.simulators.authority import Authority, Kind
from postgres import Postgres
from processes import LIKENESS, Program, happens
from results import FACTS, MOMENT, Bench, bench, chain_of
from scale.line import Line
from scale.mqtt5 import Message
from stories import story, until
from tls_broker import Guest, shipped

pytestmark = pytest.mark.broker

TERMINALS, RESULTS = 100, 12
AGAIN_AFTER_S = 1.0
WITHIN_S = 30.0


@dataclass
class Terminal:
    """A made-up terminal: a chain, and how far it is receipted."""

    near: Bench
    name: str
    tokens: list[str]
    upto: int = -1
    heads: dict[int, str] = field(default_factory=dict)

    @property
    def waiting(self) -> list[str]:
        return self.tokens[self.upto + 1 :]

    def hear(self, token: bytes) -> None:
        """Believe only what is signed by the carrier, for this terminal."""
        verifier = CarrierVerifier(
            self.name,
            receipt_key=self.near.keys.public("receipt"),
            visit_key=self.near.keys.public("visit"),
        )
        said = verifier.receipt(token, MOMENT.utc_s)
        assert isinstance(said, messages.Receipt), f"refused: {said.reason}"
        assert said.head == jws.chain_hash(self.tokens[said.upto])
        self.upto = max(self.upto, said.upto)


class Shops:
    """All terminals, over one line; each sends again what has no receipt."""

    def __init__(self, folder: Path, count: int = TERMINALS) -> None:
        self.terminals: dict[str, Terminal] = {}
        for number in range(count):
            name = f"sim-{number:03d}"
            facts = replace(FACTS, device=name)
            near = bench(folder, facts=facts)
            tokens = chain_of(near, RESULTS, facts=facts)
            self.terminals[name] = Terminal(near, name, tokens)

    @property
    def keys(self) -> Path:
        return next(iter(self.terminals.values())).near.keys.carrier

    @property
    def waiting(self) -> int:
        return sum(len(one.waiting) for one in self.terminals.values())

    async def send_until(self, line: Line, left: int) -> None:
        """Send and resend until no more than this has no receipt."""
        line.heard = self._hear
        await line.subscribe(messages.topic("+", "receipt"))
        async with asyncio.timeout(WITHIN_S):
            while self.waiting > left:
                for seq in range(RESULTS + 1):
                    for one in self.terminals.values():
                        if seq > one.upto:
                            topic = messages.topic(one.name, "result")
                            token = one.tokens[seq].encode()
                            await line.publish(Message(topic, token))
                    if self.waiting <= left:
                        return
                await asyncio.sleep(AGAIN_AFTER_S)

    def _hear(self, message: Message) -> None:
        device, _ = messages.device_and_leaf(message.topic)
        self.terminals[device].hear(message.payload)


CONFIG = """\
keys = "{keys}"
database = "{database}"
environment = "test"
host = "{host}"
port = {port}
client_id = "{name}"
share = "ingest"
retry_to_s = 1.0
"""


class Ingest(Program):
    """One `likeness carrier run`."""

    def __init__(
        self, folder: Path, name: str, broker: Mosquitto, keys: Path, place: str
    ) -> None:
        config = folder / f"{name}.toml"
        config.write_text(
            CONFIG.format(
                keys=keys,
                database=place,
                host=broker.host,
                port=broker.port,
                name=name,
            )
        )
        log = folder / f"{name}.log"
        super().__init__(log, *LIKENESS, "carrier", "run", "--config", config)

    async def is_up(self, since: int = 0) -> None:
        await until(lambda: "event=broker_up" in self.said(since))

    @property
    def took(self) -> int:
        """How many records it has taken in, over its lives."""
        return sum(map(int, re.findall(r"kept(?:_before)?=(\d+)", self.said())))


@pytest.fixture
def url(postgres: Postgres) -> str:
    place = postgres.database()
    Database.make(place)
    return place


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running:
        yield running


def all_is_there(place: str, shops: Shops) -> None:
    """Nothing lost, nothing doubled, nothing doubtful."""
    store = CarrierStore(place)
    for one in shops.terminals.values():
        assert store.tokens(one.name) == one.tokens
    heads = {one.device: one.upto.seq for one in store.chains()}
    assert heads == dict.fromkeys(shops.terminals, RESULTS)
    assert (store.alarms(), store.gaps()) == ([], [])
    store.close()


@pytest.mark.postgres
@story
async def test_one_of_two_dies_in_mid_load_and_nothing_is_lost_or_doubled(
    tmp_path: Path, url: str, broker: Mosquitto
) -> None:
    shops = Shops(tmp_path)
    both = [
        Ingest(tmp_path, name, broker, shops.keys, url)
        for name in ("ingest-1", "ingest-2")
    ]
    for one in both:
        one.start()
    try:
        for one in both:
            await one.is_up()
        line = await Line.open(broker.host, broker.port, "shops")
        total = shops.waiting
        await shops.send_until(line, left=total // 2)
        assert all(one.took for one in both), "they share"
        both[0].kill()
        await shops.send_until(line, left=total // 3)
        at = both[0].written
        both[0].start()  # systemd does
        await both[0].is_up(at)
        await shops.send_until(line, left=0)
        line.close()
    finally:
        for one in both:
            one.kill()
    all_is_there(url, shops)


@pytest.mark.postgres
@story
async def test_without_its_database_it_ends_and_nothing_is_receipted_that_is_not_kept(
    tmp_path: Path, postgres: Postgres, url: str, broker: Mosquitto
) -> None:
    shops = Shops(tmp_path, 20)
    ingest = Ingest(tmp_path, "ingest-1", broker, shops.keys, url)
    ingest.start()
    try:
        await ingest.is_up()
        line = await Line.open(broker.host, broker.port, "shops")
        await shops.send_until(line, left=shops.waiting // 2)
        postgres.stop("immediate")
        receipted = shops.waiting
        try:
            for one in shops.terminals.values():
                topic = messages.topic(one.name, "result")
                await line.publish(Message(topic, one.tokens[-1].encode()))
            await until(lambda: ingest.fell)
            assert shops.waiting == receipted
        finally:
            postgres.start()
        words = ingest.said().splitlines()
        (why,) = [one for one in words if "nothing can be kept" in one]
        assert "start again" in why
        assert "Traceback" not in ingest.said()
        at = ingest.written
        ingest.start()  # systemd does
        await ingest.is_up(at)
        await shops.send_until(line, left=0)
        line.close()
    finally:
        ingest.kill()
    all_is_there(url, shops)


def test_by_the_shipped_rules_several_share_and_hear_nothing_else(
    tmp_path: Path,
) -> None:
    pki = Authority(tmp_path / "pki")
    ingests = [pki.make(f"likeness-ingest-{n}", Kind.CARRIER) for n in (1, 2)]
    with shipped(tmp_path / "broker", pki) as broker:
        shop = pki.make("shop-1", Kind.DEVICE)
        with (
            Guest(broker.port, pki.servers, shop) as terminal,
            Guest(broker.carrier_port, pki.servers, ingests[0]) as one,
            Guest(broker.carrier_port, pki.servers, ingests[1]) as two,
        ):
            for guest in (one, two):
                for leaf in ("result", "ask", "telemetry", "reply"):
                    guest.follow(f"$share/ingest/{messages.topic('+', leaf)}")
            for number in range(10):
                for leaf in ("result", "telemetry", "reply"):
                    terminal.say(messages.topic("shop-1", leaf), b"%d" % number)
            terminal.say(messages.topic("shop-1", "ask"), b"last")
            topic = messages.topic("shop-1", "result")
            results = {(topic, b"%d" % number) for number in range(10)}
            last = {(messages.topic("shop-1", "ask"), b"last")}
            everything = results | last
            assert happens(lambda: {*one.heard, *two.heard} == everything, WITHIN_S)
            assert len(one.heard) + len(two.heard) == 11, "each once"
            assert min(len(one.heard), len(two.heard)) >= 5
            terminal.follow(messages.topic("shop-1", "receipt"))
            assert two.say(messages.topic("shop-1", "receipt"), b"r") == 0
            assert two.say(messages.topic("shop-1", "cmd"), b"c") == 0x87
