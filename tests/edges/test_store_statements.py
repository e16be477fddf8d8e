"""Statements on the disk: kept, bounded, saved out of a broken file."""

import contextlib
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from doomed_store import token_at
from likeness.core import jws
from likeness.core.statement_queue import Signed
from likeness.edges import store_file, store_statements
from likeness.edges.store import SqliteStore
from likeness.edges.store_statements import SqliteStatements
from likeness.errors import StoreFull
from stories import story


def one(name: str, text: str = "") -> Signed:
    token = f"head.{jws.encode((text or name).encode())}.sig"
    return Signed(name, jws.chain_hash(token), token)


@contextlib.asynccontextmanager
async def opened(
    folder: Path,
) -> AsyncIterator[tuple[SqliteStore, SqliteStatements]]:
    store = SqliteStore(folder, token_at)
    await store.open()
    try:
        yield store, SqliteStatements(store)
    finally:
        await store.close()


def rows(folder: Path) -> list[tuple[str, str, str]]:
    with contextlib.closing(sqlite3.connect(folder / store_file.NAME)) as db:
        query = "SELECT jti, state, reason FROM statement ORDER BY rowid"
        return db.execute(query).fetchall()


@story
async def test_what_is_kept_waits_over_a_restart_in_order(tmp_path: Path) -> None:
    kept = [one(f"s-{n}") for n in range(3)]
    async with opened(tmp_path) as (_, statements):
        for each in kept:
            await statements.keep_statement(each)
        await statements.forget_statement("s-1")
    async with opened(tmp_path) as (_, statements):
        assert await statements.statements() == [kept[0], kept[2]]


@story
async def test_signed_again_it_takes_its_own_place(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, statements):
        for name in ("s-0", "s-1"):
            await statements.keep_statement(one(name))
        again = one("s-0", "by another key")
        await statements.keep_statement(again)
        assert await statements.statements() == [again, one("s-1")]


@story
async def test_a_refused_one_stays_with_its_reason_and_waits_no_more(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as (_, statements):
        await statements.keep_statement(one("s-0"))
        await statements.set_statement_aside("s-0", "not_referred")
        await statements.forget_statement("s-0")
        assert await statements.statements() == []
    assert rows(tmp_path) == [("s-0", "set_aside", "not_referred")]


@story
async def test_both_kinds_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_statements, "WAIT_AT_MOST", 4)
    monkeypatch.setattr(store_statements, "ASIDE_AT_MOST", 2)
    async with opened(tmp_path) as (_, statements):
        for n in range(4):
            await statements.keep_statement(one(f"s-{n}"))
        with pytest.raises(StoreFull, match=r"4 statements wait .* answer\.key"):
            await statements.keep_statement(one("s-4"))
        await statements.keep_statement(one("s-3", "signed again"))
        for n in range(4):
            await statements.set_statement_aside(f"s-{n}", "why")
        await statements.keep_statement(one("s-5"))
    assert [jti for jti, *_ in rows(tmp_path)] == ["s-2", "s-3", "s-5"]


@story
async def test_a_database_of_an_earlier_release_gets_its_table(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, _):
        epoch = store.epoch
    with contextlib.closing(sqlite3.connect(tmp_path / store_file.NAME)) as db:
        db.execute("DROP TABLE statement")
        db.commit()
    async with opened(tmp_path) as (store, statements):
        await statements.keep_statement(one("s-0"))
        assert store.epoch == epoch
        assert await statements.statements() == [one("s-0")]


@story
async def test_out_of_a_broken_database_they_are_carried_over(tmp_path: Path) -> None:
    async with opened(tmp_path) as (store, statements):
        for n in range(40):
            await store.append(token_at)
            await statements.keep_statement(one(f"s-{n:02}"))
        await statements.set_statement_aside("s-07", "refused")
        await statements.forget_statement("s-08")
    with contextlib.closing(sqlite3.connect(tmp_path / store_file.NAME)) as db:
        root = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'record'"
        ).fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
    damage(tmp_path / store_file.NAME, (root - 1) * size, size)
    async with opened(tmp_path) as (store, statements):
        assert store.broken is not None
        waiting = {each.jti for each in await statements.statements()}
    assert waiting == {f"s-{n:02}" for n in range(40)} - {"s-07", "s-08"}


def damage(path: Path, at: int, size: int) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(os.urandom(size))
