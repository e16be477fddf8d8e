"""Checks of the machine itself: clock, disk, temperature, screen.

Each takes what it looks at, so that a test can make it bad. Leaves to others: devices,
keys, the line.
"""

import contextlib
import os
import shutil
import sqlite3
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from likeness import RELEASED_UTC_S
from likeness.core.time_floor import AHEAD_S, NTP, RTC
from likeness.core.vocabulary import Moment
from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.edges import heat, store_asides, store_file

MIB = 1024 * 1024
FREE_FAIL = 16 * MIB  # the store takes no visit below
FREE_WARN = 256 * MIB
HOT_WARN_C = 70.0
HOT_FAIL_C = 80.0  # a Pi throttles from here on


def clock(moment: Moment, floor_s: int = 0) -> Finding:
    """Nothing is held back for want of a clock, but TLS needs a true year.

    Args:
        moment: as the clock says it.
        floor_s: a time that the carrier has signed for, UTC seconds; 0: none.
    """
    said = f"{datetime.fromtimestamp(moment.utc_s, UTC):%Y-%m-%d %H:%M:%S} UTC"
    if moment.utc_s < RELEASED_UTC_S:
        return fail(
            f"{said}: before this program was made",
            "let systemd-timesyncd or chrony reach a time server, or set the clock",
        )
    if moment.utc_s < floor_s - AHEAD_S:
        signed = datetime.fromtimestamp(floor_s, UTC)
        return fail(
            f"{said}: the carrier has signed a later time, {signed:%Y-%m-%d %H:%M}",
            "let systemd-timesyncd or chrony reach a time server",
        )
    if moment.quality in (NTP, RTC):
        return ok(f"{said}, set by {moment.quality}")
    return warn(
        f"{said}, {moment.quality}",
        "let systemd-timesyncd or chrony reach a time server; results say so till then",
    )


def disk(state_dir: Path) -> Finding:
    """Results need a place that can be written, has room, and can be read."""
    where = _nearest(state_dir)
    free = shutil.disk_usage(where).free
    said = f"{state_dir}: {free // MIB} MiB free"
    if not _can_write(where):
        return fail(
            f"{state_dir}: cannot be written",
            "give it to the daemon's user, and look whether the disk is read-only",
        )
    if free < FREE_FAIL:
        return fail(said, "free some room: no visit begins without it")
    database = state_dir / store_file.NAME
    if database.exists():
        try:
            found = store_file.survey(database)
        except sqlite3.DatabaseError as problem:
            return fail(
                f"{database}: {problem}", "restart the daemon: it sets it aside whole"
            )
        said += f", {found.waiting} results wait for the carrier"
        if found.aside:
            return warn(
                f"{said}, {len(found.aside)} set aside",
                "see 'likeness outbox' and tell the carrier",
            )
    if broken := len(store_asides.asides(database)):
        return warn(
            f"{said}; broken databases that were set aside: {broken}",
            "keep a copy for the carrier, and look at the disk's health",
        )
    return ok(said) if free >= FREE_WARN else warn(said, "free some room soon")


def temperature(thermal: Path) -> Finding:
    """The hottest sensor; `thermal` is /sys/class/thermal."""
    warm = heat.hottest_c(thermal)
    if warm is None:
        return warn("no sensor", "nothing, if this machine has none")
    said = f"{warm:.0f} °C"
    if warm >= HOT_FAIL_C:
        return fail(said, "give it air or a heat sink: it slows down, and turns miss")
    if warm >= HOT_WARN_C:
        return warn(said, "give it air: it will slow down at 80 °C")
    return ok(said)


def screen(connectors: Path) -> Finding:
    """Whether a display hangs on the machine; `connectors` is /sys/class/drm."""
    found = {}
    for status in connectors.glob("card*-*/status"):
        with contextlib.suppress(OSError, UnicodeDecodeError):
            found[status.parent.name] = status.read_text(encoding="ascii").strip()
    there = sorted(name for name, said in found.items() if said == "connected")
    if there:
        return ok(f"{', '.join(there)} connected")
    if found:
        return fail(
            f"nothing on {', '.join(sorted(found))}",
            "plug the display in and switch it on, then restart",
        )
    return warn(
        "no display output is known to the kernel",
        "nothing on a bench; on a terminal enable the display driver (vc4-kms-v3d)",
    )


def _nearest(path: Path) -> Path:
    """Return the folder, or the nearest one above that is there."""
    while not path.is_dir() and path != path.parent:
        path = path.parent
    return path


def _can_write(folder: Path) -> bool:
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        return False
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"\0")
            probe.flush()
    except OSError:
        return shutil.disk_usage(folder).free < FREE_FAIL  # full, which is said so
    return True
