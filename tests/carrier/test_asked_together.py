"""What many ask at once comes to what each would have got alone, on both databases."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from likeness.carrier import asked_together, tables
from likeness.carrier.asked_together import AnchorSaid, VisitAsked
from likeness.carrier.database import Database, rows_at
from likeness.carrier.nonces import Fresh
from likeness.core import messages
from likeness.core.vocabulary import Purpose

NOW = 1_795_000_000


def anchor(device: str, *, boot: str = "boot", utc_s: int = NOW) -> AnchorSaid:
    said = messages.TimeAnchor(
        iss=device,
        jti="j",
        iat=utc_s,
        ask="time_anchor",
        boot=boot,
        mono_ms=1000,
        utc_s=utc_s,
        quality="ntp",
    )
    return AnchorSaid(device, said, f"token of {device} {boot} {utc_s}")


def visit(device: str, commitment: str, nonce: str, counter: int = 7) -> VisitAsked:
    ask = messages.Ask(
        iss=device,
        jti="j",
        iat=NOW,
        ask="visit",
        commitment=commitment * 43,
        transaction=f"t-{commitment}",
        purpose=Purpose.NEW_NUMBER,
    )
    return VisitAsked(device, ask, Fresh(nonce, NOW + 120, counter))


@pytest.fixture
def db(place: str) -> Iterator[sa.Connection]:
    database = Database(place)
    with database.begin() as opened:
        yield opened
    database.close()


def test_an_anchor_is_kept_once_however_it_comes(db: sa.Connection) -> None:
    first = [anchor("a"), anchor("b"), anchor("a"), anchor("a", boot="other")]
    assert asked_together.keep_anchors(db, first, NOW) == 3
    again = [anchor("b"), anchor("b", utc_s=NOW + 3600), anchor("c")]
    assert asked_together.keep_anchors(db, again, NOW) == 2
    rows = db.execute(sa.select(tables.anchors.c.token, tables.anchors.c.kept_utc_s))
    expected = {one.token for one in (*first, *again)}
    assert {row.token for row in rows} == expected


def test_a_commitment_gets_one_visit(db: sa.Connection) -> None:
    asked = [visit("a", "x", "n1"), visit("b", "x", "n2"), visit("a", "x", "n3")]
    one, other, same = asked_together.open_visits(db, asked)
    assert one == same
    assert (one.nonce, other.nonce) == ("n1", "n2")
    later = [visit("b", "x", "n4"), visit("b", "y", "n5"), visit("c", "y", "n6")]
    before, *new = asked_together.open_visits(db, later)
    assert before == other
    assert [each.nonce for each in new] == ["n5", "n6"]
    counters = [each.counter for each in (one, other, *new)]
    assert counters == [7, 8, 9, 10]
    assert new[0].transaction == "t-y"


def test_counters_never_fall_behind_the_clock(db: sa.Connection) -> None:
    asked_together.open_visits(db, [visit("a", "x", "n1", 50)])
    late, early = asked_together.open_visits(
        db, [visit("a", "y", "n2", 1000), visit("b", "z", "n3", 3)]
    )
    assert (late.counter, early.counter) == (1000, 1001)


def test_a_key_that_was_replaced_is_named(db: sa.Connection) -> None:
    rows = [("a", "old", True), ("a", "older", True), ("b", "here", False)]
    for seq, (device, kid, in_force) in enumerate(rows):
        change = {"device": device, "epoch": "e", "seq": seq, "old_kid": kid}
        more = {"new_kid": "n", "new_key": "{}", "still_open": "{}"}
        db.execute(
            tables.key_changes.insert().values(**change, **more, in_force=in_force)
        )
    found = asked_together.replaced(db, {"a", "b", "c"})
    assert found == {("a", "old"), ("a", "older")}


def test_rows_are_found_by_their_index(db: sa.Connection) -> None:
    """Else each batch would look through all that was ever kept."""
    looks = (
        (tables.records, ("device", "epoch", "seq"), [("a", "e", 1), ("b", "e", 2)]),
        (tables.anchors, ("device", "boot"), [("a", "b"), ("c", "d")]),
        (tables.visits, ("device", "commitment"), [("a", "b"), ("c", "d")]),
    )
    if db.dialect.name == "postgresql":
        # It prefers to read a small table as a whole, unless it is told not to.
        db.execute(sa.text("SET LOCAL enable_seqscan = off"))
    for table, names, values in looks:
        query = rows_at(db, table, names, values)
        assert db.execute(query).all() == []
        compiled = query.compile(db, compile_kwargs={"render_postcompile": True})
        explain = "EXPLAIN " + ("" if "postgres" in db.dialect.name else "QUERY PLAN ")
        rows = db.exec_driver_sql(
            explain + str(compiled),
            tuple(compiled.params[name] for name in compiled.positiontup)
            if compiled.positiontup
            else dict(compiled.params),
        )
        plan = " ".join(str(row) for row in rows)
        assert f"SEARCH {table.name} USING" in plan or "Index" in plan, plan
        assert f"SCAN {table.name}" not in plan
