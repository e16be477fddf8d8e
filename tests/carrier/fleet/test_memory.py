"""The fleet in memory: bounded, whoever speaks, and true after a restart."""

import json
from pathlib import Path

import pytest

from likeness.carrier.fleet import memory as fleet_memory
from likeness.carrier.fleet.enrolled import Enrolled
from likeness.carrier.fleet.memory import Fleet
from likeness.core import messages
from likeness.core.fleet import SILENT_S, Alarms, Desired, Standing, State
from likeness.core.fleet_needs import Level
from likeness.core.line import Arrived

NOW = 1_795_000_000


class Clock:
    def __init__(self) -> None:
        self.now = float(NOW)

    def __call__(self) -> float:
        return self.now


class Made:
    """A fleet with its clock, and how often something could not be read."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.unread = 0
        self.fleet = Fleet(self.clock, self._count)
        self.fleet.line_is(up=True)

    def _count(self) -> None:
        self.unread += 1

    def say(
        self, device: str, leaf: str, retained: bool = False, **said: object
    ) -> None:
        payload = json.dumps(said).encode()
        topic = messages.topic(device, leaf)
        self.fleet.hear(Arrived(topic, payload, is_retained=retained))

    def state(self, device: str) -> State:
        row = self.fleet.look(device)
        assert row is not None
        return row.state

    def names(self) -> list[str]:
        return [row.facts.device for row in self.fleet.ranked()]


@pytest.fixture
def made() -> Made:
    return Made()


def test_the_worst_stands_first_and_all_are_counted(made: Made) -> None:
    for device in ("a", "b", "c"):
        made.say(device, "status", status="online", boot="1")
        made.say(device, "birth", software="1.0")
    made.say("b", "telemetry", hung=["camera"], clock="ntp", temperature_c=66)
    assert made.names() == ["b", "a", "c"]
    summary = made.fleet.summary()
    assert summary.states == {"online": 3}
    assert summary.levels == {"urgent": 1, "well": 2}
    assert summary.software == {"1.0": 3}
    count = made.fleet.count()
    assert (count.faulty, count.hottest_c, count.states) == (1, 66.0, {"online": 3})
    assert count.clocks == {"ntp": 1, "unknown": 2}


def test_garbage_is_counted_and_breaks_nothing(made: Made) -> None:
    made.say("a", "status", status="online", boot="1")
    for topic in ("x", "likeness/v1/a", "likeness/v1//status", "likeness/v1/a/b/c"):
        made.fleet.hear(Arrived(topic, b"{}"))
    made.fleet.hear(Arrived(messages.topic("a", "telemetry"), b"\xff" * 20_000))
    made.fleet.hear(Arrived(messages.topic("n" * 500, "status"), b"{}"))
    assert made.unread == 6
    row = made.fleet.look("a")
    assert row is not None
    assert (row.state, row.level) == (State.ONLINE, Level.SOON)
    assert "telemetry" in row.needs[0].what
    assert made.names() == ["a"]


def test_strangers_fill_no_memory(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_memory, "MOST_STRANGERS", 3)
    made.fleet.enrolled({"a": ("ring=canary",)})
    for number in range(10):
        made.say(f"stranger-{number}", "status", status="online", boot="1")
    made.say("a", "status", status="online", boot="1")
    assert len(made.names()) == 4
    assert made.fleet.turned_away == 7
    row = made.fleet.look("stranger-0")
    assert row is not None
    assert "no key" in row.needs[0].what
    # Who is enrolled later has a place, and gives his own back.
    made.fleet.enrolled({"a": (), "stranger-0": ()})
    row = made.fleet.look("stranger-0")
    assert row is not None
    assert row.level is Level.WELL
    made.say("stranger-9", "status", status="online", boot="1")
    assert len(made.names()) == 5


def test_what_is_taken_back_needs_no_place(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when somebody cleans up what a broker has kept of terminals long gone."""
    monkeypatch.setattr(fleet_memory, "MOST_STRANGERS", 1)
    made.fleet.enrolled({})
    for _ in range(3):
        made.fleet.hear(Arrived(messages.topic("gone", "status"), b""))
    made.say("stranger", "status", status="online", boot="1")
    assert made.names() == ["stranger"]


