"""Checks that results reach the carrier: for how long the oldest has waited.

Leaves to others: what was set aside, and the disk (`machine.disk`); the line itself.
"""

import sqlite3
from datetime import timedelta
from pathlib import Path

from likeness.doctor.finding import Finding, fail, ok, warn
from likeness.edges import store_file

LATE, TOO_LATE = timedelta(hours=1), timedelta(days=3)
TODO = "mend what 'broker' says; nothing is lost while this disk is kept"


def outbox(state_dir: Path, now_s: int) -> Finding:
    """Count what waits; `now_s` is UTC seconds."""
    database = state_dir / store_file.NAME
    if not database.exists():
        return ok("no result was made yet")
    try:
        found = store_file.survey(database)
    except sqlite3.DatabaseError:
        return ok("not known, see 'disk'")
    beside = f", {found.statements} statements wait" if found.statements else ""
    if found.oldest_utc_s is None:
        return ok(f"the carrier has signed for all results{beside}")
    waits = timedelta(seconds=max(0, now_s - found.oldest_utc_s))
    said = f"{found.waiting} results wait, the oldest for {_lasting(waits)}{beside}"
    if waits >= TOO_LATE:
        return fail(said, TODO)
    return warn(said, TODO) if waits >= LATE else ok(said)


def _lasting(waits: timedelta) -> str:
    if waits.days:
        return f"{waits.days} days"
    return f"{waits.seconds // 3600} h {waits.seconds % 3600 // 60} min"
