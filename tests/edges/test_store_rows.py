"""Which rows go and which stay; a day here is a number."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness.core.chain import ChainHead
from likeness.edges import store_file, store_rows
from likeness.edges.store import DAY_S, Retention, SqliteStore
from stories import story

EPOCH, OLDER = "e" * 32, "a" * 32
NOW = 1_800_000_000
WIDE = 10**12


@pytest.fixture
def db(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    opened, _ = store_file.open_sound(tmp_path / store_file.NAME)
    yield opened
    opened.close()


def fill(
    db: sqlite3.Connection, count: int, epoch: str = EPOCH, first: int = 0
) -> None:
    with db:
        for seq in range(first, first + count):
            head = ChainHead(epoch, seq, "")
            store_rows.keep(db, head, f"{'x' * 2000}.{token_at(head)}")


def states(db: sqlite3.Connection, epoch: str = EPOCH) -> dict[int, str]:
    rows = db.execute("SELECT seq, state FROM record WHERE epoch = ?", (epoch,))
    return dict(rows.fetchall())


def prune(
    db: sqlite3.Connection, now_s: int | None, keep_bytes: int = WIDE
) -> list[int]:
    """Prune until there is no more to do; return how many went each time."""
    gone: list[int] = []
    while not gone or gone[-1] == store_rows.PRUNE_ROWS:
        gone.append(
            store_rows.prune(
                db, EPOCH, now_s=now_s, keep_s=30 * DAY_S, keep_bytes=keep_bytes
            )
        )
    return gone


def test_what_is_old_goes_in_small_batches(db: sqlite3.Connection) -> None:
    fill(db, 250)
    store_rows.mark_receipted(db, EPOCH, 239)
    store_rows.set_aside(db, EPOCH, 245, "fork")
    for day in (0, 29, 30):
        for _ in range(3):
            assert prune(db, NOW + day * DAY_S) == [0]
    assert prune(db, NOW + 30 * DAY_S + 1) == [100, 100, 39]
    left = states(db)
    assert left.pop(239) == "receipted", "a new epoch would name it"
    assert left.pop(245) == "set_aside"
    assert left == dict.fromkeys([*range(240, 245), *range(246, 250)], "waiting")


def test_without_a_believed_time_nothing_is_old(db: sqlite3.Connection) -> None:
    fill(db, 5)
    store_rows.mark_receipted(db, EPOCH, 4)
    assert prune(db, None) == [0]
    # The days count from the first time that could be believed.
    assert prune(db, NOW) == [0]
    assert prune(db, NOW + 31 * DAY_S) == [4]


def test_too_much_goes_oldest_first_whatever_the_time(db: sqlite3.Connection) -> None:
    fill(db, 300, OLDER)
    fill(db, 300)
    store_rows.mark_receipted(db, OLDER, 298)
    store_rows.mark_receipted(db, EPOCH, 299)
    limit = store_rows.used_bytes(db) // 2
    assert sum(prune(db, None, limit)) >= 200
    assert store_rows.used_bytes(db) <= limit
    assert states(db, OLDER)[299] == "waiting"
    assert len(states(db, OLDER)) < 200
    assert 299 in states(db)


def test_what_waits_is_never_too_much(db: sqlite3.Connection) -> None:
    fill(db, 50)
    assert prune(db, NOW, keep_bytes=1) == [0]
    assert len(states(db)) == 50


def test_the_file_stays_flat(db: sqlite3.Connection, tmp_path: Path) -> None:
    """20 times what the limit holds goes through; the file is as after the first."""
    sizes, limit = [], 300_000
    for first in range(0, 2000, 100):
        fill(db, 100, first=first)
        store_rows.mark_receipted(db, EPOCH, first + 99)
        prune(db, NOW, limit)
        db.execute("PRAGMA wal_checkpoint(PASSIVE)")
        sizes.append((tmp_path / store_file.NAME).stat().st_size)
    assert max(sizes[2:]) <= sizes[2]
    assert sizes[-1] < 3 * limit


def test_a_file_of_an_earlier_release_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / store_file.NAME
    old = sqlite3.connect(path)
    old.executescript(
        "CREATE TABLE epoch (id TEXT NOT NULL) STRICT;"
        "CREATE TABLE record (epoch TEXT NOT NULL, seq INTEGER NOT NULL,"
        " hash TEXT NOT NULL, token TEXT NOT NULL, state TEXT NOT NULL,"
        " reason TEXT NOT NULL DEFAULT '', made_utc_s INTEGER NOT NULL,"
        " PRIMARY KEY (epoch, seq)) STRICT;"
    )
    old.execute(
        "INSERT INTO record VALUES (?, 0, 'h', 't', 'waiting', '', 0)", (EPOCH,)
    )
    old.commit()
    old.close()
    for _ in range(2):
        opened, rescued = store_file.open_sound(path)
        assert rescued == store_file.NOTHING
        assert states(opened) == {0: "waiting"}
        opened.close()


@story
async def test_the_store_goes_by_its_rule(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path, token_at, retention=Retention(keep_s=10))
    await store.open()
    for _ in range(150):
        await store.append(token_at)
    await store.mark_receipted(store.epoch, 150)
    assert not await store.prune(NOW)
    assert not await store.prune(NOW)
    assert await store.prune(NOW + 11), "there is more"
    assert not await store.prune(NOW + 11)
    assert await store.hash_at(store.epoch, 149) == ""
    last = await store.newest()
    assert last.seq == 150
    assert (await store.append(token_at)).seq == 151
    await store.close()
