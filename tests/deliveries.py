"""What tests of delivery need: a terminal's way to a real broker, a real carrier."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

from broker import Mosquitto
from likeness.carrier.keeping import Kept
from likeness.carrier.serve import serve
from likeness.carrier.settings import Settings
from likeness.core import messages
from likeness.core.line import BrokerEvent
from likeness.edges.broker import LineSettings, MqttLine, Will
from likeness.edges.clock import SystemClock
from likeness.edges.verifier import CarrierVerifier
from likeness.service.asking import VisitGrant
from likeness.service.delivery import Delivery
from likeness.service.timekeeping import Timekeeping
from results import ACCEPTED, Bench

DEVICE = "shop-17"


async def until_empty(far: Bench, within_s: float = 30.0) -> None:
    async with asyncio.timeout(within_s):
        while await far.store.waiting():
            await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def running(job: Awaitable[None]) -> AsyncIterator[asyncio.Future[None]]:
    task = asyncio.ensure_future(job)
    try:
        yield task
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def carrier(folder: Path, broker: Mosquitto, kept: list[Kept]) -> Awaitable[None]:
    settings = Settings(
        keys=str(folder / "keys/carrier"),
        database=str(folder / "carrier.db"),
        environment="test",
        host=broker.host,
        port=broker.port,
        retry_to_s=2.0,
    )
    return serve(settings, kept.append)


class Script:
    """A broker that says what it is told to, once, and keeps what it is given."""

    def __init__(self, *events: BrokerEvent) -> None:
        self._events = events
        self._listener: Callable[[BrokerEvent], None] | None = None
        self.published: list[str] = []

    def say(self, event: BrokerEvent) -> None:
        assert self._listener is not None, "nobody listens yet"
        self._listener(event)

    async def run(self, listener: Callable[[BrokerEvent], None]) -> None:
        self._listener = listener
        for event in self._events:
            listener(event)
        await asyncio.Event().wait()

    def publish(
        self,
        topic: str,
        payload: bytes,
        *,
        qos: int = 1,
        retain: bool = False,
        expiry_s: int | None = None,
        correlation: bytes = b"",
    ) -> int | None:
        self.published.append(f"{topic} {len(payload)} {qos} {retain} {expiry_s}")
        return len(self.published)


def line_to(broker: Mosquitto) -> MqttLine:
    lost = messages.Status(status="lost", boot="boot-1")
    return MqttLine(
        LineSettings(
            host=broker.host,
            port=broker.port,
            client_id=DEVICE,
            topics=tuple(messages.topic(DEVICE, leaf) for leaf in ("receipt", "visit")),
            will=Will(messages.topic(DEVICE, "status"), messages.to_json(lost), 0),
            retry_to_s=2.0,
        )
    )


def delivery(
    near: Bench,
    broker: Mosquitto | Script,
    grants: list[VisitGrant] | None = None,
    time: Timekeeping | None = None,
) -> Delivery:
    clock = SystemClock()
    return Delivery(
        device=DEVICE,
        store=near.store,
        broker=broker if isinstance(broker, Script) else line_to(broker),
        verifier=CarrierVerifier(
            DEVICE,
            receipt_key=near.keys.public("receipt"),
            visit_key=near.keys.public("visit"),
        ),
        notary=near.notary,
        clock=clock,
        time=time or Timekeeping(clock),
        choose=lambda: 0.5,
        birth=lambda: {"software": "0.1.0", "epoch": near.store.epoch},
        telemetry=lambda: {"temperature_c": 51.5},
        telemetry_every_s=0.2,
        on_visit=(grants if grants is not None else list[VisitGrant]()).append,
    )


async def visit(near: Bench, way: Delivery) -> None:
    way.stored((await near.record(ACCEPTED)).seq)