def test_who_is_enrolled_stands_there_before_it_was_ever_seen(made: Made) -> None:
    made.fleet.enrolled({"a": ("ring=canary",)})
    assert made.state("a") is State.UNKNOWN
    assert made.fleet.summary().labels == ["ring=canary"]


def test_time_alone_makes_a_terminal_silent(made: Made) -> None:
    made.say("a", "status", status="online", boot="1")
    assert made.fleet.summary().states == {"online": 1}
    made.clock.now += SILENT_S + 1
    made.fleet.sweep(10)
    assert made.fleet.summary().states == {"unknown": 1}
    made.say("a", "telemetry", clock="ntp")
    assert made.fleet.summary().states == {"online": 1}


def test_what_was_seen_is_told_once(made: Made) -> None:
    for _ in range(3):
        made.say("a", "status", status="online", boot="1")
        made.say("a", "birth", software="1.0", kid="k" * 43)
        made.say("a", "telemetry", clock="ntp")
    made.say("a", "status", status="lost", boot="0")  # a late will
    made.say("a", "status", status="lost", boot="1")
    told = [(one.kind, one.detail.split(",")[0]) for one in made.fleet.news]
    assert told == [
        ("status", "online 1"),
        ("birth", "software 1.0"),
        ("status", "lost 1"),
    ]


def test_a_restart_remembers_since_when(made: Made) -> None:
    made.fleet.remember("a", "status", "lost 1", NOW - 7200)
    made.say("a", "status", retained=True, status="lost", boot="1")
    row = made.fleet.look("a")
    assert row is not None
    assert row.needs[0].what == "lost for 2 h"
    assert not made.fleet.news
    # What has changed while we were away is as old as our look at least.
    made.say("a", "status", retained=True, status="stopping", boot="1")
    row = made.fleet.look("a")
    assert row is not None
    assert row.needs[0].what == "stopped in order at least a minute ago"
    assert made.state("a") is State.STOPPING


def test_orders_and_alarms_come_from_the_database(made: Made) -> None:
    made.say("a", "status", status="online", boot="1")
    made.fleet.desired({"a": Desired(3, "d", NOW), "b": Desired(1, "d", NOW - 9000)})
    made.say("a", "reported", version=3, digest="d", state="applied")
    made.fleet.alarmed({"a": Alarms(("fork",), 1, NOW)})
    row = made.fleet.look("a")
    assert row is not None
    assert row.standing is Standing.AS_DESIRED
    assert row.level is Level.URGENT
    assert made.fleet.count().pending == 1
    assert made.fleet.count().pending_oldest_s == 9000
    made.fleet.alarmed({})
    assert made.state("a") is State.ONLINE
    row = made.fleet.look("a")
    assert row is not None
    assert row.level is Level.WELL


def test_device_files_are_read_when_they_change(tmp_path: Path) -> None:
    enrolled = Enrolled(tmp_path / "devices")
    assert enrolled.look() is None
    folder = tmp_path / "devices"
    folder.mkdir()
    assert enrolled.look() == {}
    known = {"device": "a", "environments": [], "keys": [], "labels": {"ring": "1"}}
    (folder / "a.json").write_text(json.dumps(known))
    (folder / "b.json").write_text("{")
    (folder / "c.json").write_text('{"device": "another"}')
    assert enrolled.look() == {"a": ("ring=1",)}
    (folder / "a.json").write_text(json.dumps({**known, "labels": {"ring": "second"}}))
    assert enrolled.look() == {"a": ("ring=second",)}
    (folder / "a.json").unlink()
    assert enrolled.look() == {}


def test_a_missing_folder_of_device_files_is_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "devices"
    enrolled = Enrolled(folder)
    enrolled.look()
    enrolled.look()
    (told,) = caplog.messages
    assert told.startswith(f"event=no_device_files at='{folder}'")
    folder.mkdir()
    enrolled.look()
    folder.rmdir()
    enrolled.look()
    assert len(caplog.messages) == 2
