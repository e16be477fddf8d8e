"""A consumer of other libraries takes our terminal's results, and its word is believed.

`consumer.py` is what somebody else would write from the contract alone; the terminal's
side is ours, with its outbox, its keys and a real broker between.
"""

import ast
import asyncio
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from broker import Mosquitto, mosquitto
from deliveries import DEVICE, delivery, running, until_empty, visit
from likeness.core import jws, messages
from likeness.core.chain import ChainHead
from processes import Program, happens
from results import (
    ACCEPTED,
    EPOCH,
    NAME,
    NUMBER,
    REFUSED,
    Bench,
    bench,
    chain_of,
    result_at,
    signed,
)
from stories import story

pytestmark = pytest.mark.broker

CONSUMER = Path(__file__).parent / "consumer.py"
PAGE = Path(__file__).parents[2] / "daemon" / "CONSUMER.md"


def consumer(folder: Path, broker: Mosquitto, environment: str = "test") -> Program:
    where = (broker.host, broker.port, folder / "keys/carrier", folder / "second.db")
    words = [sys.executable, CONSUMER, *where, environment]
    return Program(folder / "consumer.log", *words)


@contextmanager
def started(program: Program) -> Iterator[Program]:
    program.start()
    try:
        yield program
    finally:
        program.kill()
        assert "Traceback" not in program.said(), program.said()


def kept(folder: Path) -> list[tuple[int, str]]:
    with closing(sqlite3.connect(folder / "second.db")) as db:
        found = db.execute("SELECT seq, token FROM record ORDER BY epoch, seq")
        return [(int(seq), str(token)) for seq, token in found]


def listens(folder: Path) -> bool:
    with closing(sqlite3.connect(folder / "second.db")) as db:
        return bool(db.execute("SELECT 1 FROM sqlite_master").fetchall())


