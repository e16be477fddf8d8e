"""A terminal whose card was restored from an image: an old copy of itself wakes up."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker import Mosquitto, mosquitto
from deliveries import DEVICE, carrier, delivery, running, until_empty, visit
from likeness.__main__ import main
from likeness.carrier.keeping import Kept
from likeness.carrier.store import CarrierStore
from likeness.edges.store_file import survey
from results import ACCEPTED, Bench, bench
from stories import story, until

pytestmark = pytest.mark.broker


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Mosquitto]:
    with mosquitto(tmp_path) as running_broker:
        yield running_broker


async def live(near: Bench, broker: Mosquitto, visits: int) -> None:
    """Open, make some results, deliver all, close."""
    await near.store.open()
    way = delivery(near, broker)
    async with running(way.run()):
        for _ in range(visits):
            await visit(near, way)
        await until_empty(near)
    await near.store.close()


def save(folder: Path) -> None:
    shutil.copytree(folder / "state", folder / "image")


def restore(folder: Path) -> None:
    shutil.rmtree(folder / "state")
    shutil.copytree(folder / "image", folder / "state")


@story
async def test_it_finds_out_before_a_visit_takes_a_place_twice(
    tmp_path: Path, broker: Mosquitto
) -> None:
    kept: list[Kept] = []
    async with running(carrier(tmp_path, broker, kept)):
        await live(bench(tmp_path), broker, visits=2)
        save(tmp_path)
        await live(bench(tmp_path), broker, visits=3)
        restore(tmp_path)

        near = bench(tmp_path)
        await near.store.open()
        old = near.store.epoch
        way = delivery(near, broker)
        async with running(way.run()):
            await until(lambda: way.counts["forked"] == 1)
            await visit(near, way)
            await until_empty(near)
        assert (await near.store.newest()).seq == 1
        await near.store.close()
    store = CarrierStore(tmp_path / "carrier.db")
    upto = {chain.upto.epoch: chain.upto.seq for chain in store.chains()}
    assert upto == {old: 5, near.store.epoch: 1}
    (alarm,) = store.alarms()
    assert (alarm.device, alarm.kind, alarm.seq) == (DEVICE, "new_epoch", 0)
    said = f"kept here {old}: 5; known there {old}: 2; reason forked"
    assert alarm.detail == said
    store.close()


@pytest.mark.parametrize("more", [1, 6])
@story
async def test_what_took_a_place_twice_is_refused_and_all_else_is_delivered(
    tmp_path: Path, broker: Mosquitto, more: int
) -> None:
    """Visits without a line, in the old copy: fewer than were lost, or more."""
    kept: list[Kept] = []
    async with running(carrier(tmp_path, broker, kept)):
        first = bench(tmp_path)
        await first.store.open()
        for _ in range(2):  # these wait in the image, and are delivered afterwards
            await first.record(ACCEPTED)
        await first.store.close()
        save(tmp_path)
        await live(bench(tmp_path), broker, visits=3)
        restore(tmp_path)

        near = bench(tmp_path)
        await near.store.open()
        old = near.store.epoch
        for _ in range(more):
            await near.record(ACCEPTED)
        way = delivery(near, broker)
        async with running(way.run()):
            await until_empty(near)
            await visit(near, way)
            await until_empty(near)
        new = near.store.epoch
        assert new != old
        assert way.counts["forked"] == 1, "one fork, one new epoch"
        await near.store.close()
    aside = survey(tmp_path / "state/results.db").aside
    assert aside == tuple((old, 3 + n, "fork") for n in range(more))
    store = CarrierStore(tmp_path / "carrier.db")
    upto = {chain.upto.epoch: chain.upto.seq for chain in store.chains()}
    assert upto == {old: 5, new: 1}
    kinds = [alarm.kind for alarm in store.alarms()]
    assert kinds.count("new_epoch") == 1
    assert kinds.count("fork") >= 1
    there = {*store.evidence(DEVICE), *store.tokens(DEVICE)}
    store.close()
    near = bench(tmp_path)
    await near.store.open()
    for epoch, seq, _ in aside:  # nothing is lost: the carrier has what it refused
        assert await near.store.token(epoch, seq) in there
    await near.store.close()


@story
async def test_a_carrier_that_was_restored_gets_again_what_it_had_signed_for(
    tmp_path: Path, broker: Mosquitto, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its database is older than its receipts; the terminal has all of it still."""
    database = tmp_path / "carrier.db"
    async with running(carrier(tmp_path, broker, [])):
        await live(bench(tmp_path), broker, visits=2)
    shutil.copy(database, tmp_path / "backup.db")
    async with running(carrier(tmp_path, broker, [])):
        await live(bench(tmp_path), broker, visits=3)
    for name in ("carrier.db", "carrier.db-wal", "carrier.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup.db", database)

    near = bench(tmp_path)
    await near.store.open()
    epoch = near.store.epoch
    kept: list[Kept] = []
    async with running(carrier(tmp_path, broker, kept)):
        way = delivery(near, broker)
        async with running(way.run()):
            await visit(near, way)
            await until(lambda: any(one.record.seq == 6 for one in kept))
        assert [row.link.seq for row in await near.store.waiting()] == [6]
        await near.store.close()
        state = str(tmp_path / "state")
        order = ["outbox", "--state-dir", state, "--send-again", "--epoch", epoch]
        assert main([*order, "--after", "2"]) == 0
        assert "waiting again: 4\n" in capsys.readouterr().out
        near = bench(tmp_path)
        await near.store.open()
        way = delivery(near, broker)
        async with running(way.run()):
            await until_empty(near)
        assert near.store.epoch == epoch, "nothing was forked"
        await near.store.close()
    store = CarrierStore(database)
    (chain,) = store.chains()
    assert chain.upto.seq == 6
    assert store.gaps() == []
    assert store.alarms() == []
    store.close()
