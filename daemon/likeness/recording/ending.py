"""Lets signals end a program in order, so that what must not stay goes with it.

SIGTERM and SIGHUP end it as Ctrl-C does. What is held up meanwhile is done whole, and
a signal that follows soon means the same as the one before: who presses Ctrl-C twice
must not keep what the first one is removing. An event loop ends between its tasks, so
that none is torn. Leaves to others: what has to go.
"""

import asyncio
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

NUMBERS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SOON_S: Final = 1.0  # later ones are heard again, should it hang


class Ending:
    """Ends the program when a signal asks for it, but not while it is held up."""

    def __init__(self) -> None:
        self._held = False
        self._waits: int | None = None  # a signal that was not followed yet
        self._heard_s = -SOON_S

    def hear(self, number: int, frame: FrameType | None) -> None:
        """Take a signal."""
        del frame
        now = time.monotonic()
        if now - self._heard_s < SOON_S:
            return
        self._heard_s = now
        asked_before = self._waits is not None
        self._waits = number
        if self._held:
            return
        loop = _running_loop()
        if loop is None or asked_before:  # one that hangs is ended where it stands
            self._follow()
        else:
            loop.call_soon_threadsafe(self._follow)

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """What is done meanwhile is done whole."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        self._follow()

    def _follow(self) -> None:
        """Do what the signal asks, if one waits."""
        number, self._waits = self._waits, None
        if number is not None:
            raise _fault(number)


@contextmanager
def until_ended() -> Iterator[Ending]:
    """Hear signals as long as this lasts; those that are ignored stay so (nohup).

    Off the main thread none is heard: only that one may say what a signal does.
    """
    ending = Ending()
    before = {one: signal.getsignal(one) for one in NUMBERS}
    main = threading.current_thread() is threading.main_thread()
    heard = [one for one in NUMBERS if main and before[one] is not signal.SIG_IGN]
    try:
        for number in heard:
            signal.signal(number, ending.hear)
        yield ending
    finally:
        for number in heard:
            signal.signal(number, before[number])


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _fault(number: int) -> BaseException:
    return KeyboardInterrupt() if number == signal.SIGINT else SystemExit(128 + number)
