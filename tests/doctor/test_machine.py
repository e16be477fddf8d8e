import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from likeness.core.vocabulary import Moment
from likeness.doctor import machine
from likeness.doctor.finding import State
from likeness.edges import store_file

NOW = 1_795_000_000


def moment(utc_s: int, quality: str) -> Moment:
    return Moment(utc_s=utc_s, quality=quality, boot="b", mono_ms=1)


@pytest.mark.parametrize(
    ("utc_s", "quality", "state", "says"),
    [
        (NOW, "ntp", State.OK, "set by ntp"),
        (NOW, "rtc", State.OK, "set by rtc"),
        (NOW, "unsynced", State.WARN, "unsynced"),
        (60, "unsynced", State.FAIL, "1970-01-01"),
    ],
)
def test_clock(utc_s: int, quality: str, state: State, says: str) -> None:
    found = machine.clock(moment(utc_s, quality))
    assert found.state is state
    assert says in found.said
    assert bool(found.todo) == (state is not State.OK)


def test_a_disk_with_room(tmp_path: Path) -> None:
    found = machine.disk(tmp_path / "not" / "made" / "yet")
    assert found.state is State.OK
    assert "MiB free" in found.said
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 20 MiB of its own, where we may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=20m", "none", place],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("no disk can be mounted here")
    yield place
    subprocess.run(["umount", place], check=True)


def test_a_full_disk(small_disk: Path) -> None:
    assert machine.disk(small_disk).state is State.WARN
    (small_disk / "big").write_bytes(bytes(18 * machine.MIB))
    found = machine.disk(small_disk)
    assert found.state is State.FAIL
    assert "free some room" in found.todo


def test_a_disk_that_cannot_be_written(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    found = machine.disk(small_disk)
    assert found.state is State.FAIL
    assert "cannot be written" in found.said


def test_a_broken_database(tmp_path: Path) -> None:
    (tmp_path / store_file.NAME).write_bytes(b"no database" * 500)
    found = machine.disk(tmp_path)
    assert found.state is State.FAIL
    assert "not a database" in found.said


def test_results_that_were_set_aside(tmp_path: Path) -> None:
    db, _ = store_file.open_sound(tmp_path / store_file.NAME)
    db.execute(
        "INSERT INTO record (epoch, seq, hash, token, state, made_utc_s)"
        " VALUES ('e', 1, 'h', 't', 'set_aside', 1)"
    )
    db.close()
    found = machine.disk(tmp_path)
    assert (found.state, "1 set aside" in found.said) == (State.WARN, True)


def test_a_database_that_was_set_aside(tmp_path: Path) -> None:
    for name in ("broken-1", "broken-1-wal", "broken-2"):
        (tmp_path / f"{store_file.NAME}.{name}").write_bytes(b"x")
    found = machine.disk(tmp_path)
    assert found.state is State.WARN
    assert found.said.endswith("broken databases that were set aside: 2")


@pytest.mark.parametrize(
    ("sensors", "state", "says"),
    [
        (["41234"], State.OK, "41 °C"),
        (["41234", "71000"], State.WARN, "71 °C"),
        (["85000", "nonsense"], State.FAIL, "85 °C"),
        ([], State.WARN, "no sensor"),
    ],
)
def test_temperature(
    tmp_path: Path, sensors: list[str], state: State, says: str
) -> None:
    for number, text in enumerate(sensors):
        zone = tmp_path / f"thermal_zone{number}"
        zone.mkdir()
        (zone / "temp").write_text(text)
    found = machine.temperature(tmp_path)
    assert (found.state, found.said) == (state, says)


@pytest.mark.parametrize(
    ("outputs", "state", "says"),
    [
        ({"card1-HDMI-A-1": "connected\n"}, State.OK, "card1-HDMI-A-1 connected"),
        ({"card1-HDMI-A-1": "disconnected\n"}, State.FAIL, "nothing on card1-HDMI"),
        ({}, State.WARN, "no display output"),
    ],
)
def test_screen(
    tmp_path: Path, outputs: dict[str, str], state: State, says: str
) -> None:
    for name, status in outputs.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "status").write_text(status)
    found = machine.screen(tmp_path)
    assert found.state is state
    assert says in found.said
