"""The machine's clocks: monotonic for the rules, wall time with its doubt for results.

A Raspberry Pi 4 has no battery clock: until the network has set it, the wall clock is
a guess, and each result says so. Under the daemon's system-call filter `adjtimex` is
not allowed, so the answer is read from the file that systemd-timesyncd leaves.
Leaves to others: what follows from a time.
"""

import time
import uuid
from pathlib import Path

from likeness.core.vocabulary import Moment

TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class SystemClock:
    """Clock and WallClock of `service.ports`."""

    def __init__(self, *, timesync_mark: Path = TIMESYNC_MARK) -> None:
        self._timesync_mark = timesync_mark
        self.boot = _boot_id()

    def now(self) -> float:
        """Return monotonic seconds; they stand still while the machine sleeps."""
        return time.monotonic()

    def moment(self) -> Moment:
        """Return this moment; "unsynced" unless the time service says otherwise."""
        return Moment(
            utc_s=int(time.time()),
            quality="ntp" if self._timesync_mark.exists() else "unsynced",
            boot=self.boot,
            mono_ms=time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000,
        )


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        # Hidden by the sandbox: a name for this run is the best that is left.
        return str(uuid.uuid4())
