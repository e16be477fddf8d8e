"""A terminal that thinks it is 1970: nothing waits for a clock, all is dated later."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from broker import Mosquitto, mosquitto
from deliveries import DEVICE, Script, carrier, delivery, running, until_empty, visit
from likeness import RELEASED_UTC_S
from likeness.carrier.keeping import Kept
from likeness.carrier.store import CarrierStore
from likeness.carrier.words import RECEIPT_EXPIRES_S, CarrierWords
from likeness.core import messages, outbox, time_floor
from likeness.core.chain import Link
from likeness.core.dating import Dated, Source
from likeness.core.line import Arrived, BrokerUp
from likeness.core.vocabulary import Moment, Purpose
from likeness.service.timekeeping import Timekeeping
from results import ACCEPTED, Bench, bench
from stories import story, until

WAKES = Moment(utc_s=30, quality="unsynced", boot="boot-1", mono_ms=30_000)


class HandClock:
    """A wall clock that is set by hand."""

    def __init__(self) -> None:
        self.now = WAKES
        self.booted = int(time.time()) - 10_000  # by a good clock

    def moment(self) -> Moment:
        return self.now

    def later(self, mono_s: int) -> None:
        self.now = replace(self.now, utc_s=mono_s, mono_ms=mono_s * 1000)

    def set_by_network(self) -> None:
        utc_s = self.booted + self.now.mono_ms // 1000
        self.now = replace(self.now, utc_s=utc_s, quality="ntp")


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running_broker:
        yield running_broker


def dates(folder: Path) -> list[Dated]:
    with contextlib.closing(CarrierStore(folder / "carrier.db")) as store:
        return [one.date for one in store.dates(DEVICE)]


@pytest.mark.broker
@story
async def test_from_visit_to_receipt_and_dated_later(
    tmp_path: Path, broker: Mosquitto
) -> None:
    clock, kept = HandClock(), list[Kept]()
    wall = Timekeeping(clock)
    near = bench(tmp_path, clock=wall)
    await near.store.open()
    await wall.open(near.store)
    way = delivery(near, broker, time=wall)
    async with running(carrier(tmp_path, broker, kept)), running(way.run()):
        clock.later(60)
        await visit(near, way)
        clock.later(90)
        await visit(near, way)
        await until_empty(near)
        assert way.counts["dropped"] == 0
        # Nobody knows better yet: not later than it was received.
        received = [one.record for one in kept if one.new]
        assert {date.source for date in dates(tmp_path)} == {Source.RECEIVED}
        # What the carrier signed is past, whatever sets the clock afterwards.
        floor_s = wall.floor_s
        assert floor_s > RELEASED_UTC_S
        clock.now = replace(clock.now, utc_s=floor_s - 1, quality="ntp")
        assert wall.moment().quality == "unsynced"
        assert wall.today().is_known is False

        clock.later(10_100)  # a little ahead of the carrier: above the floor
        clock.set_by_network()
        await until(lambda: dates(tmp_path)[0].source is Source.ANCHOR)
    assert dates(tmp_path) == [
        Dated(clock.booted + made_s, Source.ANCHOR) for made_s in (30, 60, 90)
    ]
    assert [one.seq for one in received] == [0, 1, 2]
    await near.store.close()

    # The next boot has no clock again, but it has the floor.
    clock.now = replace(WAKES, boot="boot-2")
    woken = Timekeeping(clock)
    assert woken.floor_s == RELEASED_UTC_S
    near = bench(tmp_path, clock=woken)
    await near.store.open()
    await woken.open(near.store)
    assert woken.floor_s >= floor_s
    assert woken.believed_now() is None
    await near.store.close()


@pytest.mark.broker
@story
async def test_a_floor_in_the_future_is_mended_by_two_that_agree(
    tmp_path: Path, broker: Mosquitto
) -> None:
    """A carrier's clock was years ahead for a day, while this terminal had none."""
    clock = HandClock()
    wall = Timekeeping(clock)
    near = bench(tmp_path, clock=wall)
    await near.store.open()
    await wall.open(near.store)
    await wall.heard(clock.booted + 10 * 365 * 86_400)
    way = delivery(near, broker, time=wall)
    async with running(carrier(tmp_path, broker, [])), running(way.run()):
        clock.later(10_060)
        clock.set_by_network()
        await visit(near, way)
        await until(lambda: way.counts["dropped"] > 0)
        assert wall.believed_now() is None, "one witness is not enough"
        assert len(await near.store.waiting()) == 2
        way.ask_visit(b"c" * 32, "t-1", Purpose.NEW_NUMBER)
        await until(lambda: wall.believed_now() is not None)
        await visit(near, way)
        await until_empty(near)
    await near.store.close()
    again = bench(tmp_path, clock=wall)
    await again.store.open()
    woken = Timekeeping(clock)
    await woken.open(again.store)
    assert abs(woken.floor_s - time.time()) < time_floor.AHEAD_S, "for good"
    await again.store.close()


def receipt(near: Bench, upto: Link, iat: int) -> Arrived:
    words = CarrierWords(
        receipt_key=near.keys.private("receipt"), visit_key=near.keys.private("visit")
    )
    said = words.receipt(DEVICE, upto, iat).encode()
    return Arrived(messages.topic(DEVICE, "receipt"), said)


@pytest.mark.parametrize(
    ("age_s", "taken"), [(RECEIPT_EXPIRES_S + 1, False), (RECEIPT_EXPIRES_S, True)]
)
@story
async def test_without_a_clock_only_what_has_expired_for_sure_is_refused(
    tmp_path: Path, age_s: int, taken: bool
) -> None:
    wall = Timekeeping(HandClock())
    near = bench(tmp_path, clock=wall)
    await near.store.open()
    begins = await near.store.newest()
    broker = Script(BrokerUp(), receipt(near, begins, wall.floor_s - age_s))
    way = delivery(near, broker, time=wall)
    async with running(way.run()):
        await until(lambda: way.counts["receipts"] + way.counts["dropped"] == 1)
    assert (way.counts["receipts"] == 1) == taken
    assert len(await near.store.waiting()) == (0 if taken else 1)
    await near.store.close()


@pytest.mark.broker
@story
async def test_a_set_clock_that_is_days_fast_holds_nothing_back(
    tmp_path: Path, broker: Mosquitto
) -> None:
    """A broken time server: to this clock each receipt has expired."""
    clock, kept = HandClock(), list[Kept]()
    clock.booted += 40 * 86_400
    clock.later(10_000)
    clock.set_by_network()
    wall = Timekeeping(clock)
    near = bench(tmp_path, clock=wall)
    await near.store.open()
    await wall.open(near.store)
    for _ in range(outbox.AHEAD + 6):
        await near.record(ACCEPTED)
    way = delivery(near, broker, time=wall)
    async with running(carrier(tmp_path, broker, kept)), running(way.run()):
        await until_empty(near)
    await near.store.close()
    assert way.counts["dropped"] == 0
    assert len([one for one in kept if one.new]) == outbox.AHEAD + 7
    doubted = dates(tmp_path)
    assert {date.source for date in doubted} == {Source.RECEIVED}
    assert all(date.clock_ahead for date in doubted)
    assert abs(wall.floor_s - time.time()) < time_floor.AHEAD_S
