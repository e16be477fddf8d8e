"""A terminal without camera, card and models: signed results, kept, then delivered.

    python -m crash.slim_terminal '{"arm": "outbox", …}'

Store, recorder, outbox and line are the product's own. It makes a result every few
milliseconds until a file `closed` stands beside its state, and says of each, after its
commit, "made SEQ HASH". The naive arm signs and keeps in the same way, but hands each
result once to paho with QoS 1 and trusts its queue; of each answer it says
"acked SEQ CODE". Leaves to others: killing it.
"""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import msgspec
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from likeness.core import jws, messages
from likeness.core.chain import Stored
from likeness.core.report import DeviceFacts
from likeness.core.vocabulary import Environment
from likeness.edges.bench_keys import BenchKeys
from likeness.edges.broker import LineSettings, MqttLine
from likeness.edges.clock import SystemClock
from likeness.edges.sealer import PersonSealer
from likeness.edges.signer import FileSigner
from likeness.edges.store import SqliteStore
from likeness.edges.verifier import CarrierVerifier
from likeness.service.delivery import Delivery
from likeness.service.notary import Notary
from likeness.service.recording import Recorder
from likeness.service.timekeeping import Timekeeping
from results import ACCEPTED, REFUSED

HOST = "127.0.0.1"
KEEPALIVE_S = 2  # so that silence is noticed within a campaign's patience
RETRY_FROM_S, RETRY_TO_S = 0.2, 2.0
SESSION_EXPIRY_S = 600
CLOSED = "closed"

Arm = Literal["outbox", "naive"]


class Orders(msgspec.Struct, frozen=True, kw_only=True):
    """What one terminal is told; `keys` is the folder of `bench_keys`."""

    arm: Arm
    device: str
    home: str
    keys: str
    port: int
    pace_s: tuple[float, float] = (0.05, 0.3)  # between two results


def bench_keys_of(orders: Orders) -> BenchKeys:
    """Return where this terminal's keys are."""
    keys = Path(orders.keys)
    return BenchKeys(keys / "terminals" / orders.device, keys / "carrier")


class Slim:
    """The parts that sign and keep; the same in both arms."""

    def __init__(self, orders: Orders) -> None:
        self.keys = bench_keys_of(orders)
        self.clock = SystemClock()
        signer = FileSigner(self.keys.device_key)
        facts = DeviceFacts(
            device=orders.device,
            software="0",
            key_tier=signer.key_tier,
            environment=Environment.TEST,
        )
        self.notary = Notary(facts, signer=signer, clock=self.clock)
        self.store = SqliteStore(Path(orders.home) / "state", self.notary.begin_epoch)
        self.record = Recorder(
            append=self.store.append,
            signer=signer,
            sealer=PersonSealer(self.keys.public("person")),
            facts=facts,
            clock=self.clock,
        )

    async def make(self) -> Stored:
        """Make one more result, and say that it is safe."""
        conclusion = random.choice((ACCEPTED, REFUSED))  # noqa: S311 - no secret
        name = os.urandom(8).hex()
        stored = await self.record(replace(conclusion, transaction=name))
        os.write(1, f"made {stored.seq} {jws.chain_hash(stored.token)}\n".encode())
        return stored


def line_settings(orders: Orders) -> LineSettings:
    """Return the product's settings, but for waits that suit a campaign."""
    device = orders.device
    return LineSettings(
        host=HOST,
        port=orders.port,
        client_id=device,
        topics=tuple(messages.topic(device, leaf) for leaf in ("receipt", "visit")),
        keepalive_s=KEEPALIVE_S,
        session_expiry_s=SESSION_EXPIRY_S,
        retry_from_s=RETRY_FROM_S,
        retry_to_s=RETRY_TO_S,
    )


def delivery(slim: Slim, orders: Orders, line: MqttLine) -> Delivery:
    """Return the product's own way to the carrier."""
    return Delivery(
        device=orders.device,
        store=slim.store,
        broker=line,
        verifier=CarrierVerifier(
            orders.device,
            receipt_key=slim.keys.public("receipt"),
            visit_key=slim.keys.public("visit"),
        ),
        notary=slim.notary,
        clock=slim.clock,
        time=Timekeeping(slim.clock),
        choose=random.random,
        telemetry_every_s=5.0,
    )


class Naive:
    """QoS 1 and paho's own memory: what most do."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._topic = messages.topic(orders.device, "result")
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=orders.device,
            protocol=MQTTProtocolVersion.MQTTv5,
        )
        self._client.reconnect_delay_set(1, 2)
        self._client.on_publish = self._on_publish
        self._seqs: dict[int, int] = {}  # by paho's number
        self._loop = asyncio.get_running_loop()

    async def run(self) -> None:
        """Connect, come back, send what is in the queue: all this is paho's."""
        # paho has no types here.
        expiry = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        expiry.SessionExpiryInterval = SESSION_EXPIRY_S
        self._client.connect_async(
            HOST,
            self._orders.port,
            KEEPALIVE_S,
            clean_start=False,
            properties=expiry,
        )
        self._client.loop_start()
        await asyncio.Event().wait()

    def publish(self, seq: int, token: str) -> None:
        """Hand one result over, once."""
        info = self._client.publish(self._topic, token.encode(), qos=1)
        self._seqs[info.mid] = seq

    # Any: paho gives every callback its user data, which we do not use.
    def _on_publish(
        self,
        _client: Client,
        _data: Any,
        mid: int,
        code: ReasonCode,
        _properties: Properties,
    ) -> None:
        # On the loop `publish` has come to its end, and the number is known.
        self._loop.call_soon_threadsafe(self._acked, mid, code.value)

    def _acked(self, mid: int, code: int) -> None:
        os.write(1, f"acked {self._seqs.pop(mid)} {code}\n".encode())


async def _make_results(
    slim: Slim, orders: Orders, tell: Callable[[Stored], None]
) -> None:
    closed = Path(orders.home) / CLOSED
    while not closed.exists():
        tell(await slim.make())
        await asyncio.sleep(random.uniform(*orders.pace_s))  # noqa: S311 - no secret


async def live(orders: Orders) -> None:
    """Serve until killed."""
    slim = Slim(orders)
    await slim.store.open()
    run: Awaitable[None]
    if orders.arm == "outbox":
        way = delivery(slim, orders, MqttLine(line_settings(orders)))
        run = way.run()

        def tell(stored: Stored) -> None:
            way.stored(stored.seq)

    else:
        naive = Naive(orders)
        run = naive.run()
        if len(waiting := await slim.store.waiting()) == 1:  # an epoch has just begun
            first = waiting[0].link
            token = await slim.store.token(first.epoch, first.seq)
            naive.publish(first.seq, token or "")

        def tell(stored: Stored) -> None:
            naive.publish(stored.seq, stored.token)

    await asyncio.gather(run, _make_results(slim, orders, tell))


if __name__ == "__main__":
    asyncio.run(live(msgspec.json.decode(sys.argv[1], type=Orders)))
