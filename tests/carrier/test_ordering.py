"""An order and its answer over mutual TLS, at a mosquitto with the shipped files."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from deliveries import DEVICE, running
from likeness.carrier.ordering import Ordering, Unanswered
from likeness.carrier.settings import Settings
from likeness.core import messages, orders
from likeness.core.line import Arrived
from likeness.edges import key_files
from likeness.edges.broker import MqttLine
from likeness.edges.clock import SystemClock
from likeness.edges.signer import FileSigner
from likeness.edges.verifier import CarrierOrders, CarrierVerifier
from likeness.service.commanding import Commanding
from likeness.service.delivery import Delivery
from likeness.service.notary import Notary
from likeness.service.timekeeping import Timekeeping
from likeness.simulators.authority import Authority, Kind
from results import FACTS, Bench, bench
from signed_orders import Levels, Shop, said
from stories import story
from tls_broker import ShippedMosquitto, line_settings, shipped

pytestmark = pytest.mark.broker

WRITES = "topic write likeness/v1/+/desired\n"
TOPICS = tuple(messages.topic(DEVICE, leaf) for leaf in ("receipt", "cmd", "desired"))


@dataclass(slots=True)
class Far:
    """A terminal that obeys, over its own door, and who orders, over the other."""

    near: Bench
    pki: Authority
    broker: ShippedMosquitto
    folder: Path

    def terminal(
        self,
        notary: Notary,
        hear_desired: Callable[[Arrived], None] = lambda _wish: None,
    ) -> tuple[Commanding, Delivery]:
        clock = SystemClock()
        me = self.pki.make(DEVICE, Kind.DEVICE)

        async def nothing() -> dict[str, object]:
            return {}

        def hear(message: Arrived) -> None:
            commanding.hear(message)

        delivery = Delivery(
            device=DEVICE,
            store=self.near.store,
            broker=MqttLine(line_settings(self.broker, me, DEVICE, topics=TOPICS)),
            verifier=CarrierVerifier(
                DEVICE,
                receipt_key=self.near.keys.public("receipt"),
                visit_key=self.near.keys.public("visit"),
            ),
            notary=notary,
            clock=clock,
            time=Timekeeping(clock),
            choose=lambda: 0.0,
            birth=lambda: {"epoch": self.near.store.epoch},
            others={"cmd": hear, "desired": hear_desired},
        )
        commanding = Commanding(
            device=DEVICE,
            verifier=CarrierOrders(self.near.keys.public("command")),
            notary=notary,
            memory=self.near.store,
            time=Timekeeping(clock),
            epoch=lambda: self.near.store.epoch,
            clock=clock,
            visits=Shop(),
            journal=Levels(),
            deeds={orders.Announce: nothing},
            say=delivery.say,
        )
        return commanding, delivery

    def ordering(self) -> Ordering:
        who = self.pki.make("likeness-command", Kind.CARRIER)
        return Ordering(
            Settings(
                keys=str(self.folder / "keys/carrier"),
                database=str(self.folder / "carrier.db"),
                host="localhost",
                port=self.broker.carrier_port,
                ca_file=str(self.pki.servers),
                order_cert_file=str(who.cert),
                order_key_file=str(who.key),
            )
        )


@contextlib.asynccontextmanager
async def far_away(folder: Path) -> AsyncIterator[Far]:
    near, pki = bench(folder), Authority(folder / "pki")
    await near.store.open()
    with shipped(folder / "broker", pki) as broker:
        yield Far(near, pki, broker, folder)
    await near.store.close()


async def order(far: Far, action: orders.Action, wait_s: float = 20.0) -> orders.Reply:
    ordering = far.ordering()
    try:
        return await ordering.command(DEVICE, action, wait_s=wait_s, expires_after_s=60)
    finally:
        ordering.close()


@story
async def test_orders_go_over_one_door_and_answers_come_over_the_other(
    tmp_path: Path,
) -> None:
    async with far_away(tmp_path) as far:
        commanding, delivery = far.terminal(far.near.notary)
        async with running(delivery.run()), running(commanding.run()):
            await asyncio.sleep(0.3)
            for _ in range(2):  # each has a number of its own
                reply = await order(far, orders.Announce())
                assert (reply.outcome, reply.iss) == ("done", DEVICE)
            reply = await order(far, orders.Diagnose())
            assert (reply.outcome, reply.reason) == ("failed", "unsupported")


@story
async def test_an_answer_by_another_key_is_none(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        key_files.make_private(tmp_path / "thief.key")
        thief = FileSigner(tmp_path / "thief.key")
        commanding, delivery = far.terminal(
            Notary(FACTS, signer=thief, clock=SystemClock())
        )
        async with running(delivery.run()), running(commanding.run()):
            await asyncio.sleep(0.3)
            with pytest.raises(Unanswered, match="nothing on 'reply' within 2 s"):
                await order(far, orders.Announce(), wait_s=2.0)
            assert commanding.counts["done"] == 1  # it was done, but who says so?


@story
async def test_without_a_birth_there_is_no_epoch_to_order_in(tmp_path: Path) -> None:
    async with far_away(tmp_path) as far:
        with pytest.raises(Unanswered, match=f"{DEVICE}: this device was never seen"):
            await order(far, orders.Announce())


async def desire(far: Far, wait_s: float = 1.0) -> str:
    ordering = far.ordering()
    try:
        with pytest.raises(Unanswered) as late:
            await ordering.desire(DEVICE, orders.Overrides(), wait_s=wait_s)
    finally:
        ordering.close()
    return str(late.value)


@story
async def test_what_is_desired_stays_and_says_that_it_waits_for_a_start(
    tmp_path: Path,
) -> None:
    sent = "was sent, stays at the broker and is pending: "
    async with far_away(tmp_path) as far:
        assert f"for {DEVICE} {sent}this device was never seen" in await desire(far)
        _, delivery = far.terminal(far.near.notary)
        async with running(delivery.run()):
            await asyncio.sleep(0.3)
            said = await desire(far)
            assert f"for {DEVICE} {sent}nothing on 'reported' within 1 s" in said
            assert "takes force at the terminal's next start" in said
            waits = orders.Reported(version=1, state="pending", running={})
            for report in (b"no report at all", messages.to_json(waits)):
                delivery.say("reported", report, retain=True)
                assert f"{sent}it is not in force yet" in await desire(far)


@story
async def test_one_that_is_refused_beside_the_newest_is_answered_as_well(
    tmp_path: Path,
) -> None:
    """E.g. a carrier that was put back to an old copy: its version is stale."""
    async with far_away(tmp_path) as far:

        def refuse(wish: Arrived) -> None:
            beside = orders.RefusedWish(
                version=said(wish.payload)["version"], reason="stale"
            )
            newest = orders.Reported(
                version=2**40, state="applied", refused=beside, running={"version": 9}
            )
            delivery.say("reported", messages.to_json(newest), retain=True)

        _, delivery = far.terminal(far.near.notary, refuse)
        async with running(delivery.run()):
            await asyncio.sleep(0.3)
            ordering = far.ordering()
            answer = await ordering.desire(DEVICE, orders.Overrides(), wait_s=20.0)
            ordering.close()
    assert (answer.state, answer.reason) == ("refused", "stale")
    assert answer.version < 2**40
    assert answer.running == {"version": 9}


@story
async def test_what_the_broker_does_not_take_is_not_called_sent(
    tmp_path: Path,
) -> None:
    async with far_away(tmp_path) as far:
        rules = far.broker.rules("likeness-carrier.acl")
        text = rules.read_text()
        assert WRITES in text
        rules.write_text(text.replace(WRITES, ""))
        far.broker.reload()
        await asyncio.sleep(0.3)
        assert "the broker has not taken it" in await desire(far)
