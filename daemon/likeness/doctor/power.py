"""Checks the supply: whether the board was given too little voltage, now or before.

A Raspberry Pi's firmware tells, in bits (documentation of `vcgencmd get_throttled`); no
board was at hand. A supply that sags for a moment breaks memory cards and freezes
cameras, so what has been counts as well. Leaves to others: heat (`machine`).
"""

from pathlib import Path

from likeness.doctor.finding import Finding, fail, ok, warn

UNDER_VOLTAGE, CAPPED, THROTTLED, SOFT_LIMIT = (1 << bit for bit in range(4))
SINCE_START = 16  # bits higher: it has been so since the machine was started
SUPPLY = (
    "use the board's own supply (Pi 4: 5.1 V 3 A, Pi 5: 5.1 V 5 A) and a short thick"
    " cable; then restart"
)
AIR = "give it air or a heat sink"


def power(firmware: Path) -> Finding:
    """Read the firmware's word; `firmware` is its file under /sys."""
    try:
        bits = int(firmware.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return ok("this machine does not tell")
    before = bits >> SINCE_START
    if bits & UNDER_VOLTAGE:
        return fail("the voltage is too low now", SUPPLY)
    if before & UNDER_VOLTAGE:
        return warn("the voltage was too low since the start", SUPPLY)
    if bits & (CAPPED | THROTTLED | SOFT_LIMIT):
        return warn("the processor is slowed now", AIR)
    if before & (CAPPED | THROTTLED | SOFT_LIMIT):
        return warn("the processor was slowed since the start", AIR)
    return ok("enough since the start")
