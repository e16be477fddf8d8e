import itertools
import os
import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import doomed_store
from doomed_store import token_at
from likeness.core import jws
from likeness.core.chain import ChainHead
from likeness.edges import store_file
from likeness.edges.store import SqliteStore
from likeness.errors import ConfigError, StoreBroken, StoreFull, UsageError
from stories import story


def said(token: str) -> list[str]:
    return jws.decode(token.split(".")[1]).decode().split("|")


async def opened(folder: Path) -> SqliteStore:
    store = SqliteStore(folder, token_at)
    await store.open()
    return store


@story
async def test_a_life(tmp_path: Path) -> None:
    store = await opened(tmp_path / "state")
    first = await store.append(token_at)
    second = await store.append(token_at)
    assert (first.seq, second.seq) == (1, 2)
    assert said(second.token)[2] == jws.chain_hash(first.token)
    links = [row.link for row in await store.waiting()]
    assert [link.seq for link in links] == [0, 1, 2]
    assert await store.hash_at(store.epoch, 1) == jws.chain_hash(first.token)
    await store.mark_receipted(store.epoch, 0)
    await store.set_aside(store.epoch, 1, "wrong_environment")
    await store.close()

    again = await opened(tmp_path / "state")
    assert again.epoch == store.epoch
    assert [row.link.seq for row in await again.waiting()] == [2]
    assert await again.token(store.epoch, 1) == first.token
    assert await again.token(store.epoch, 9) is None
    third = await again.append(token_at)
    assert said(third.token)[2] == jws.chain_hash(second.token)
    await again.close()
    found = store_file.survey(tmp_path / "state" / store_file.NAME)
    assert (found.waiting, found.receipted) == (2, 1)
    assert found.aside == ((store.epoch, 1, "wrong_environment"),)


@story
async def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    store = await opened(tmp_path / "state")
    await store.append(token_at)
    names = {path.name for path in (tmp_path / "state").iterdir()}
    assert {"results.db", "results.db-wal"} <= names
    for path in (tmp_path / "state").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    await store.close()


def test_commits_survive_a_power_cut(tmp_path: Path) -> None:
    db, _ = store_file.open_sound(tmp_path / "results.db")
    assert db.execute("PRAGMA synchronous").fetchone() == (2,)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()


@story
async def test_what_cannot_be_signed_takes_no_place(tmp_path: Path) -> None:
    store = await opened(tmp_path)

    def fails(_head: ChainHead) -> str:
        raise ConfigError("the key is gone")

    with pytest.raises(ConfigError):
        await store.append(fails)
    assert (await store.append(token_at)).seq == 1
    await store.close()


@story
async def test_one_daemon_for_one_directory(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    with pytest.raises(UsageError, match="another likeness daemon"):
        await SqliteStore(tmp_path, token_at).open()
    await store.close()
    await (await opened(tmp_path)).close()


@story
async def test_a_directory_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="state_dir cannot be used"):
        await SqliteStore(tmp_path / "file", token_at).open()


@story
async def test_a_full_disk_keeps_nothing_and_breaks_nothing(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    await store.append(token_at)
    # The file's own limit gives the same SQLITE_FULL as a full disk does.
    db = store._open_db  # the test stands in for the disk
    await store._on_thread(lambda: db.execute("PRAGMA max_page_count = 1"))
    big = "x" * 100_000
    with pytest.raises(StoreFull, match="free some room"):
        await store.append(lambda head: f"{big}.{token_at(head)}")
    await store._on_thread(lambda: db.execute("PRAGMA max_page_count = 100000"))
    assert (await store.append(token_at)).seq == 2
    await store.close()


@story
async def test_no_room_for_another_visit(tmp_path: Path) -> None:
    greedy = SqliteStore(tmp_path, token_at, min_free_bytes=2**62)
    assert not greedy.room()
    assert SqliteStore(tmp_path, token_at, min_free_bytes=1).room()


@story
async def test_small_facts_outlive_a_restart(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    assert await store.recall("counter") is None
    await store.remember("counter", "7")
    await store.remember("counter", "8")
    await store.remember("other", "")
    await store.close()
    again = await opened(tmp_path)
    assert await again.recall("counter") == "8"
    assert await again.recall("other") == ""
    await again.close()


@pytest.mark.parametrize("damage", ["noise", "torn", "text"])
@story
async def test_a_broken_file_is_set_aside_whole(tmp_path: Path, damage: str) -> None:
    store = await opened(tmp_path)
    tokens = [(await store.append(token_at)).token for _ in range(200)]
    await store.mark_receipted(store.epoch, 3)
    await store.close()
    db = sqlite3.connect(tmp_path / store_file.NAME)
    with db:  # one that is not what was signed: it must not be carried over
        db.execute("UPDATE record SET token = 'altered.x.y' WHERE seq = 5")
    db.close()
    path = tmp_path / store_file.NAME
    data = bytearray(path.read_bytes())
    if damage == "noise":
        data[len(data) // 2 : len(data) // 2 + 5000] = os.urandom(5000)
    elif damage == "torn":
        del data[len(data) // 2 :]
    else:
        data = bytearray(b"this is no database")
    path.write_bytes(data)

    again = await opened(tmp_path)
    assert again.broken == tmp_path / "results.db.broken-1"
    assert again.broken.read_bytes() == data
    assert again.epoch != store.epoch
    waiting = await again.waiting()
    assert waiting[0].link.epoch == again.epoch, "the new epoch goes first"
    begins = await again.token(again.epoch, 0)
    assert begins is not None
    rescued = [row.link for row in waiting[1:]]
    for link in rescued:  # what was rescued is what was signed
        assert await again.token(link.epoch, link.seq) in tokens
    if damage == "noise":  # all but what stood in the damaged pages is carried over
        assert said(begins)[3] == "3"
        assert {link.seq for link in rescued} >= {4, *range(6, 60), *range(160, 201)}
        assert len(rescued) < 200
    await again.close()


@story
async def test_damage_that_shows_late_is_a_broken_store(tmp_path: Path) -> None:
    store = await opened(tmp_path)
    db = store._open_db
    await store._on_thread(lambda: db.execute("DROP TABLE record"))
    with pytest.raises(StoreBroken, match="restart"):
        await store.append(token_at)
    await store.close()


@pytest.mark.parametrize("when", ["inside", "after"])
def test_killed_at_every_append(tmp_path: Path, when: str) -> None:
    """What was told to be safe is there, and the chain has no break."""
    told: dict[int, str] = {}
    for fatal in (0, 1, 3, 7, 99):
        program = [
            sys.executable,
            doomed_store.__file__,
            str(tmp_path),
            str(fatal),
            when,
        ]
        child = subprocess.run(program, stdout=subprocess.PIPE, check=False)
        assert child.returncode == (0 if fatal == 99 else -signal.SIGKILL)
        for line in child.stdout.decode().splitlines():
            seq, token = line.split(" ")
            assert int(seq) not in told, "a place was used twice"
            told[int(seq)] = token
    db = sqlite3.connect(tmp_path / store_file.NAME)
    rows = db.execute("SELECT seq, token, hash FROM record ORDER BY seq").fetchall()
    db.close()
    assert [row[0] for row in rows] == list(range(len(rows)))
    assert {row[0]: row[1] for row in rows if row[0] > 0} == told
    for before, row in itertools.pairwise(rows):
        assert said(row[1])[2] == before[2]
