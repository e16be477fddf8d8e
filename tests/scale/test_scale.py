"""The whole show in small: nothing is lost, doubled or raised though programs die.

Counts are asserted, never times: those are `make scale`'s (daemon/SCALE.md).
"""

from pathlib import Path

import pytest

from scale.run import Course, run

TERMINALS = 300
COURSE = Course(
    every_s=6.0,
    spread_s=2.0,
    steady_s=3.0,
    down_s=1.0,
    after_s=4.0,
    settles_within_s=120.0,
)
# What a terminal may meet while a broker or an ingest is away.
HARMLESS = {
    *("sent", "telemetry", "verified"),
    *("line_lost", "connect_failed", "nobody_listens"),
}


@pytest.mark.slow
@pytest.mark.broker
@pytest.mark.postgres
def test_a_small_fleet_loses_nothing_whatever_is_killed(tmp_path: Path) -> None:
    folder = tmp_path / "stage"
    folder.mkdir()
    plan = COURSE.plan(TERMINALS, seed=7)
    found = run(folder, tmp_path / "made", plan, COURSE, ingests=2, kind="postgres")
    judged = found["judgement"]
    assert judged["lost"] == []
    assert judged["foreign"] == [], "kept twice, or otherwise than it was made"
    assert judged["short"] == []
    assert judged["unreceipted"] == [], "in two minutes"
    assert judged["alarms"] == []
    assert judged["made"] == judged["kept"] > TERMINALS * 2
    assert judged["is_good"]
    assert found["settled"], "some terminal has no line"
    took = [one["kept"] for one in found["took"].values()]
    assert len(took) == 2
    assert min(took) > sum(took) / 10, "one ingest took no part"
    assert found["counts"].keys() <= HARMLESS
    assert found["counts"]["line_lost"] >= TERMINALS, "the broker was not killed"
    assert found["counts"]["verified"] > 0
    assert {row["phase"] for row in found["phases"]} >= {
        *("ingest killed", "broker killed", "database killed")
    }
