"""Keeps the key that was entered until a chip needs it, and not longer.

A key may be entered before its card is laid: it waits a minute. It is given out once;
while it is in use, what else a scanner gives is answered by no word.
Leaves to others: where lines come from (edges), what is a key (`core.key_lines`).
"""

import asyncio
import logging
from collections.abc import Callable

from likeness.core.chip_moments import KeyNotUnderstood, KeyUnfinished
from likeness.core.key_lines import KeyLines, NotAKey
from likeness.core.mrz import AccessKey
from likeness.service.ports import Clock

log = logging.getLogger(__name__)

KEPT_S = 60.0
WRONG_SHOWN_S = 10.0  # then the screen no longer asks for what nobody may want to give
LOOK_EVERY_S = 1.0  # at what is held; a scanner has sent all its lines by then

Word = KeyNotUnderstood | KeyUnfinished


class KeyDesk:
    """One key at a time; the latest counts.

    Args:
        clock: monotonic seconds.
        tell: told when what was entered is no key, or not the whole of one yet.
    """

    def __init__(self, clock: Clock, tell: Callable[[Word], None]) -> None:
        self._clock = clock
        self._tell = tell
        self._lines = KeyLines()
        self._told_to_go_on = False
        self._wrong_until_s: float | None = None  # the screen says: not understood
        self._in_use = False  # a key that was given out
        self._key: AccessKey | None = None
        self._until_s = 0.0
        self._came = asyncio.Event()
        self._looking: asyncio.TimerHandle | None = None
        self._logged: set[NotAKey] = set()  # a scanner may say it ten times a second

    def enter(self, line: str) -> None:
        """Take one line that was scanned or typed."""
        now = self._clock.now()
        match self._lines.add(line, now):
            case NotAKey() as why:
                if why not in self._logged:
                    log.info("event=key_not_understood why=%s", why)
                self._logged.add(why)
                self._told_to_go_on = False
                self._say(KeyNotUnderstood(why))
                if not self._in_use:
                    self._wrong_until_s = now + WRONG_SHOWN_S
                    self._look_again()
            case AccessKey() as key:
                self._key, self._until_s = key, now + KEPT_S
                self._came.set()
                self._no_longer_wrong()
                self._say_whether_to_go_on()
                self._look_again()
            case None:
                self._look_again()

    async def take(self, within_s: float) -> AccessKey | None:
        """Give the key out, or wait a while for one; None: there is none yet."""
        self._in_use = False
        self._drop_old()
        if self._key is None:
            self._came.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._came.wait()
            except TimeoutError:
                return None
        key, self._key = self._key, None
        self._in_use = key is not None
        return key

    def forget(self) -> None:
        """Drop a key and half a key: the visit is over, or the card is gone."""
        self._key = None
        self._lines = KeyLines()
        self._told_to_go_on = self._in_use = False
        self._wrong_until_s = None
        self._logged.clear()

    def _look_again(self) -> None:
        """One timer, however much is entered."""
        if self._looking is None:
            loop = asyncio.get_running_loop()
            self._looking = loop.call_later(LOOK_EVERY_S, self._look)

    def _look(self) -> None:
        self._looking = None
        self._drop_old()
        wrong = self._wrong_until_s
        if wrong is not None and self._clock.now() >= wrong:
            self._no_longer_wrong()
        self._say_whether_to_go_on()
        if self._key or self._lines.waiting or self._wrong_until_s is not None:
            self._look_again()

    def _no_longer_wrong(self) -> None:
        if self._wrong_until_s is not None:
            self._wrong_until_s = None
            self._say(KeyUnfinished(waits=False))

    def _say_whether_to_go_on(self) -> None:
        if self._lines.waiting != self._told_to_go_on:
            self._told_to_go_on = self._lines.waiting
            self._say(KeyUnfinished(self._told_to_go_on))

    def _say(self, word: Word) -> None:
        if not self._in_use:
            self._tell(word)

    def _drop_old(self) -> None:
        now = self._clock.now()
        self._lines.forget(now)
        if now >= self._until_s:
            self._key = None
