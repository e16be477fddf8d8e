"""The judge sees each thing that can go wrong with what was made."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.carrier.ingest import Ingest
from likeness.carrier.store import CarrierStore
from likeness.carrier.trust import Trust
from likeness.carrier.words import CarrierWords
from likeness.core import messages
from likeness.core.line import Arrived
from likeness.core.vocabulary import Environment
from likeness.edges.broker import LineSettings, MqttLine
from scale import ahead
from scale.floor import Told
from scale.judge import Judgement, judge
from scale.terminals import Times

PLAN = ahead.Plan(terminals=2, results=3, seed=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    ahead.make(folder, PLAN)
    return folder


@pytest.fixture
def database(made: Path, tmp_path: Path) -> Iterator[Database]:
    """A carrier that has kept everything."""
    store = CarrierStore(tmp_path / "carrier.db")
    keys = made / "carrier"
    ingest = Ingest(
        line=MqttLine(LineSettings(host="", port=1, client_id="c", topics=())),
        store=store,
        trust=Trust(keys / "devices"),
        words=CarrierWords(
            receipt_key=keys / "receipt.key", visit_key=keys / "visit.key"
        ),
        environment=Environment.TEST,
        utc=time.time,
    )
    ingest.handle(
        [
            Arrived(messages.topic(life.device, "result"), record)
            for life in ahead.lives(made, 0, PLAN.terminals)
            for record in life.records
        ]
    )
    yield store.database
    store.close()


def judged(made: Path, database: Database, receipted: float = 2.0) -> Judgement:
    """Judge it by terminals that made everything."""
    lives = ahead.lives(made, 0, PLAN.terminals)
    times = {one.number: [Times(1.0, 1.5, receipted)] * 4 for one in lives}
    return judge(database, lives, [Told(times, {}, 0)])


def change(database: Database, what: sa.Update | sa.Delete) -> None:
    with database.begin() as db:
        assert db.execute(what).rowcount == 1


def at(seq: int) -> sa.ColumnElement[bool]:
    columns = tables.records.c
    return (columns.device == "sim-00001") & (columns.seq == seq)


def test_all_is_well(made: Path, database: Database) -> None:
    found = judged(made, database)
    assert found.is_good
    assert (found.made, found.kept) == (8, 8)


def test_a_lost_record_is_seen(made: Path, database: Database) -> None:
    change(database, tables.records.delete().where(at(2)))
    found = judged(made, database)
    assert not found.is_good
    assert len(found.lost) == 1


@pytest.mark.parametrize(
    "changed", [{"hash": "other"}, {"refusal": "fork"}, {"seq": 9}, {"epoch": "f" * 32}]
)
def test_what_was_never_made_so_is_seen(
    made: Path, database: Database, changed: dict[str, object]
) -> None:
    change(database, tables.records.update().where(at(3)).values(**changed))
    found = judged(made, database)
    assert not found.is_good
    assert len(found.foreign) == 1


def test_a_chain_that_ends_early_is_seen(made: Path, database: Database) -> None:
    where = tables.chains.c.device == "sim-00000"
    change(database, tables.chains.update().where(where).values(upto=2))
    assert judged(made, database).short == ["sim-00000"]


def test_a_receipt_that_never_came_is_seen(made: Path, database: Database) -> None:
    found = judged(made, database, receipted=0.0)
    assert not found.is_good
    assert len(found.unreceipted) == 8


def test_an_alarm_is_seen(made: Path, database: Database) -> None:
    row = {"device": "sim-00000", "epoch": "e", "seq": 1, "kind": "gap", "hash": "h"}
    more = {"detail": "d", "raised_utc_s": 1, "token": "t"}
    with database.begin() as db:
        db.execute(tables.alarms.insert().values(**row, **more))
    found = judged(made, database)
    assert not found.is_good
    assert len(found.alarms) == 1
