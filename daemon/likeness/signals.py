"""Makes lamps and beeper of the settings, beside whatever screen there is.

Leaves to others: what they tell (`core.signal_patterns`), the wires (`edges`).
"""

from contextlib import AsyncExitStack
from dataclasses import dataclass

from likeness import config
from likeness.edges.gpio_lines import GpioLines
from likeness.edges.signal_lamp import NAMES, SignalLamp
from likeness.service.ports import Clock, Screen


@dataclass(frozen=True, slots=True)
class Both:
    """A screen, and lamps beside it that are told the same."""

    screen: Screen
    lamp: SignalLamp

    def show(self, state: str, detail: str = "") -> None:
        """Show it on both."""
        self.screen.show(state, detail)
        self.lamp.show(state, detail)


def lines_of(settings: config.Signals) -> tuple[GpioLines, tuple[str, ...]]:
    """Return the configured lines, and what each of them is for, in the same order."""
    numbers = {name: getattr(settings, f"{name}_line") for name in NAMES}
    used = {name: number for name, number in numbers.items() if number >= 0}
    lines = GpioLines(
        settings.chip, tuple(used.values()), active_low=settings.active_low
    )
    return lines, tuple(used)


def beside(
    screen: Screen, settings: config.Signals, clock: Clock, stack: AsyncExitStack
) -> Screen:
    """Return the screen, with lamps beside it where some are configured."""
    if not settings.chip:
        return screen
    lines, names = lines_of(settings)
    lamp = SignalLamp(lines, names, clock.now)
    stack.callback(lamp.close)
    return Both(screen, lamp)
