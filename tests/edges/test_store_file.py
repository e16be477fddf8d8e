import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import doomed_store
import worn_card
from doomed_store import token_at
from likeness.core import jws
from likeness.core.chain import ChainHead, EpochReason, Link
from likeness.edges import store_file
from likeness.edges.store import SqliteStore
from likeness.errors import KeyLost
from stories import story

LATE = {201, 202, 203}  # their pages stand in the write-ahead log only
# Dies before the n-th time that a start touches its files: FOLDER n
KILLED_ON_THE_WAY = """
import os, signal, sys
folder, left = sys.argv[1], int(sys.argv[2])
def count(event, args):
    global left
    if event in ("os.rename", "open", "sqlite3.connect") and folder in str(args[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
import asyncio, doomed_store, pathlib
store = doomed_store.SqliteStore(pathlib.Path(folder), doomed_store.token_at)
sys.addaudithook(count)
asyncio.run(store.open())
"""


def run(*arguments: object, env: Mapping[str, str] = os.environ) -> int:
    tests = {**env, "PYTHONPATH": str(Path(doomed_store.__file__).parent)}
    program = [sys.executable, *map(str, arguments)]
    return subprocess.run(program, check=False, env=tests).returncode


async def damaged(folder: Path) -> str:
    """Leave a database with noise in its middle and its last records in the log."""
    store = SqliteStore(folder, token_at)
    await store.open()
    for _ in range(200):
        await store.append(token_at)
    await store.mark_receipted(store.epoch, 3)
    await store.close()
    assert run(doomed_store.__file__, folder, 2, "after") == -signal.SIGKILL
    path = folder / store_file.NAME
    data = bytearray(path.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 5000] = os.urandom(5000)
    path.write_bytes(data)
    return store.epoch


async def whole_again(folder: Path, lost: str) -> None:
    store = SqliteStore(folder, token_at)
    await store.open()
    assert store.broken == folder / "results.db.broken-1"
    carried = {row.link.seq for row in await store.waiting() if row.link.epoch == lost}
    assert carried >= {4, *range(6, 60), *range(160, 201), *LATE}
    begins = await store.token(store.epoch, 0)
    assert begins is not None
    said = jws.decode(begins.split(".")[1]).decode().split("|")
    assert said[3:] == ["3", EpochReason.DATABASE_BROKEN], "the carrier is told"
    await store.close()
    again = SqliteStore(folder, token_at)
    await again.open()
    assert (again.epoch, again.broken) == (store.epoch, None), "once is enough"
    await again.close()


@story
async def test_a_start_that_cannot_sign_the_new_epoch_loses_nothing(
    tmp_path: Path,
) -> None:
    def no_key(_head: ChainHead, _last: Link | None, _why: EpochReason | None) -> str:
        raise KeyLost("the token was pulled out")

    lost = await damaged(tmp_path)
    for _ in range(2):
        with pytest.raises(KeyLost):
            await SqliteStore(tmp_path, no_key).open()
    await whole_again(tmp_path, lost)


@story
async def test_killed_anywhere_while_it_is_set_aside(tmp_path: Path) -> None:
    lost = await damaged(tmp_path / "0")
    for step in range(20):
        here = tmp_path / str(step)
        shutil.copytree(here, tmp_path / str(step + 1))
        code = run("-c", KILLED_ON_THE_WAY, here, step)
        if code == 0:
            break  # it came through
        assert code == -signal.SIGKILL
        await whole_again(here, lost)
    assert step > 5
    assert (here / "results.db.broken-1").exists()


@pytest.mark.skipif(worn_card.COMPILER is None, reason="needs a C compiler")
@pytest.mark.parametrize("at", [0, 40_960])
@story
async def test_a_card_that_cannot_be_read_is_no_reason_to_stand_still(
    tmp_path: Path, at: int
) -> None:
    state = tmp_path / "state"
    store = SqliteStore(state, token_at)
    await store.open()
    for _ in range(200):
        await store.append(token_at)
    await store.close()
    before = (state / store_file.NAME).stat().st_ino
    env = worn_card.environment(tmp_path, state / store_file.NAME, at)
    assert run("-c", KILLED_ON_THE_WAY, state, 10**6, env=env) == 0
    assert (state / "results.db.broken-1").stat().st_ino == before, "it is kept"
    again = SqliteStore(state, token_at)
    await again.open()
    begins = await again.token(again.epoch, 0)
    assert begins is not None
    assert EpochReason.DATABASE_BROKEN in jws.decode(begins.split(".")[1]).decode()
    if at:  # what stands in other pages is carried over
        assert len(await again.waiting()) > 150
    await again.close()


def test_what_an_operator_took_away_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / store_file.NAME
    path.with_name("results.db.broken-4").write_bytes(b"the last one")
    path.with_name("7").touch()
    path.write_bytes(b"this is no database")
    db, rescued = store_file.open_sound(path)
    db.close()
    assert rescued.aside == tmp_path / "results.db.broken-5"
    assert path.with_name("results.db.broken-4").read_bytes() == b"the last one"


def test_a_log_without_its_file_is_not_given_to_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / store_file.NAME
    path.with_name("results.db.broken-1").write_bytes(b"this is no database")
    path.with_name("results.db-wal").write_bytes(b"log")
    db, rescued = store_file.open_sound(path)
    assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    db.close()
    assert rescued.rows == ()
    assert path.with_name("results.db.broken-1-wal").read_bytes() == b"log"
    with pytest.raises(sqlite3.DatabaseError):
        store_file.survey(tmp_path / "results.db.broken-1")
