"""Checks lamps and beeper: their lines are taken once, and given back; all stay off.

Leaves to others: what they tell in a visit.
"""

from likeness import config
from likeness.doctor.finding import Finding, fail_by, ok
from likeness.errors import DeviceLost
from likeness.signals import lines_of

TODO = "see [signals] in the configuration"


def lamps(settings: config.Signals, *, in_use: bool) -> Finding:
    """Take the lines of the chip."""
    lines, names = lines_of(settings)
    said = f"{settings.chip}: {', '.join(names)}"
    if in_use:
        return ok(f"{said}, in use by the running daemon")
    try:
        lines.open()
    except DeviceLost as fault:
        return fail_by(str(fault), TODO)
    finally:
        lines.close()
    return ok(said)
