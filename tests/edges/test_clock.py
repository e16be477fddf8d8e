from pathlib import Path

from likeness.edges.clock import SystemClock


def test_the_wall_clock_is_believed_only_when_the_time_service_says_so(
    tmp_path: Path,
) -> None:
    mark = tmp_path / "synchronized"
    clock = SystemClock(timesync_mark=mark)
    assert clock.moment().quality == "unsynced"
    mark.touch()
    assert clock.moment().quality == "ntp"


def test_time_goes_forward_within_one_boot() -> None:
    clock = SystemClock()
    first, now = clock.moment(), clock.now()
    later = clock.moment()
    assert clock.now() >= now
    assert later.mono_ms >= first.mono_ms
    assert later.boot == first.boot
    assert len(first.boot) == 36
