"""Lamps and a beeper that follow the screen; a broken wire never ends a visit.

Told what the screen is told. What fails is said once in the log, and tried again when
the terminal is idle the next time. Leaves to others: what is told when
(`core.signal_patterns`), the wires (`gpio_lines`).
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from likeness.core.signal_patterns import DARK, Levels, Signal, levels, signal_of
from likeness.errors import DeviceLost

log = logging.getLogger(__name__)

NAMES = ("ready", "busy", "attention", "beeper")


class Lines(Protocol):
    """Output lines, in the order of their names."""

    def open(self) -> None:
        """Take them; raise DeviceLost if that fails."""
        ...

    def set(self, levels: tuple[bool, ...]) -> None:
        """Switch them; raise DeviceLost if that fails."""
        ...

    def close(self) -> None:
        """Give them back; harmless when closed."""
        ...


class SignalLamp:
    """Fits `service.ports.Screen`; made and told on the loop.

    Args:
        lines: for the names, in this order.
        names: which of NAMES have a line.
        now: monotonic seconds.
    """

    def __init__(
        self, lines: Lines, names: tuple[str, ...], now: Callable[[], float]
    ) -> None:
        self._lines = lines
        self._names = names
        self._now = now
        self._signal = Signal.ATTENTION
        self._since_s = now()
        self._next: asyncio.TimerHandle | None = None
        self._is_open = self._was_told = False

    def show(self, state: str, detail: str = "") -> None:
        """Tell what the screen shows; the detail is for the visitor alone."""
        del detail
        signal = signal_of(state)
        if signal is self._signal and signal is not Signal.ASKED and self._is_open:
            return
        self._signal, self._since_s = signal, self._now()
        if not self._is_open and (not self._was_told or signal is Signal.READY):
            self._open()
        self._step()

    def close(self) -> None:
        """Switch all off, and give the lines back."""
        self._cancel()
        if self._is_open:
            self._set(DARK)
            self._is_open = False
        self._lines.close()

    def _open(self) -> None:
        try:
            self._lines.open()
        except DeviceLost as fault:
            self._tell(fault)
            return
        self._is_open, self._was_told = True, False

    def _step(self) -> None:
        self._cancel()
        if not self._is_open:
            return
        now, next_s = levels(self._signal, self._now() - self._since_s)
        self._set(now)
        if next_s is not None and self._is_open:
            loop = asyncio.get_running_loop()
            self._next = loop.call_later(next_s, self._step)

    def _set(self, now: Levels) -> None:
        try:
            self._lines.set(tuple(getattr(now, name) for name in self._names))
        except DeviceLost as fault:
            self._is_open = False
            self._tell(fault)

    def _tell(self, fault: DeviceLost) -> None:
        if not self._was_told:
            log.warning("event=signals_lost why=%r", str(fault))
        self._was_told = True

    def _cancel(self) -> None:
        if self._next is not None:
            self._next.cancel()
        self._next = None
