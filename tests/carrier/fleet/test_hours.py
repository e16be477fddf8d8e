"""Figures of hours, on both kinds of database, against the records themselves."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

import fleets
from fleets import DAY, HOUR, NOW, result
from likeness.carrier.database import Database
from likeness.carrier.fleet import health as fleet_health
from likeness.carrier.fleet import hours as fleet_hours
from likeness.carrier.fleet.health import Health, View, rates
from likeness.carrier.fleet.tables import hours, reasons

TODAY = NOW // DAY


def keep(database: Database, *rows: dict[str, Any]) -> None:
    with database.begin() as db:
        fleets.keep(db, list(rows))


def make(database: Database, now: int = NOW) -> int:
    """Make all that is due; return how many steps it took."""
    for step in range(1, 10_000):
        with database.begin() as db:
            made = fleet_hours.catch_up(db, now)
        if made is None or made[2]:
            return step
    raise AssertionError("it never ends")


def figures(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as db:
        query = sa.select(hours).order_by(*list(hours.c)[:4])
        return [tuple(row) for row in db.execute(query)]


def counted(database: Database) -> dict[tuple[str, int, str], int]:
    with database.read() as db:
        return {tuple(row)[:3]: row.results for row in db.execute(sa.select(reasons))}


def view(database: Database, today: int = TODAY) -> View:
    with database.read() as db:
        return Health().read(db, today, ())


def test_hours_are_what_the_records_are(place: str) -> None:
    database = Database(place)
    keep(
        database,
        result("a", 1, match_score=500_000, passive_score=None),
        result("a", 2, match_score=-300_000),
        result("a", 3, verdict="refused", reasons="too_dark act_not_seen too_dark"),
        result("a", 4, kept_utc_s=NOW - HOUR, purpose="replace_sim"),
        result("b", 5, verdict="referred", reasons="too_dark"),
    )
    make(database)
    hour = NOW // HOUR
    m, p = 700_000, 900_000
    two = 2, 200_000, 340_000_000_000
    assert figures(database) == [
        ("a", hour - 1, "replace_sim", "accepted", 1, 1, m, m * m, 1, p, p * p),
        ("a", hour, "new_number", "accepted", 2, *two, 1, p, p * p),
        ("a", hour, "new_number", "refused", 1, 1, m, m * m, 1, p, p * p),
        ("b", hour, "new_number", "referred", 1, 1, m, m * m, 1, p, p * p),
    ]
    assert counted(database) == {
        ("a", hour, "act_not_seen"): 1,
        ("a", hour, "too_dark"): 1,
        ("b", hour, "too_dark"): 1,
    }
    database.close()


def test_once_more_changes_nothing(place: str) -> None:
    database = Database(place)
    keep(database, *fleets.week(["a", "b"], 100))
    make(database)
    first = figures(database), counted(database)
    make(database)
    make(database)
    assert (figures(database), counted(database)) == first
    database.close()


def test_what_comes_late_is_counted_too(place: str) -> None:
    database = Database(place)
    keep(database, result("a", 1))
    make(database)
    keep(database, result("a", 2), result("a", 3, kept_utc_s=NOW - HOUR))
    make(database)
    assert [row[4] for row in figures(database)] == [1, 2]
    database.close()


def test_after_an_absence_all_is_made_and_empty_times_are_passed_over(
    place: str,
) -> None:
    database = Database(place)
    make(database)  # nothing at all yet
    old = NOW - 400 * DAY
    keep(database, result("a", 1, kept_utc_s=old))
    make(database, old)
    keep(
        database,
        *(result("a", 2 + n, kept_utc_s=NOW - n * HOUR) for n in range(30)),
    )
    assert make(database) < 20  # not one step for every few hours of a year
    assert len(figures(database)) == 31
    database.close()


def test_only_results_that_were_taken_count(place: str) -> None:
    database = Database(place)
    keep(
        database,
        result("a", 1, refusal="wrong_environment"),
        result("a", 2, verdict=""),  # a key change
    )
    make(database)
    assert figures(database) == []
    database.close()


def test_a_score_that_can_be_none_is_not_added(place: str) -> None:
    database = Database(place)
    far = 2**53 - 1  # its square is no number of 64 bits
    keep(
        database,
        result("evil", 1, match_score=far, passive_score=-far),
        result("good", 1),
    )
    make(database)
    evil, good = figures(database)
    assert evil[4:] == (1, 0, 0, 0, 0, 0, 0)
    assert good[5] == 1
    database.close()


def test_rates_are_counted_of_all_days_and_not_shown_of_few(place: str) -> None:
    database = Database(place)
    shown, hidden = fleet_health.LEAST, fleet_health.LEAST - 1
    keep(
        database,
        *(result("many", n, kept_utc_s=NOW - n * HOUR) for n in range(shown)),
        *(result("few", n) for n in range(hidden)),
        *(result("old", n, kept_utc_s=NOW - 9 * DAY) for n in range(shown)),
    )
    make(database)
    found = view(database)
    assert found.fleet.results == shown + hidden
    assert rates(found.terminals["few"]) is None
    assert "old" not in found.terminals
    rate = rates(found.terminals["many"])
    assert rate is not None
    accepted = rate["accepted"]
    assert (accepted.count, accepted.of, accepted.high) == (shown, shown, 1.0)
    assert accepted.low == pytest.approx(0.025 ** (1 / shown))  # Clopper & Pearson
    database.close()


def test_a_day_that_was_made_anew_is_read_again(place: str) -> None:
    database = Database(place)
    health = Health()

    def read(*changed: int) -> int:
        with database.read() as db:
            return health.read(db, TODAY, changed).fleet.results

    keep(database, result("a", 1))
    make(database)
    assert read() == 1
    keep(database, result("a", 2))
    make(database)
    assert read(TODAY - 1) == 1
    assert read(TODAY) == 2
    database.close()


def test_a_camera_that_drifts_is_found(place: str) -> None:
    database = Database(place)
    cameras = [f"cam-{n:02d}" for n in range(12)]
    keep(database, *fleets.week(cameras, 80, off="cam-05"))
    make(database)
    assert view(database).drifting() == {"cam-05": ("match",)}
    database.close()


def test_days_are_told_of_one_terminal_or_of_all(place: str) -> None:
    database = Database(place)
    draw = random.Random(1)  # noqa: S311 - no secret is drawn
    rows = [
        result(draw.choice("ab"), n, kept_utc_s=NOW - draw.randrange(10 * DAY))
        for n in range(300)
    ]
    keep(database, *rows)
    make(database)
    with database.read() as db:
        for device in ("", "a"):
            wanted: dict[int, int] = {}
            for row in rows:
                if device in ("", row["device"]):
                    day = row["kept_utc_s"] // DAY
                    wanted[day] = wanted.get(day, 0) + 1
            found = fleet_health.by_day(db, TODAY, device)
            assert {day: one.results for day, one in found} == wanted
    database.close()
