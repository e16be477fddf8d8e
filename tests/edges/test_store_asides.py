"""Which broken databases go and which stay; a day here is a number."""

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness.core.chain import ChainHead
from likeness.edges import store_asides, store_file, store_rows
from likeness.edges.store import DAY_S, Retention, SqliteStore
from stories import story

EPOCH = "e" * 32
NOW = 1_800_000_000
KEEP_S = 30 * DAY_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / store_file.NAME


@pytest.fixture
def db(path: Path) -> Iterator[sqlite3.Connection]:
    opened, _ = store_file.open_sound(path)
    head = ChainHead(EPOCH, 0, "")
    store_rows.keep(opened, head, token_at(head))
    yield opened
    opened.close()


def broken(path: Path, *numbers: int) -> None:
    for number in numbers:
        for suffix in ("", "-wal"):
            path.with_name(f"{path.name}.broken-{number}{suffix}").write_bytes(b"x")


def left(path: Path) -> list[str]:
    return sorted(one.name for one in path.parent.glob("*.broken-*"))


def let_go(db: sqlite3.Connection, path: Path, now_s: int | None) -> int:
    """Let all go that may; return how many turns that took."""
    turns = 0
    while store_asides.let_one_go(db, path, EPOCH, now_s=now_s, keep_s=KEEP_S):
        turns += 1
    return turns


def test_old_ones_go_one_in_a_turn_and_the_newest_stay(
    db: sqlite3.Connection, path: Path
) -> None:
    store_rows.mark_receipted(db, EPOCH, 0)
    broken(path, 1, 2, 8, 9, 10)  # by number, not by name
    for day in (0, 29, 30):
        assert let_go(db, path, NOW + day * DAY_S) == 0
    later = NOW + KEEP_S + 1
    assert let_go(db, path, later) == 2
    three = [f"results.db.broken-{number}" for number in (10, 8, 9)]
    assert left(path) == sorted([*three, *(f"{one}-wal" for one in three)])
    assert let_go(db, path, later + 99 * KEEP_S) == 0
    memory = db.execute("SELECT count(*) FROM memory").fetchone()
    assert memory == (0,), "nothing stays of what went"


def test_days_count_from_when_it_was_one_too_many(
    db: sqlite3.Connection, path: Path
) -> None:
    store_rows.mark_receipted(db, EPOCH, 0)
    broken(path, 1, 2, 3)
    assert let_go(db, path, NOW) == 0
    broken(path, 4)
    later = NOW + 2 * KEEP_S
    assert let_go(db, path, later) == 0
    assert let_go(db, path, later + KEEP_S + 1) == 1


def test_without_a_believed_time_none_goes(db: sqlite3.Connection, path: Path) -> None:
    store_rows.mark_receipted(db, EPOCH, 0)
    broken(path, 1, 2, 3, 4)
    let_go(db, path, NOW)
    assert let_go(db, path, None) == 0
    assert let_go(db, path, NOW + KEEP_S + 1) == 1


def test_none_goes_before_the_carrier_knows(db: sqlite3.Connection, path: Path) -> None:
    broken(path, 1, 2, 3, 4)
    for day in (0, 31, 62):
        assert let_go(db, path, NOW + day * DAY_S) == 0
    store_rows.mark_receipted(db, EPOCH, 0)
    assert let_go(db, path, NOW) == 0
    assert let_go(db, path, NOW + KEEP_S + 1) == 1


def test_one_that_cannot_be_deleted_holds_nothing_up(
    db: sqlite3.Connection, path: Path
) -> None:
    store_rows.mark_receipted(db, EPOCH, 0)
    broken(path, 2, 3, 4)
    path.with_name("results.db.broken-1").mkdir()  # as good as: it cannot be unlinked
    let_go(db, path, NOW)
    assert store_asides.let_one_go(
        db, path, EPOCH, now_s=NOW + KEEP_S + 1, keep_s=KEEP_S
    )
    assert let_go(db, path, NOW + KEEP_S + 1) == 0, "not before another 30 days"


@story
async def test_the_store_lets_them_go_when_it_prunes(tmp_path: Path) -> None:
    path = tmp_path / store_file.NAME
    for _ in range(5):
        path.write_bytes(os.urandom(5000))
        store = SqliteStore(tmp_path, token_at, retention=Retention(keep_s=KEEP_S))
        await store.open()
        await store.close()
    again = SqliteStore(tmp_path, token_at, retention=Retention(keep_s=KEEP_S))
    await again.open()
    await again.mark_receipted(again.epoch, 0)
    assert not await again.prune(NOW)
    assert await again.prune(NOW + KEEP_S + 1)
    assert await again.prune(NOW + KEEP_S + 1)
    assert not await again.prune(NOW + KEEP_S + 1)
    assert left(path) == [f"{path.name}.broken-{number}" for number in (3, 4, 5)]
    await again.close()
