"""A short soak is flat; a leak that is sown shows; what was made was kept.

The long ones are run by hand (README.md beside this file).
"""

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from likeness.core.seen import Observation
from likeness.edges.store import Retention
from soak import fake_days, flatness, real_hour, soak, soak_page, vitals
from soak.flatness import Finding
from soak.stage import Plan
from soak.vitals import Vitals

pytestmark = [pytest.mark.broker, pytest.mark.slow]

VISITS, EVERY = 100, 2  # many samples, or chance alone makes the interval too wide
LEAKY_VISITS, LEAKY_EVERY = 30, 3
SEED = 7
SHORT = {"open files", "threads", "tasks", "Python objects", "made = kept"}


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return soak.plan_of(
        tmp_path_factory.mktemp("seen"),
        retention=Retention(keep_s=200),
        most_frames=100,
        between_s=5.0,
        real_decoder_every=50,
    )


@pytest.fixture(autouse=True)
def _silence() -> Iterator[None]:
    """What pytest keeps of the log is a leak of its own."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


def play(plan: Plan, folder: Path, visits: int, every: int) -> fake_days.Ending:
    return fake_days.run(replace(plan, folder=folder), visits, every=every, seed=SEED)


def flat(found: list[Finding]) -> dict[str, bool]:
    return {one.name: one.flat for one in found}


def test_a_short_soak_is_flat_and_loses_nothing(plan: Plan, tmp_path: Path) -> None:
    ending = play(plan, tmp_path, VISITS, EVERY)
    found = soak_page.write(tmp_path, about={"played": "a short one"})
    # Memory, rows and file settle after more visits: they are for the long ones.
    judged = [one for one in found if one.name in SHORT]
    assert [one for one in judged if not one.flat] == []
    assert len(judged) == len(SHORT)
    assert ending.results > VISITS * 0.8
    said = set(ending.shown)
    assert {"verdict_accepted", "out_of_service disk_full"} <= said
    assert "verdict_refused not_same_person" in said
    assert "verdict_referred nonce_from_device" in said
    samples = vitals.read(tmp_path / "samples.jsonl")
    assert max(one.receipted for one in samples) < 0.7 * ending.results
    assert (tmp_path / "soak.html").read_text().count("<svg") == 5


def test_what_leaks_is_found(plan: Plan, tmp_path: Path) -> None:
    """A list keeps each observation; a file is left open now and then."""
    kept: list[Observation] = []
    left_open: list[int] = []

    def leak(seen: Observation) -> None:
        kept.append(seen)
        if len(kept) % 500 == 0:
            left_open.append(os.open(os.devnull, os.O_RDONLY))

    try:
        play(replace(plan, on_observation=leak), tmp_path, LEAKY_VISITS, LEAKY_EVERY)
    finally:
        for number in left_open:
            os.close(number)
    assert left_open
    samples = vitals.read(tmp_path / "samples.jsonl")
    found = flat(flatness.judge(samples, bounded=False))
    assert not found["Python objects"]
    assert not found["open files"]
    assert found["threads"]


def sample(visits: int, **changed: int) -> Vitals:
    still = Vitals(
        at_s=60.0 * visits,
        visits=visits,
        quiet=True,
        rss_kib=150_000 + visits % 3,
        anon_kib=80_000,
        threads=7,
        fds=18,
        database_kib=4000,
        wal_kib=4000,
        waiting=0,
        receipted=1400,
        set_aside=0,
        objects=82_000,
        tasks=12,
    )
    return Vitals(**{name: getattr(still, name) for name in VITALS} | changed)


VITALS = Vitals.__struct_fields__


@pytest.mark.parametrize(
    ("name", "figure", "per_visit"),
    [
        ("open files", "fds", 0.001),
        ("threads", "threads", 0.001),
        ("tasks", "tasks", 0.001),
        ("memory (RSS)", "rss_kib", 1.1),
        ("Python objects", "objects", 1.2),
        ("records", "receipted", 0.2),
        ("database, KiB", "database_kib", 0.3),
    ],
)
def test_each_bound_bites_alone(name: str, figure: str, per_visit: float) -> None:
    visits = range(100, 10_100, 100)
    still = [sample(at) for at in visits]
    assert all(flat(flatness.judge(still, bounded=True)).values())
    grows = [
        sample(
            one.visits, **{figure: getattr(one, figure) + int(per_visit * one.visits)}
        )
        for one in still
    ]
    found = flat(flatness.judge(grows, bounded=True))
    assert [one for one, is_flat in found.items() if not is_flat] == [name]


def test_the_page_cache_may_fill_while_the_database_is_small() -> None:
    def grows(database_kib: int) -> list[Vitals]:
        return [
            sample(at, rss_kib=150_000 + 5 * at, database_kib=database_kib + 4 * at)
            for at in range(10, 510, 10)
        ]

    assert flat(flatness.judge(grows(0), bounded=False))["memory (RSS)"]
    assert not flat(flatness.judge(grows(2000), bounded=False))["memory (RSS)"]


def test_samples_within_visits_are_not_judged() -> None:
    still = [sample(at) for at in range(100, 2100, 100)]
    busy = [sample(at, quiet=False, fds=at) for at in range(150, 2150, 100)]
    both = sorted([*still, *busy], key=lambda one: one.visits)
    assert all(flat(flatness.judge(both, bounded=True)).values())
    with pytest.raises(ValueError, match="0 quiet samples"):
        flatness.judge(busy, bounded=True)


def test_a_report_of_the_hour_says_what_was_lost(tmp_path: Path) -> None:
    """`real_hour` itself is run by hand; its page is made from what it leaves."""
    vitals.write([sample(at) for at in range(10, 300, 10)], tmp_path / "samples.jsonl")
    ending = real_hour.Ending(
        minutes=60.0,
        stories={"own": 290},
        verdicts={"accepted": 290},
        announced=290,
        records=291,
        receipted=291,
        carrier_records=291,
        same=True,
        stopped=0,
    )
    (tmp_path / "ending.json").write_bytes(msgspec.json.encode(ending))
    assert all(flat(soak_page.write(tmp_path, about={})).values())
    lost = msgspec.structs.replace(ending, carrier_records=290, same=False)
    (tmp_path / "ending.json").write_bytes(msgspec.json.encode(lost))
    assert not flat(soak_page.write(tmp_path, about={}))["made = kept"]
