"""Either kind of database: made, grown from an older release, shared, and refused."""

import re
import subprocess
import sys
import threading
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from alembic import autogenerate, command, config, migration

from likeness.carrier import database as databases
from likeness.carrier import tables
from likeness.carrier.database import Database
from likeness.core import jws
from likeness.errors import ConfigError, StoreBroken
from postgres import Postgres


def an_alarm(seq: int) -> dict[str, object]:
    text = dict.fromkeys(("epoch", "kind", "hash", "detail", "token"), "x")
    return {"device": "shop-17", "seq": seq, "raised_utc_s": 1, **text}


def test_it_holds_what_was_written(place: str) -> None:
    first = Database(place)
    with first.begin() as db:
        db.execute(tables.alarms.insert().values(an_alarm(1)))
    first.close()
    second = Database(place)
    with second.read() as db:
        assert db.execute(sa.select(tables.alarms.c.seq)).scalars().all() == [1]
    second.close()


def test_a_row_that_is_there_is_left_alone(place: str) -> None:
    database = Database(place)
    for detail in ("x", "another"):
        with database.begin() as db:
            row = databases.insert(db, tables.alarms).on_conflict_do_nothing()
            db.execute(row.values({**an_alarm(1), "detail": detail}))
    with database.read() as db:
        assert db.execute(sa.select(tables.alarms.c.detail)).scalars().all() == ["x"]
    database.close()


def test_two_programs_count_without_losing_one(place: str) -> None:
    def count() -> None:
        database = Database(place)
        for _ in range(20):
            with database.begin() as db:
                databases.lock(db, ["shop-18", "shop-17"])
                last = db.execute(sa.select(sa.func.max(tables.alarms.c.seq)))
                seq = (last.scalar() or 0) + 1
                db.execute(tables.alarms.insert().values(an_alarm(seq)))
        database.close()

    both = [threading.Thread(target=count) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    database = Database(place)
    with database.read() as db:
        counted = db.execute(sa.select(sa.func.count()).select_from(tables.alarms))
        assert counted.scalar() == 40
    database.close()


def test_a_program_that_uses_few_tables_makes_them_all(tmp_path: Path) -> None:
    # Another process: what other tests have imported is not known there.
    place = tmp_path / "carrier.db"
    make = "import sys; from likeness.carrier.database import Database as D;"
    make += "D.make(sys.argv[1])"
    subprocess.run([sys.executable, "-c", make, str(place)], check=True)
    packages = Path(tables.__file__).parent.rglob("tables.py")
    named = re.compile(r"= sa\.Table\(\s*\"(\w+)\"")
    wanted = {name for one in packages for name in named.findall(one.read_text())}
    database = Database(place)
    with database.read() as db:
        assert set(sa.inspect(db).get_table_names()) == wanted | {"alembic_version"}
    database.close()


def test_the_migrations_come_to_the_tables(place: str, tmp_path: Path) -> None:
    old = tmp_path / "old.db" if "://" not in place else place
    engine = sa.create_engine(
        f"sqlite:///{old}" if "://" not in place else place.replace(":", "+psycopg:", 1)
    )
    with engine.begin() as db:
        tables.metadata.drop_all(db)
        db.execute(sa.text("DROP TABLE IF EXISTS alembic_version"))
    with engine.begin() as db:  # as it was made before there were migrations
        told = config.Config()
        told.set_main_option("script_location", str(databases._MIGRATIONS))
        told.attributes["connection"] = db
        command.upgrade(told, "0001")
        db.execute(sa.text("DROP TABLE alembic_version"))
        db.execute(
            sa.text(
                "INSERT INTO alarm VALUES ('shop-17', 'e', 1, 'fork', 'h', 'd', 1, 't')"
            )
        )
        payload = jws.encode(
            b'{"transaction":"t-1","match":{"score":7},"liveness":{"passive":9},'
            b'"reasons":["a","b"],"environment":"test","nonce_source":"carrier"}'
        )
        insert = "INSERT INTO record VALUES ('shop-17', 'e', :seq, 'h', :prev, '', '',"
        insert += " '', 1, 2, :token)"
        for seq in range(1, 2003):  # more than is read at once
            row = {"seq": seq, "prev": "p", "token": f"h.{payload}.s"}
            db.execute(sa.text(insert), row)
        db.execute(sa.text(insert), {"seq": 2003, "prev": None, "token": "h.?.s"})
    Database.make(old)
    with engine.connect() as db:
        asked = "SELECT transaction_name, match_score, passive_score, reasons,"
        asked += " environment, nonce_source, count(*) FROM record"
        asked += " GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1"
        assert db.execute(sa.text(asked)).all() == [
            ("", None, None, "", "", "", 1),
            ("t-1", 7, 9, "a b", "test", "carrier", 2002),
        ]
        context = migration.MigrationContext.configure(db)
        assert autogenerate.compare_metadata(context, tables.metadata) == []
        assert db.execute(sa.text("SELECT seq FROM alarm")).scalars().all() == [1]
    engine.dispose()


@pytest.mark.postgres
def test_postgresql_waits_for_a_person_to_migrate_it(postgres: Postgres) -> None:
    url = postgres.database()
    with pytest.raises(ConfigError, match="likeness carrier migrate"):
        Database(url)
    Database.make(url)
    Database(url).close()


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("mysql://somewhere/x", "not known"),
        ("://", "no address"),
        ("postgresql://nobody:secret@host:port/x", "no address"),
        ("postgresql://nobody:secret@127.0.0.1:1/x", "cannot be used.*PostgreSQL runs"),
        ("/nowhere/at/all/carrier.db", "cannot be used.*its folder is there"),
    ],
)
def test_what_cannot_be_opened_is_said(place: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as fault:
        Database(place)
    assert "secret" not in str(fault.value)
    assert str(fault.value).isprintable()  # one line


def test_text_that_cannot_be_kept_is_refused_at_the_start(postgres: Postgres) -> None:
    url = postgres.url("ascii")
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as db:
        db.execute("CREATE DATABASE ascii ENCODING 'SQL_ASCII' TEMPLATE template0")

    with pytest.raises(ConfigError, match="ENCODING 'UTF8'"):
        Database.make(url)


def test_a_servers_own_isolation_does_not_count(postgres: Postgres) -> None:
    url = postgres.database()
    name = url.rpartition("/")[2]
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as db:
        # Any other would undo a change of two programs instead of ordering them.
        db.execute(
            f"ALTER DATABASE {name}"
            " SET default_transaction_isolation = 'serializable'".encode()
        )
    Database.make(url)
    database = Database(url)
    with database.read() as db:
        seen = db.exec_driver_sql("SHOW transaction_isolation").scalar()
    database.close()

    assert seen == "read committed"


def test_tables_that_are_not_ours_are_one_line_and_no_blame_of_a_disk(
    place: str,
) -> None:
    database = Database(place)
    with (
        pytest.raises(StoreBroken, match=r"no such table|does not exist") as told,
        database.begin() as db,
    ):
        db.exec_driver_sql("INSERT INTO nowhere VALUES (1)")
    database.close()

    assert "\n" not in str(told.value)
