"""A key changes once, whatever ends the daemon on the way; the carrier follows."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey

from likeness.carrier.audit.inspect import inspect
from likeness.core import jws, messages
from likeness.core.chain import ChainHead, EpochReason, Stored
from likeness.core.vocabulary import Environment
from likeness.edges import bench_keys, store_file
from likeness.edges.key_ring import KeyRing
from likeness.edges.sealer import PersonSealer
from likeness.edges.store import SqliteStore
from likeness.errors import StoreFull
from likeness.service.key_change import hand_over, sign_as_rescued
from likeness.service.notary import Notary
from likeness.service.recording import Recorder
from results import FACTS, REFUSED, FixedClock


class PowerCut(Exception):
    """The daemon is no more."""


class DyingStore(SqliteStore):
    """Ends the daemon before or after the change of keys is on the disk."""

    dies = ""

    async def append(self, make: Callable[[ChainHead], str]) -> Stored:
        if self.dies == "full":
            raise StoreFull("no room")
        if self.dies == "before_commit":
            raise PowerCut
        stored = await super().append(make)
        if self.dies == "after_commit":
            raise PowerCut
        return stored


class DyingRing(KeyRing):
    """Ends the daemon before or after the ring is on the disk."""

    dies = ""

    def _write(self, ring: Any) -> None:  # Any: the ring's own content
        if self.dies == "before_ring":
            raise PowerCut
        super()._write(ring)
        if self.dies == "after_ring":
            raise PowerCut


class Shop:
    """One terminal: each `run` is one life of its daemon, with one result."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._keys = bench_keys.make(folder / "keys", "shop-17", (Environment.TEST,))
        self.kids: list[str] = []

    def ring(self) -> DyingRing:
        return DyingRing(self._folder / "state", str(self._keys.device_key))

    async def run(self, *, store_dies: str = "", ring_dies: str = "") -> None:
        ring, clock = self.ring(), FixedClock()
        ring.dies = ring_dies
        signer = ring.current()
        notary = Notary(FACTS, signer=signer, clock=clock)
        store = DyingStore(
            self._folder / "state",
            notary.begin_epoch,
            rescued=lambda tokens: sign_as_rescued(ring, notary, tokens),
        )
        await store.open()
        try:
            store.dies = store_dies
            new = await hand_over(ring, store, notary)
            store.dies = ""
            record = Recorder(
                append=store.append,
                signer=new or signer,
                sealer=PersonSealer(self._keys.public("person")),
                facts=FACTS,
                clock=clock,
            )
            await record(REFUSED)
            self.kids.append((new or signer).kid)
        finally:
            await store.close()

    def break_database(self) -> None:
        """Spoil an index: every record can still be read."""
        path = self._folder / "state" / store_file.NAME
        with contextlib.closing(sqlite3.connect(path)) as db:
            (size,) = db.execute("PRAGMA page_size").fetchone()
            (page,) = db.execute(
                "SELECT rootpage FROM sqlite_master WHERE name = 'waiting'"
            ).fetchone()
        data = bytearray(path.read_bytes())
        data[size * (page - 1) : size * page] = b"\xa5" * size
        path.write_bytes(data)

    async def begin_epoch(self) -> None:
        notary = Notary(FACTS, signer=self.ring().current(), clock=FixedClock())
        store = SqliteStore(self._folder / "state", notary.begin_epoch)
        await store.open()
        try:
            await store.begin_epoch(EpochReason.FORKED)
        finally:
            await store.close()

    async def tokens(self) -> list[str]:
        notary = Notary(FACTS, signer=self.ring().current(), clock=FixedClock())
        store = SqliteStore(self._folder / "state", notary.begin_epoch)
        await store.open()
        try:
            found = [
                await store.token(row.link.epoch, row.link.seq)
                for row in await store.waiting()
            ]
        finally:
            await store.close()
        return [token for token in found if token]


ENDS = [
    {"store_dies": "before_commit"},
    {"store_dies": "after_commit"},
    {"ring_dies": "before_ring"},
    {"ring_dies": "after_ring"},
    {"store_dies": "full"},
]


