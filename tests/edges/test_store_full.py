"""A disk that is really full: a small file system, filled up to a few pages."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness.core import jws
from likeness.core.chain import ChainHead, EpochReason
from likeness.edges import store_file
from likeness.edges.store import SqliteStore
from likeness.errors import StoreFull
from stories import story

DISK_BYTES = 4 * 1024 * 1024
PAGE = 4096

Step = Callable[[SqliteStore], Awaitable[object]]


def big(head: ChainHead) -> str:
    """Make a token of a result's size."""
    return f"{'x' * 3000}.{token_at(head)}"


STEPS: dict[str, Step] = {
    "append": lambda store: store.append(big),
    "mark_receipted": lambda store: store.mark_receipted(store.epoch, 20),
    "set_aside": lambda store: store.set_aside(store.epoch, 20, "fork"),
    "remember": lambda store: store.remember("name", "x" * 5000),
    "prune": lambda store: store.prune(1_800_000_000),
    "begin_epoch": lambda store: store.begin_epoch(EpochReason.FORKED),
}


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Mount a disk of 4 MiB."""
    where = tmp_path / "disk"
    where.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "none", str(where)]
    if not shutil.which("mount") or subprocess.run(mount, check=False).returncode:
        pytest.skip("no right to mount a small disk here")
    try:
        yield where
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def leave(disk: Path, pages: int) -> None:
    """Fill the disk, but for so many pages."""
    ballast = disk / "ballast"
    ballast.unlink(missing_ok=True)
    free = shutil.disk_usage(disk).free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - pages * PAGE)


def rows(path: Path) -> list[tuple[str, int, str, str, str]]:
    db = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    found = db.execute("SELECT epoch, seq, hash, token, state FROM record").fetchall()
    assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    db.close()
    return found


@pytest.mark.parametrize("step", STEPS)
@story
async def test_nothing_is_dropped_or_half_written(disk: Path, step: str) -> None:
    """The same step on a disk with 0, 1, 2 … pages left, until it finds room."""
    store = SqliteStore(disk / "state", token_at, min_free_bytes=256 * 1024)
    await store.open()
    for _ in range(30):
        await store.append(big)
    path = disk / "state" / store_file.NAME
    if step == "prune":
        await store.mark_receipted(store.epoch, 25)
    full = 0
    for pages in range(60):
        before = rows(path)
        leave(disk, pages)
        assert not store.room(), "no new visit"
        try:
            await STEPS[step](store)
        except StoreFull as fault:
            full += 1
            assert "free some room" in str(fault)
            assert rows(path) == before
            assert len(await store.waiting()) > 0, "delivery goes on"
            continue
        break
    assert full > 0, "the disk was never full"
    assert pages < 59, "it never found room"
    before = rows(path)
    (disk / "ballast").unlink()
    assert store.room(), "visits begin again by themselves"
    await STEPS[step](store)
    await store.append(big)
    assert {row[3] for row in before} <= {row[3] for row in rows(path)}
    await store.close()
    again = SqliteStore(disk / "state", token_at, min_free_bytes=256 * 1024)
    await again.open()
    assert again.broken is None
    assert again.epoch == store.epoch
    chain = [row for row in rows(path) if row[0] == store.epoch]
    assert [row[1] for row in chain] == list(range(len(chain)))
    assert all(jws.chain_hash(row[3]) == row[2] for row in chain)
    await again.close()


@story
async def test_a_start_on_a_full_disk_waits_for_room(disk: Path) -> None:
    """There is one clear line, and the next start finds everything."""
    store = SqliteStore(disk / "state", token_at)
    await store.open()
    await store.append(big)
    await store.close()
    for pages in range(3):
        leave(disk, pages)
        with pytest.raises(StoreFull, match="free some room"):
            await SqliteStore(disk / "state", token_at).open()
    (disk / "ballast").unlink()
    again = SqliteStore(disk / "state", token_at)
    await again.open()
    assert (again.epoch, again.broken) == (store.epoch, None)
    assert (await again.newest()).seq == 1
    await again.close()
