from pathlib import Path

import pytest

from likeness.edges.clock import SystemClock


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def clock(folder: Path) -> SystemClock:
    return SystemClock(
        sync_marks=(folder / "timesyncd", folder / "chrony"),
        rtc_set_clock=folder / "hctosys",
    )


@pytest.mark.parametrize("mark", ["timesyncd", "chrony"])
def test_the_network_set_it_only_when_a_time_service_says_so(
    folder: Path, mark: str
) -> None:
    assert clock(folder).moment().quality == "unsynced"
    (folder / mark).touch()
    assert clock(folder).moment().quality == "ntp"


@pytest.mark.parametrize(
    ("said", "quality"),
    [("1\n", "rtc"), ("0\n", "unsynced"), ("", "unsynced"), ("\xff", "unsynced")],
)
def test_a_battery_clock_counts_if_the_kernel_took_it(
    folder: Path, said: str, quality: str
) -> None:
    (folder / "hctosys").write_bytes(said.encode("latin-1"))
    assert clock(folder).moment().quality == quality


def test_the_network_comes_before_the_battery(folder: Path) -> None:
    (folder / "hctosys").write_text("1\n")
    one = clock(folder)
    assert one.moment().quality == "rtc"
    (folder / "timesyncd").touch()
    assert one.moment().quality == "ntp", "asked anew each time"


def test_time_goes_forward_within_one_boot() -> None:
    clock = SystemClock()
    first, now = clock.moment(), clock.now()
    later = clock.moment()
    assert clock.now() >= now
    assert later.mono_ms >= first.mono_ms
    assert later.boot == first.boot
    assert len(first.boot) == 36