@pytest.mark.parametrize("ends", ENDS, ids=lambda ends: "".join(ends.values()))
def test_a_key_changes_once_whatever_happens_on_the_way(
    tmp_path: Path, ends: dict[str, str]
) -> None:
    async def life() -> tuple[ECKey, list[str]]:
        shop = Shop(tmp_path)
        await shop.run()
        first = ECKey.import_key({**shop.ring().current().public_jwk()})
        next_kid = shop.ring().prepare().kid
        with contextlib.suppress(PowerCut):
            await shop.run(**ends)
        await shop.run()
        await shop.run()
        assert shop.kids[-2:] == [next_kid, next_kid]
        assert shop.ring().next() is None
        return first, await shop.tokens()

    first, tokens = asyncio.run(life())
    types = [jws.parse(one, types=KINDS).typ for one in tokens]
    assert types.count(messages.KEY) == 1
    # The first key alone suffices: the change brings the other.
    lines = tmp_path / "tokens.txt"
    lines.write_text("\n".join(tokens))
    assert [one.problem for one in inspect([lines], first)] == [""] * len(tokens)


@pytest.mark.parametrize("dies", ["after_commit", "before_ring"])
def test_a_database_that_breaks_in_the_middle_of_a_change(
    tmp_path: Path, dies: str
) -> None:
    """The change is in the broken one: what comes after it, the new key signs."""

    async def life() -> tuple[ECKey, str, list[str]]:
        shop = Shop(tmp_path)
        await shop.run()
        first = ECKey.import_key({**shop.ring().current().public_jwk()})
        next_kid = shop.ring().prepare().kid
        with pytest.raises(PowerCut):
            await shop.run(**{"store_dies" if "commit" in dies else "ring_dies": dies})
        shop.break_database()
        await shop.run()
        await shop.run()
        assert shop.kids[-2:] == [next_kid, next_kid]
        assert shop.ring().next() is None
        return first, next_kid, await shop.tokens()

    first, next_kid, tokens = asyncio.run(life())
    records = [jws.parse(one, types=KINDS) for one in tokens]
    begun = [one for one in records if one.typ == messages.EPOCH]
    assert [one.kid for one in begun] == [next_kid, first.thumbprint()]
    assert [one.typ for one in records].count(messages.KEY) == 1
    lines = tmp_path / "tokens.txt"
    lines.write_text("\n".join(tokens))
    assert [one.problem for one in inspect([lines], first)] == [""] * len(tokens)


KINDS = (messages.EPOCH, messages.RESULT, messages.KEY)


@pytest.mark.parametrize("dies", ["before_ring", "after_ring"])
def test_a_key_that_was_half_prepared_is_prepared_again(
    tmp_path: Path, dies: str
) -> None:
    shop = Shop(tmp_path)
    ring = shop.ring()
    ring.dies = dies
    with pytest.raises(PowerCut):
        ring.prepare()
    assert (shop.ring().next() is not None) == (dies == "after_ring")
    kid = shop.ring().prepare().kid
    assert shop.ring().prepare().kid == kid
    asyncio.run(shop.run())
    assert shop.kids[-1] == kid


def test_records_of_another_epoch_that_wait_are_named(tmp_path: Path) -> None:
    async def life() -> list[str]:
        shop = Shop(tmp_path)
        for _ in range(2):
            await shop.run()
        await shop.begin_epoch()
        shop.ring().prepare()
        await shop.run()
        return await shop.tokens()

    tokens = [jws.parse(one, types=KINDS) for one in asyncio.run(life())]
    (change,) = [
        messages.from_json(one.payload, messages.KeyChange)
        for one in tokens
        if one.typ == messages.KEY
    ]
    results = [
        messages.from_json(one.payload, messages.Result)
        for one in tokens
        if one.typ == messages.RESULT
    ]
    assert [(one.epoch == change.epoch, one.seq) for one in results] == [
        (True, 2),
        (False, 1),
        (False, 2),
    ]
    assert [(one.epoch, one.seq) for one in change.open] == [(results[2].epoch, 2)]