class Stranger:
    """Publishes what it likes, and hears what a carrier says to terminals."""

    def __init__(self, broker: Mosquitto) -> None:
        self.receipts: list[bytes] = []
        self._client = Client(
            CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.on_message = self._hear
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("likeness/v1/+/receipt", qos=1)
        self._client.loop_start()

    def _hear(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        self.receipts.append(bytes(message.payload))

    def say(self, payload: str | bytes, device: str = DEVICE) -> None:
        said = self._client.publish(messages.topic(device, "result"), payload, qos=1)
        said.wait_for_publish(5)

    def upto(self) -> list[int]:
        claims = [
            messages.from_json(
                jws.parse(one, types=(messages.RECEIPT,)).payload, messages.Receipt
            )
            for one in list(self.receipts)
        ]
        return [one.upto for one in claims]

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def stranger(broker: Mosquitto) -> Iterator[Stranger]:
    one = Stranger(broker)
    try:
        yield one
    finally:
        one.close()


def test_it_is_short_and_shares_no_code() -> None:
    text = CONSUMER.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 60
    tree = ast.parse(text)
    names = [one.module for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)]
    names += [
        alias.name
        for one in ast.walk(tree)
        if isinstance(one, ast.Import)
        for alias in one.names
    ]
    foreign = {str(name).split(".")[0] for name in names} - set(sys.stdlib_module_names)
    assert foreign == {"jwcrypto", "paho"}


def test_the_page_shows_it_as_it_is() -> None:
    shown = PAGE.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    assert shown == CONSUMER.read_text(encoding="utf-8")


@story
async def test_its_receipts_clear_the_terminals_outbox(tmp_path: Path) -> None:
    near = bench(tmp_path)
    await near.store.open()
    for _ in range(5):
        await near.record(ACCEPTED)  # made before there was a line
    with mosquitto(tmp_path) as broker, started(consumer(tmp_path, broker)):
        way = delivery(near, broker)
        async with running(way.run()):
            for _ in range(30):
                await visit(near, way)
            await until_empty(near)
    rows = kept(tmp_path)
    assert [seq for seq, _ in rows] == list(range(36))
    assert rows[-1][1] == await near.store.token(near.store.epoch, 35)
    for marked in (NAME, NUMBER):
        assert marked.encode() not in (tmp_path / "second.db").read_bytes()
    await near.store.close()


@story
async def test_killed_again_and_again_it_loses_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    near = bench(tmp_path)
    await near.store.open()
    with mosquitto(tmp_path) as broker:
        program = consumer(tmp_path, broker)
        with started(program):
            way = delivery(near, broker)
            async with running(way.run()):
                for number in range(60):
                    await visit(near, way)
                    if number % 20 == 10:
                        waiting = len(await near.store.waiting())
                        program.kill()  # with a batch in its hands, or on the way
                        assert waiting, "it was killed with nothing to do"
                        program.start()
                await until_empty(near)
    assert [seq for seq, _ in kept(tmp_path)] == list(range(61))
    await near.store.close()


def forged(near: Bench, other: Bench, tokens: list[str]) -> dict[str, str | bytes]:
    """Return what must get no receipt, by what is wrong with it."""
    head, payload, signature = tokens[1].split(".")
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    claims = jws.decode(payload)
    none = jws.encode(b'{"alg":"none","kid":"%b","typ":"likeness-result+jws"}')
    foreign = claims.replace(DEVICE.encode(), b"shop-18")
    live = claims.replace(b'"environment":"test"', b'"environment":"production"')
    return {
        "no token": b"\xff\x00 no token",
        "empty": "",
        "another signature": f"{head}.{payload}.{flipped}",
        "no signature": f"{none}.{payload}.",
        "another's key": signed(other, claims, messages.RESULT),
        "another device's name": signed(near, foreign, messages.RESULT),
        "another type": signed(near, claims, messages.ASK),
        "another environment": signed(near, live, messages.RESULT),
        "no claims": signed(near, b"[]", messages.RESULT),
        "odd claims": signed(near, b'{"epoch":{},"seq":"x"}', messages.RESULT),
    }


@story
async def test_what_is_forged_gets_no_receipt(tmp_path: Path) -> None:
    near = bench(tmp_path)
    (tmp_path / "other").mkdir()
    other = bench(tmp_path / "other")
    tokens = chain_of(near, 2)
    with mosquitto(tmp_path) as broker, started(consumer(tmp_path, broker)):
        assert await asyncio.to_thread(happens, lambda: listens(tmp_path), 10)
        with stranger(broker) as anybody:
            for token in forged(near, other, tokens).values():
                anybody.say(token)
            anybody.say(tokens[0], device="shop-18")  # on a topic that is not its own
            assert kept(tmp_path) == []
            while not anybody.receipts:  # it subscribes when it likes
                anybody.say(tokens[0])
                await asyncio.sleep(0.05)
            assert set(anybody.upto()) == {0}
            anybody.say(tokens[2])  # a gap: kept, not receipted
            for token in forged(near, other, tokens).values():
                anybody.say(token)
            assert await asyncio.to_thread(
                happens, lambda: [seq for seq, _ in kept(tmp_path)] == [0, 2], 10
            )
            assert set(anybody.upto()) == {0}
            anybody.say(tokens[1])
            assert await asyncio.to_thread(happens, lambda: 2 in anybody.upto(), 10)
    assert [token for _, token in kept(tmp_path)] == tokens


@story
async def test_a_second_record_at_a_place_is_not_kept(tmp_path: Path) -> None:
    near = bench(tmp_path)
    tokens = chain_of(near, 1)
    head = ChainHead(EPOCH, 1, jws.chain_hash(tokens[0]))
    fork = result_at(near, head, replace(REFUSED, transaction="t-2"))
    with (
        mosquitto(tmp_path) as broker,
        started(consumer(tmp_path, broker)),
        stranger(broker) as anybody,
    ):
        while not anybody.receipts:
            anybody.say(tokens[0])
            await asyncio.sleep(0.05)
        anybody.say(tokens[1])
        assert await asyncio.to_thread(happens, lambda: 1 in anybody.upto(), 10)
        anybody.say(fork)
        anybody.say(tokens[0])
        before = len(anybody.receipts)
        assert await asyncio.to_thread(
            happens, lambda: len(anybody.receipts) > before, 10
        )
    assert [token for _, token in kept(tmp_path)] == tokens
