"""One terminal: from what was heard of it, and when, to how it is."""

from dataclasses import replace

import pytest

from likeness.core import fleet
from likeness.core.fleet import (
    Alarms,
    Desired,
    Facts,
    Standing,
    State,
    hear,
    standing_of,
    state_of,
)
from likeness.core.fleet_needs import Level, Terminal, lasting, terminal
from likeness.core.fleet_words import Birth, Reported, Said, Status, Telemetry, Unread

NOW = 1_795_000_000.0
WELL = Telemetry(
    waiting=0,
    clock="ntp",
    reader="well",
    camera="found",
    screen="page",
    disk_free_kib=9_000_000,
    temperature_c=55.0,
    is_throttled=False,
)
NEW = Facts(device="shop-17")


def after(*said: Said, facts: Facts = NEW, at: float = NOW, live: bool = True) -> Facts:
    for one in said:
        facts = hear(facts, one, at, is_live=live)
    return facts


def online(**more: object) -> Facts:
    facts = after(Status("online", "b-1"), Birth(software="1"), WELL)
    return replace(facts, **more)  # type: ignore[arg-type]


def judged(facts: Facts, later_s: float = 0.0) -> Terminal:
    return terminal(facts, NOW + later_s, NOW)


# --- states -------------------------------------------------------------------------
@pytest.mark.parametrize("word", ["online", "stopping", "lost"])
def test_it_is_as_it_says(word: str) -> None:
    assert state_of(after(Status(word, "b")), NOW, NOW) == word


@pytest.mark.parametrize("word", ["", "unknown", "ONLINE", "<b>"])
def test_another_word_says_nothing(word: str) -> None:
    assert state_of(after(Status(word, "b")), NOW, NOW) is State.UNKNOWN


def test_one_that_was_never_heard_is_unknown() -> None:
    assert state_of(NEW, NOW, NOW) is State.UNKNOWN


def test_who_says_online_and_is_silent_is_unknown_after_a_while() -> None:
    facts = online()
    assert state_of(facts, NOW + fleet.SILENT_S, NOW) is State.ONLINE
    assert state_of(facts, NOW + fleet.SILENT_S + 1, NOW) is State.UNKNOWN


def test_who_was_told_to_say_little_may_be_silent_for_longer() -> None:
    facts = after(Reported(telemetry_every_s=600.0), facts=online())
    assert state_of(facts, NOW + 2_400, NOW) is State.ONLINE
    assert state_of(facts, NOW + 2_401, NOW) is State.UNKNOWN


def test_nobody_is_silent_while_we_had_no_line() -> None:
    facts = online()
    assert state_of(facts, NOW + 1_000, watching_s=NOW + 900) is State.ONLINE


def test_a_late_will_of_an_earlier_boot_says_nothing() -> None:
    facts = after(Status("online", "b-2"))
    assert state_of(after(Status("lost", "b-1"), facts=facts), NOW, NOW) is State.ONLINE
    assert state_of(after(Status("lost", "b-2"), facts=facts), NOW, NOW) is State.LOST


def test_who_is_heard_after_its_will_is_there() -> None:
    # As when we begin with a late will that the broker has kept.
    facts = after(Status("lost", "b-1"), live=False)
    assert state_of(facts, NOW, NOW) is State.LOST
    soon = after(WELL, facts=facts, at=NOW + 1)  # overtaken by the will, maybe
    assert state_of(soon, NOW + 1, NOW) is State.LOST
    later = after(WELL, facts=facts, at=NOW + 60)
    assert state_of(later, NOW + 60, NOW) is State.ONLINE


def test_what_the_broker_had_kept_is_no_sign_of_life() -> None:
    kept = after(Status("online", "b"), Birth(), live=False)
    assert kept.heard_s is None
    assert not kept.is_dated
    assert after(WELL, facts=kept).heard_s == NOW


def test_a_will_is_no_sign_of_life() -> None:
    assert after(Status("lost", "b")).heard_s is None


def test_what_cannot_be_read_is_remembered_until_it_can() -> None:
    facts = after(Unread("birth"))
    assert facts.unread == ("birth",)
    assert after(Birth(), facts=facts).unread == ()


# --- orders -------------------------------------------------------------------------
WANTED = Desired(version=5, digest="d5", made_s=NOW)


@pytest.mark.parametrize(
    ("reported", "standing"),
    [
        (None, Standing.UNTOLD),
        (Reported(version=4, digest="d4", state="applied"), Standing.PENDING),
        (Reported(version=5, digest="d5", state="pending"), Standing.PENDING),
        (Reported(version=5, digest="d5", state="applied"), Standing.AS_DESIRED),
        (Reported(version=5, digest="d5", state="refused"), Standing.REFUSED),
        (Reported(version=5, digest="xx", state="applied"), Standing.ANOTHER),
        (Reported(version=6, digest="d6", state="applied"), Standing.ANOTHER),
    ],
)
def test_desired_against_reported(
    reported: Reported | None, standing: Standing
) -> None:
    assert standing_of(replace(NEW, desired=WANTED, reported=reported)) is standing


