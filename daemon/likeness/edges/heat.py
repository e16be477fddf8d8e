"""How warm the machine is, and whether it is slowed for that or for a weak supply.

What a machine does not tell is not known: then there is no figure. A Raspberry Pi tells
by its firmware; of that no board was at hand, only its documentation. Leaves to others:
what is too warm (`doctor`, `core.fleet_needs`).
"""

import contextlib
from pathlib import Path

from likeness.core.thermal import LEAST_C, MOST_C

THERMAL = Path("/sys/class/thermal")
FIRMWARE = Path("/sys/devices/platform/soc/soc:firmware/get_throttled")
# Raspberry Pi documentation, `vcgencmd get_throttled`: under-voltage, capped frequency,
# throttled and the soft temperature limit, each as it is now; what was is 16 bits up.
_SLOWED_NOW = 0b1111
_UNDER_VOLTAGE, _CAPPED, _THROTTLED, _SOFT_LIMIT = 1, 2, 4, 8


def hottest_c(thermal: Path = THERMAL) -> float | None:
    """Return what the hottest sensor says, in °C; None: there is none.

    One that is broken, and says what is no temperature, does not hide the others.

    Args:
        thermal: /sys/class/thermal.
    """
    degrees = []
    for sensor in thermal.glob("thermal_zone*/temp"):
        with contextlib.suppress(OSError, ValueError):
            degrees.append(int(sensor.read_text(encoding="ascii")) / 1000)
    return max((one for one in degrees if LEAST_C <= one <= MOST_C), default=None)


def is_throttled(firmware: Path = FIRMWARE) -> bool | None:
    """Say whether the processor is slowed now; None: the machine does not tell.

    Args:
        firmware: the Raspberry Pi's word on it, in hexadecimal.
    """
    try:
        return bool(int(firmware.read_text(encoding="ascii"), 16) & _SLOWED_NOW)
    except (OSError, ValueError):
        return None


def is_slowed_for_heat(firmware: Path = FIRMWARE) -> bool | None:
    """Say whether the processor is slowed for heat now; None: it is not told.

    A weak supply slows it as well; then less work would not make it cooler, so that is
    told apart as far as the bits do: nothing but the soft limit is of heat alone.
    """
    try:
        bits = int(firmware.read_text(encoding="ascii"), 16)
    except (OSError, ValueError):
        return None
    if bits & _SOFT_LIMIT:
        return True
    return bool(bits & (_CAPPED | _THROTTLED)) and not bits & _UNDER_VOLTAGE


def facts() -> dict[str, object]:
    """Measure, and return what telemetry says of it."""
    return told(hottest_c(), is_throttled())


def told(celsius: float | None, throttled: bool | None) -> dict[str, object]:
    """Return what telemetry says of a measurement; what is not known is left out."""
    return {
        **({} if celsius is None else {"temperature_c": round(celsius, 1)}),
        **({} if throttled is None else {"throttled": throttled}),
    }
