"""Numbers of orders: each greater than all before, also after a lost database."""

from pathlib import Path

import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.issued_orders import COMMAND, DESIRED, NewOrder
from likeness.carrier.store import CarrierStore

NOW_S = 1_795_000_000


def issue(
    store: CarrierStore, now_s: int, device: str = "shop-1", kind: str = COMMAND
) -> int:
    order = NewOrder(device, kind, "restart", lambda number: f"{kind}-{number}")
    return int(store.issue(order, now_s).rpartition("-")[2])


def test_numbers_grow_even_when_the_clock_goes_back(tmp_path: Path) -> None:
    store = CarrierStore(tmp_path / "carrier.db")
    times = (NOW_S, NOW_S, NOW_S - 500, NOW_S + 1, NOW_S + 50)
    numbers = [issue(store, now_s) for now_s in times]
    assert numbers == [NOW_S, NOW_S + 1, NOW_S + 2, NOW_S + 3, NOW_S + 50]
    store.close()
    again = CarrierStore(tmp_path / "carrier.db")
    assert issue(again, NOW_S) == NOW_S + 51


def test_a_lost_database_goes_on_above_the_old_numbers(tmp_path: Path) -> None:
    last = issue(CarrierStore(tmp_path / "old.db"), NOW_S)
    assert issue(CarrierStore(tmp_path / "new.db"), NOW_S + 60) > last


def test_each_terminal_and_kind_counts_for_itself(tmp_path: Path) -> None:
    store = CarrierStore(tmp_path / "carrier.db")
    assert issue(store, NOW_S) == issue(store, NOW_S, "shop-2") == NOW_S
    assert issue(store, NOW_S, kind=DESIRED) == NOW_S


def test_what_was_ordered_and_answered_is_kept(tmp_path: Path) -> None:
    store = CarrierStore(tmp_path / "carrier.db")
    issue(store, NOW_S)
    issue(store, NOW_S)
    store.keep_answer(f"command-{NOW_S}", "the answer")
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'carrier.db'}")
    with engine.connect() as db:
        rows = db.execute(sa.select(tables.orders).order_by("number")).all()
    assert [(row.name, row.answer) for row in rows] == [
        ("restart", "the answer"),
        ("restart", ""),
    ]
