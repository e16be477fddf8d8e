"""The judge finds what was lost, doubled or altered; else it would be of no use."""

import contextlib
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from crash.campaign import run
from crash.cell import Cell
from crash.judge import judge

pytestmark = [pytest.mark.broker, pytest.mark.slow]

MAKING_S = 4.0


@contextlib.contextmanager
def carriers_database(cell: Cell) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(cell.database)) as db, db:
        yield db


def test_tampering_is_found(tmp_path: Path) -> None:
    cell = Cell(tmp_path, "outbox", terminals=1)
    assert not run(cell, [], MAKING_S)
    found = judge(cell)
    assert found.faultless, found
    assert found.made > 10
    with carriers_database(cell) as db:
        db.execute("DELETE FROM record WHERE seq = 3")
    assert judge(cell).lost == 1
    with carriers_database(cell) as db:
        db.execute("CREATE TEMP TABLE copy AS SELECT * FROM record WHERE seq = 5")
        db.execute("UPDATE copy SET epoch = 'another'")
        db.execute("INSERT INTO record SELECT * FROM copy")
    assert judge(cell).doubled == 1
    with carriers_database(cell) as db:
        db.execute("DELETE FROM record WHERE epoch = 'another'")
        db.execute("UPDATE record SET token = substr(token, 1, length(token) - 8)")
    assert judge(cell).altered >= found.made - 1
