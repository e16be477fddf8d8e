"""Where on the machine the doctor looks, and how long; a test gives it its own.

Leaves to others: what is found there.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from likeness.doctor import devices
from likeness.edges import clock, heat


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Files and folders of the kernel and of systemd, as a running machine has them."""

    thermal: Path = heat.THERMAL
    firmware: Path = heat.FIRMWARE  # of a Raspberry Pi: throttling, under-voltage
    connectors: Path = Path("/sys/class/drm")
    rtc: Path = Path("/sys/class/rtc")
    rtc_set_clock: Path = clock.RTC_SET_CLOCK
    sync_marks: Iterable[Path] = clock.SYNC_MARKS
    proc: Path = Path("/proc")
    cgroup: Path = Path("/sys/fs/cgroup")
    ext4: Path = Path("/sys/fs/ext4")
    block: Path = Path("/sys/dev/block")
    journal: Path = Path("/var/log/journal")
    systemd: Path = Path("/run/systemd/system")
    half_installed: Path = Path("/opt/likeness/.half-installed")  # by the package
    reader_within_s: float = devices.READER_WITHIN_S  # each rate is tried


HERE = Places()
