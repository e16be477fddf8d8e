"""The machine's clocks: monotonic for the rules, wall time with its doubt for results.

A Raspberry Pi 4 has no battery clock: until the network has set it, the wall clock is
a guess, and each result says so. Under the daemon's system-call filter `adjtimex` is
not allowed, so the answer is read from files: the mark that systemd-timesyncd leaves,
one that an installer lets chrony leave (`chronyc waitsync`, then `touch`), and what the
kernel says of a battery clock: whether it set the system's clock at boot
(rtc-sysfs: `hctosys`). Leaves to others: what follows from a time (`core.time_floor`).
"""

import time
import uuid
from collections.abc import Iterable
from pathlib import Path

from likeness.core.time_floor import NTP, RTC, UNSYNCED
from likeness.core.vocabulary import Moment

SYNC_MARKS = (
    Path("/run/systemd/timesync/synchronized"),
    Path("/run/clock-synchronized"),
)
RTC_SET_CLOCK = Path("/sys/class/rtc/rtc0/hctosys")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Clock and WallClock of `service.ports`."""

    def __init__(
        self,
        *,
        sync_marks: Iterable[Path] = SYNC_MARKS,
        rtc_set_clock: Path = RTC_SET_CLOCK,
    ) -> None:
        self._sync_marks = tuple(sync_marks)
        self._rtc_set_clock = rtc_set_clock
        self.boot = _boot_id()

    def now(self) -> float:
        """Return monotonic seconds; they stand still while the machine sleeps."""
        return time.monotonic()

    def moment(self) -> Moment:
        """Return this moment, with what set its wall clock."""
        return Moment(
            utc_s=int(time.time()),
            quality=self._quality(),
            boot=self.boot,
            mono_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        )

    def _quality(self) -> str:
        if any(mark.exists() for mark in self._sync_marks):
            return NTP
        try:
            rtc = self._rtc_set_clock.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError):
            return UNSYNCED
        return RTC if rtc == "1" else UNSYNCED


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        # Hidden by the sandbox: a name for this run is the best that is left.
        return str(uuid.uuid4())