def test_where_nothing_is_desired_nothing_is_missing() -> None:
    assert standing_of(replace(NEW, reported=Reported(version=3))) is Standing.NOTHING


# --- needs --------------------------------------------------------------------------
def test_one_that_is_well_needs_nobody() -> None:
    row = judged(online())
    assert (row.level, row.needs) == (Level.WELL, ())


@pytest.mark.parametrize(
    ("change", "level", "says"),
    [
        ({"alarms": Alarms(("fork",), 1, NOW)}, Level.URGENT, "fork"),
        ({"alarms": Alarms(("new_epoch",), 1, NOW)}, Level.SOON, "new_epoch"),
        ({"telemetry": replace(WELL, set_aside=2)}, Level.URGENT, "2 records"),
        ({"telemetry": replace(WELL, hung=("camera",))}, Level.URGENT, "camera"),
        ({"telemetry": replace(WELL, reader="lost")}, Level.URGENT, "reader"),
        ({"telemetry": replace(WELL, camera="missing")}, Level.URGENT, "camera"),
        ({"telemetry": replace(WELL, disk_free_kib=20_000)}, Level.URGENT, "19 MiB"),
        ({"telemetry": replace(WELL, disk_free_kib=200_000)}, Level.SOON, "195 MiB"),
        ({"telemetry": replace(WELL, clock="unsynced")}, Level.SOON, "clock"),
        ({"telemetry": replace(WELL, line_fault="taken_over")}, Level.SOON, "taken"),
        ({"telemetry": replace(WELL, temperature_c=81.0)}, Level.SOON, "81 °C"),
        ({"telemetry": replace(WELL, temperature_c=72.0)}, Level.WATCH, "72 °C"),
        ({"telemetry": replace(WELL, is_throttled=True)}, Level.SOON, "slowed"),
        ({"telemetry": replace(WELL, is_slow=True)}, Level.WATCH, "slow"),
        ({"drifting": ("match",)}, Level.SOON, "match"),
        ({"is_enrolled": False}, Level.SOON, "no key"),
        ({"unread": ("birth",)}, Level.SOON, "birth"),
        ({"desired": WANTED, "reported": Reported(5, "d5", "refused", "stale")},
         Level.SOON, "stale"),
        ({"desired": replace(WANTED, made_s=NOW - 7200)}, Level.SOON, "pending"),
        ({"birth": Birth(models_returned="it saw no face")}, Level.SOON, "no face"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(
    change: dict[str, object], level: Level, says: str
) -> None:
    row = judged(online(**change))
    assert row.level is level
    assert says in row.needs[0].what
    assert row.needs[0].do


def test_a_screen_is_missed_only_where_there_is_one() -> None:
    dark = replace(WELL, screen="none")
    assert judged(online(telemetry=dark)).level is Level.WELL
    paged = Birth(capabilities=("page",))
    assert judged(online(telemetry=dark, birth=paged)).level is Level.URGENT


def test_results_that_nobody_took_are_urgent_with_time() -> None:
    stuck = replace(WELL, waiting=7, oldest_s=100.0)
    facts = online(telemetry=stuck, telemetry_s=NOW)
    assert judged(facts).level is Level.WELL
    said = [need.what for need in judged(facts, later_s=900).needs]
    assert "7 records without receipt, the oldest for 17 min" in said
    worst = judged(facts, later_s=3_600)
    assert worst.level is Level.URGENT
    assert "the oldest for 62 min" in worst.needs[0].what


def test_what_was_only_on_its_way_does_not_age() -> None:
    facts = online(telemetry=replace(WELL, waiting=1, oldest_s=2.0), telemetry_s=NOW)
    assert judged(facts, later_s=86_400).oldest_s == 2.0


def test_the_worst_stands_first_whoever_it_is() -> None:
    rows = [
        judged(replace(online(drifting=("match",)), device="b")),
        judged(replace(online(), device="a")),
        judged(replace(online(alarms=Alarms(("fork",), 1, NOW)), device="d")),
        judged(replace(online(), device="c")),
    ]
    ranked = sorted(rows, key=lambda row: row.rank)
    assert [row.facts.device for row in ranked] == ["d", "b", "a", "c"]


def test_how_long_somebody_is_lost_is_said_with_its_doubt() -> None:
    lost = after(Status("lost", "b"))
    assert judged(lost, later_s=7_200).needs[0].what == "lost for 2 h"
    kept = after(Status("lost", "b"), live=False)
    assert judged(kept, later_s=7_200).needs[0].what == "lost for at least 2 h"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0, "a minute"), (89, "a minute"), (90, "2 min"), (5399, "90 min"),
     (5400, "2 h"), (129_599, "36 h"), (129_600, "2 days")],
)  # fmt: skip
def test_durations_are_coarse(seconds: float, said: str) -> None:
    assert lasting(seconds) == said
